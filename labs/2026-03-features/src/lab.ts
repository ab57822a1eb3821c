import { defineLab } from "@roadmap/labkit/lab"
import { ablateGroups } from "./ablate.ts"
import { defineFeatures } from "./define.ts"
import { evaluateModels } from "./evaluate.ts"
import { explainModels } from "./explain.ts"
import { knowFacts } from "./facts.ts"
import { searchLeaks } from "./leakage.ts"
import { registerCandidates } from "./register.ts"
import { replayOnline } from "./replay.ts"
import { writeReport } from "./report.ts"
import { searchSpace } from "./search.ts"
import { snapTrainingSet } from "./snapshot.ts"
import { fitModels } from "./train.ts"

// #region lab
export default defineLab({
  month: "2026-03",
  title: "A feature store that cannot leak, and model quality that is searched for",
  consumes: ["table:gold.flight_features", "model:flight-delay", "model:flight-late"],
  produces: ["table:gold.flight_facts", "features:flight_features"],
  steps: [
    knowFacts,
    defineFeatures,
    snapTrainingSet,
    searchLeaks,
    searchSpace,
    fitModels,
    evaluateModels,
    ablateGroups,
    explainModels,
    registerCandidates,
    replayOnline,
    writeReport,
  ],
})
// #endregion
