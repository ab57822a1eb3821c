import { existsSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "@roadmap/core/files"
import { defineStep } from "@roadmap/labkit/lab"
import { formatCount, formatDecimals, formatPercent } from "@roadmap/report/format"
import { writeNotesParts } from "@roadmap/report/notes-parts"
import { renderPage, type Section } from "@roadmap/report/page"
import { ablateRetrieval } from "./ablate.ts"
import { evaluateAssistant } from "./answer.ts"
import { compareChunkers } from "./chunk.ts"
import { deployAssistant } from "./deploy.ts"
import { indexDocuments } from "./index-documents.ts"
import { renderLearnings } from "./learnings.ts"
import { prepareEmbedder } from "./neural.ts"
import { readDocuments } from "./read.ts"
import { ablationSection, answerSection, serviceSection } from "./report/answers.ts"
import { chunkSection, corpusSection, indexSection } from "./report/corpus.ts"
import { countCorpus } from "./tokens.ts"

const reportFolder = (home: string): string => join(home, "reports", "2026-07")
export const reportPath = (home: string): string => join(reportFolder(home), "index.html")

/** The plots that notes.md shows, by id. */
const notesPlots = ["code-blocks-torn", "mrr-10-by-way-of-retrieval"]

/** One offline page with all that the month measured. */
export const writeReport = defineStep({
  id: "report",
  title: "Write the report page",
  needs: [
    prepareEmbedder,
    readDocuments,
    countCorpus,
    compareChunkers,
    indexDocuments,
    ablateRetrieval,
    evaluateAssistant,
    deployAssistant,
  ],
  intact: async ({ config }) => existsSync(reportPath(config.home)),
  async run(context) {
    const { config, result, sample, seed } = context
    const read = result(readDocuments)
    const index = result(indexDocuments)
    const { report: retrieval } = result(ablateRetrieval)
    const { report: answers } = result(evaluateAssistant)
    const best = retrieval.systems.find(({ name }) => name === retrieval.reference)!
    const sections: Section[] = [
      corpusSection(read, result(countCorpus)),
      chunkSection(result(compareChunkers)),
      indexSection(index, result(prepareEmbedder)),
      ablationSection(result(ablateRetrieval)),
      answerSection(result(evaluateAssistant)),
      serviceSection(result(deployAssistant)),
    ]
    const page = renderPage({
      title: "July: ask the documents",
      subtitle: `${formatCount(index.passages)} passages of ${read.sizes.reduce((sum, { documents }) => sum + documents, 0)} documents, searched by ${index.mode === "hybrid" ? "words and meaning" : "words alone"}.`,
      summary: [
        {
          label: "Right passage among the first five",
          value: formatPercent(best.metrics["hit@5"].estimate),
          note: `MRR@10 ${formatDecimals(best.metrics["mrr@10"].estimate, 3)}, by ${best.name}`,
        },
        {
          label: "Citations that exist",
          value: formatPercent(answers.citationsExist.estimate),
          note: `of ${formatCount(answers.citationsExist.total)}`,
        },
        {
          label: "Unanswerable, declined",
          value: formatPercent(answers.declined.estimate),
          note: `of ${formatCount(answers.declined.total)}; of the answerable ${formatPercent(answers.falselyDeclined.estimate)}`,
        },
        {
          label: "Changed by indexing again",
          value: formatCount(index.again.added + index.again.changed + index.again.deleted),
          note: `of ${formatCount(index.again.unchanged)} documents`,
        },
      ],
      sections,
      generated: {
        "Made by": `roadmap run jul${sample > 1 ? ` --sample ${sample}` : ""}`,
        Embedder: index.binding.embedder,
        Chunker: index.binding.chunker,
        Documents: read.hash.slice(0, 16),
        Seed: seed,
        Node: process.version,
      },
    })
    await writeFileAtomic(reportPath(config.home), page)
    if (sample === 1)
      await writeNotesParts(reportFolder(config.home), {
        learnings: renderLearnings(context),
        sections,
        plots: notesPlots,
      })
    return { bytes: Buffer.byteLength(page), artifacts: { report: reportPath(config.home) } }
  },
})
