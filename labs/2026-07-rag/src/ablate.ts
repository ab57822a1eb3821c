import { join } from "node:path"
import { loadQuestions } from "@roadmap/evals/question-set"
import type { RetrievalReport } from "@roadmap/evals/retrieval/report"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import type { Embedder } from "@roadmap/llm/embedder"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import type { DocumentIndex } from "@roadmap/rag/document-index"
import { indexSources } from "@roadmap/rag/ingest/index-sources"
import { defaultFusion, defaultRetriever } from "@roadmap/rag/retrieve/default"
import type { Fusion } from "@roadmap/rag/retrieve/fusion"
import { createRetriever } from "@roadmap/rag/retrieve/retriever"
import { openDocumentIndex } from "@roadmap/rag/store/open"
import { openVectorStore } from "@roadmap/rag/vector-store/open"
import { openProjectAssistant } from "./assistant.ts"
import { projectCorpus } from "./corpus.ts"
import { evaluateRetrieval, questionFiles, type RetrievalSystem } from "./evaluate.ts"
import { createSystem } from "./evaluation/systems.ts"
import { indexDocuments, rebuiltIfOther } from "./index-documents.ts"
import { assistantOptions, embedderInputs } from "./neural.ts"

/**
 * Ranks turn on the last bits of a neural model's vectors, and on each page of this repository that is edited: a run done again
 * may give a few questions otherwise.
 */
export const questionTolerance = 0.03

/** Figures of the report that become metrics, by the names of `retrieval/<way>/<metric>/test`. */
const named = { hit_5: "hit@5", mrr_10: "mrr@10", ndcg_10: "ndcg@10", recall_10: "recall@10" } as const

/** One part added after the other, on the questions that nothing was tuned on: what is each worth? */
export const ablateRetrieval = defineStep({
  id: "ablate",
  title: "Search in every way: what is each part worth?",
  needs: [indexDocuments],
  inputs: embedderInputs,
  async run(context) {
    const { config, signal, progress, sample } = context
    await using project = await openProjectAssistant(config, {
      ...assistantOptions(context),
      refresh: false,
    })
    const { index } = project
    await using stack = new AsyncDisposableStack()
    // Embedding everything again takes a minute or two: not on a sample.
    const plain = await plainIndex(context, stack, sample === 1 ? index.dense?.embedder : undefined)
    const questions = await loadQuestions(questionFiles.test)
    const report = await evaluateRetrieval({
      systems: [...waysOf(plain, ", no headings"), ...waysOf(index)],
      questions,
      index,
      signal,
      onProgress: ({ what, done, total }) => progress({ label: what, done, total, unit: "questions" }),
    })
    return {
      report,
      mode: index.dense ? ("hybrid" as const) : ("lexical" as const),
      metrics: metricsOf(report),
      tolerances: Object.fromEntries(Object.keys(metricsOf(report)).map(name => [name, questionTolerance])),
      measurements: Object.fromEntries(
        report.systems.map(({ name, latency }) => [
          `retrieval/${slugOf(name)}/p50_ms/test`,
          latency.p50Milliseconds,
        ]),
      ),
    }
  },
})

// #region ways
/** Words, meaning, both by rank, both by weighted scores, and in a better order; the last one is what the assistant uses. */
const waysOf = (index: DocumentIndex, headings: "" | ", no headings" = ""): RetrievalSystem[] => {
  const best = { name: index.dense ? "hybrid+rerank" : "lexical+rerank", retriever: defaultRetriever(index) }
  const lexical = { name: "lexical", retriever: createRetriever(index, { mode: "lexical" }) }
  const fused = (fusion: Fusion) => createRetriever(index, { mode: "hybrid", fusion })
  const ways = index.dense
    ? [
        lexical,
        { name: "dense", retriever: createRetriever(index, { mode: "dense" }) },
        { name: "hybrid by ranks", retriever: fused({ kind: "rrf" }) },
        { name: "hybrid by scores", retriever: fused(defaultFusion) },
        createSystem("lexical+rerank", index, undefined),
        best,
      ]
    : [lexical, best]
  return ways.map(({ name, retriever }) => ({ name: `${name}${headings}`, retriever }))
}
// #endregion

/** The same documents and chunks, without title and headings before the text. */
const plainIndex = async (
  { config, signal, progress }: Pick<StepContext, "config" | "signal" | "progress">,
  stack: AsyncDisposableStack,
  embedder?: Embedder,
): Promise<DocumentIndex> => {
  const name = `ablation-${embedder ? "dense" : "lexical"}`
  const folder = join(config.home, "state", "rag", name)
  // Beside the index, also where the project's vectors are in a database: this one is for the comparison alone.
  const vectorStore =
    embedder && stack.use(await openVectorStore({}, { name, folder, dimensions: embedder.dimensions }))
  const chunker = markdownChunker({ context: false })
  const open = (rebuild: boolean) =>
    openDocumentIndex(folder, { name, chunker, embedder, vectorStore, rebuild })
  const index = stack.use(await rebuiltIfOther(open))
  await indexSources(index, projectCorpus(config), {
    signal,
    onProgress: ({ chunks }) =>
      progress({ label: "the same without headings", done: chunks, unit: "passages" }),
  })
  return index
}

/** "hybrid+rerank, no headings" is the metric's hybrid-rerank-no-headings. */
const slugOf = (name: string): string => name.replaceAll(/[^a-z]+/g, "-")

const metricsOf = (report: RetrievalReport): Record<string, number> =>
  Object.fromEntries([
    ...report.systems.flatMap(({ name, metrics }) =>
      Object.entries(named).flatMap(([short, metric]) => {
        const { estimate, low, high } = metrics[metric]
        const key = `retrieval/${slugOf(name)}/${short}/test`
        return [
          [key, estimate],
          [`${key}/low`, low],
          [`${key}/high`, high],
        ]
      }),
    ),
  ])
