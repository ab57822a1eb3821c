import { defineLab } from "@roadmap/labkit/lab"
import { ablateRetrieval } from "./ablate.ts"
import { evaluateAssistant } from "./answer.ts"
import { compareChunkers } from "./chunk.ts"
import { deployAssistant } from "./deploy.ts"
import { indexDocuments } from "./index-documents.ts"
import { prepareEmbedder } from "./neural.ts"
import { readDocuments } from "./read.ts"
import { writeReport } from "./report.ts"
import { describeScores } from "./scores.ts"
import { countCorpus } from "./tokens.ts"

// #region lab
export default defineLab({
  month: "2026-07",
  title: 'Ask the documents: retrieval, cited answers, and an honest "I don\'t know"',
  consumes: [
    "table:gold.june_scores_delay",
    "table:gold.june_scores_late",
    "model:flight-delay",
    "model:flight-late",
  ],
  produces: ["index:project-documents"],
  steps: [
    prepareEmbedder,
    describeScores,
    readDocuments,
    countCorpus,
    compareChunkers,
    indexDocuments,
    ablateRetrieval,
    evaluateAssistant,
    deployAssistant,
    writeReport,
  ],
})
// #endregion
