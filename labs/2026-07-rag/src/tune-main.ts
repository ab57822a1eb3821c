import { loadConfig } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { loadQuestions } from "@roadmap/evals/question-set"
import { differenceTable, retrievalTable } from "@roadmap/evals/tables"
import { weightsPath } from "@roadmap/rag/rerank/weights"
import { textTable } from "@roadmap/report/table"
import { projectCorpus } from "./corpus.ts"
import { questionFiles } from "./evaluate.ts"
import { openEvaluatedIndex } from "./evaluation/open.ts"
import { type TunedMode, tuneMode } from "./tune.ts"

/**
 * Fits the reranker and the abstention of both modes on the tuning half, and prints what to expect of unseen questions.
 *
 *     node labs/2026-07-rag/src/tune-main.ts           # print only
 *     node labs/2026-07-rag/src/tune-main.ts --write   # and write the files that @roadmap/rag ships
 *
 * Without the embedding model only the lexical mode is fitted, and nothing is written.
 */
const main = async (write: boolean): Promise<void> => {
  const config = loadConfig()
  const questions = await loadQuestions(questionFiles.tune)
  const sources = projectCorpus(config).filter(({ name }) => name !== "models")
  const { openEmbedder } = await import("@roadmap/llm/open")
  await using stack = new AsyncDisposableStack()
  const embedder = await openEmbedder(config)
  if (embedder) stack.use(embedder)
  const { index } = stack.use(
    await openEvaluatedIndex(config, { name: "project", sources, ...(embedder && { embedder }) }),
  )
  const modes = embedder ? (["lexical", "hybrid"] as const) : (["lexical"] as const)
  const tuned = new Map<string, TunedMode>()
  for (const mode of modes) {
    const fitted = await tuneMode(index, mode, questions)
    tuned.set(mode, fitted)
    process.stdout.write(`${describe(fitted)}\n\n`)
  }
  if (!write) return
  if (!embedder) {
    process.stdout.write("Nothing written: without the embedding model one mode would be missing.\n")
    return
  }
  const files = filesOf(tuned)
  await writeFileAtomic(weightsPath.pathname, files.weights)
  await writeFileAtomic(new URL("../answers/calibration.json", weightsPath).pathname, files.calibration)
}

const describe = ({ unseen, calibration: { threshold, fitted } }: TunedMode): string =>
  [
    textTable(retrievalTable(unseen), { width: 160 }),
    textTable(differenceTable(unseen), { width: 160 }),
    `declines below ${threshold.toFixed(3)}: ${(100 * fitted.rightlyDeclined).toFixed(1)} % of ${fitted.unanswerable} unanswerable, ${(100 * fitted.falselyDeclined).toFixed(1)} % of ${fitted.answerable} answerable, each judged by a fit on others`,
  ].join("\n")

/** As they are committed. */
const filesOf = (tuned: ReadonlyMap<string, TunedMode>): { weights: string; calibration: string } => {
  const part = <K extends keyof TunedMode>(key: K) =>
    `${JSON.stringify(Object.fromEntries([...tuned].map(([mode, fitted]) => [mode, fitted[key]])), null, 2)}\n`
  return { weights: part("weights"), calibration: part("calibration") }
}

await main(process.argv.includes("--write"))
