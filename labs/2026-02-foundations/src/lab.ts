import { defineLab } from "@roadmap/labkit/lab"
import { compareModels } from "./compare.ts"
import { drawLearningCurves } from "./curves.ts"
import { buildFeatures } from "./features.ts"
import { groupAndScore } from "./group.ts"
import { ingestFlights } from "./ingest.ts"
import { profileFlights } from "./profile.ts"
import { registerBest } from "./register.ts"
import { writeReport } from "./report.ts"
import { splitByTime } from "./split.ts"
import { trainModels } from "./train.ts"
import { walkIntoTraps } from "./traps.ts"

// #region lab
export default defineLab({
  month: "2026-02",
  title: "ML foundations and a first end-to-end pipeline",
  consumes: [],
  produces: ["table:silver.flights", "table:gold.flight_features", "model:flight-delay", "model:flight-late"],
  steps: [
    ingestFlights,
    profileFlights,
    splitByTime,
    buildFeatures,
    trainModels,
    drawLearningCurves,
    walkIntoTraps,
    groupAndScore,
    compareModels,
    registerBest,
    writeReport,
  ],
})
// #endregion
