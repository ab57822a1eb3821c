import { defineLab } from "@roadmap/labkit/lab"
import { ageFeatures } from "./age.ts"
import { scoreJune } from "./batch.ts"
import { compareWays } from "./compare.ts"
import { fillOnlineStore } from "./fill.ts"
import { gatherFlights } from "./gather.ts"
import { loadTest } from "./load.ts"
import { chooseModels } from "./models.ts"
import { rehearseReload } from "./rehearse.ts"
import { writeReport } from "./report.ts"
import { verifyAnswers } from "./verify.ts"

// #region lab
export default defineLab({
  month: "2026-04",
  title: "Models that answer: over REST, in batch, and measured under load",
  consumes: [
    "table:gold.flight_facts",
    "features:flight_features",
    "model:flight-delay",
    "model:flight-late",
  ],
  produces: ["table:gold.june_scores_delay", "table:gold.june_scores_late"],
  steps: [
    chooseModels,
    gatherFlights,
    fillOnlineStore,
    scoreJune,
    verifyAnswers,
    loadTest,
    rehearseReload,
    ageFeatures,
    compareWays,
    writeReport,
  ],
})
// #endregion
