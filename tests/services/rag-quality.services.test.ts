import { mkdtempSync, rmSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { projectCorpus } from "../../labs/2026-07-rag/src/corpus.ts"
import { evaluateRetrieval, questionFiles } from "../../labs/2026-07-rag/src/evaluate.ts"
import { evaluateProject, type ProjectEvaluation } from "../../labs/2026-07-rag/src/evaluate-project.ts"
import { openEvaluatedIndex } from "../../labs/2026-07-rag/src/evaluation/open.ts"
import type { SystemName } from "../../labs/2026-07-rag/src/evaluation/systems.ts"
import { tuneMode } from "../../labs/2026-07-rag/src/tune.ts"
import { type Config, loadConfigWith } from "../../packages/core/src/config.ts"
import { loadQuestions } from "../../packages/evals/src/question-set.ts"
import type { RetrievalMetric } from "../../packages/evals/src/retrieval/metrics.ts"
import { setupNeural } from "../../packages/llm/src/neural/setup.ts"
import { openEmbedder } from "../../packages/llm/src/open.ts"
import calibrations from "../../packages/rag/src/answers/calibration.json" with { type: "json" }
import { learnedReranker } from "../../packages/rag/src/rerank/learned.ts"
import { type RerankWeights, rerankWeights } from "../../packages/rag/src/rerank/weights.ts"
import { defaultFusion } from "../../packages/rag/src/retrieve/default.ts"
import { createRetriever } from "../../packages/rag/src/retrieve/retriever.ts"
import { startService, stopService } from "../../packages/services/src/service.ts"

/**
 * What must hold. Two goals are not reached and their floors say so: near questions that the documents do not answer are
 * declined too seldom (goal 0.9), and the second corpus is further below the project's own than 0.05. The figures and why
 * are in labs/2026-07-rag/evaluation/README.md; whoever lowers a floor writes the reason there.
 */
const floors = {
  project: {
    "hit@5": 0.85,
    "mrr@10": 0.65,
    claimsSupported: 0.9,
    supported: 0.8,
    declined: 0.6,
    falselyDeclined: 0.1,
  },
  second: { "hit@5": 0.75, "mrr@10": 0.6 },
} as const

const home = mkdtempSync(join(tmpdir(), "roadmap-rag-quality-"))
const configWith = (variables: Record<string, string> = {}): Config =>
  loadConfigWith({ ROADMAP_HOME: home, ...variables })
const systems: readonly SystemName[] = ["lexical", "dense", "hybrid+rerank"]

beforeAll(async () => {
  await setupNeural({ say: line => console.error(line) })
})
afterAll(async () => {
  await stopService("postgres", { home })
  await stopService("llm", { home })
  rmSync(home, { recursive: true, force: true })
})

const estimate = ({ retrieval }: ProjectEvaluation, system: SystemName, metric: RetrievalMetric): number =>
  retrieval.systems.find(({ name }) => name === system)!.metrics[metric].estimate

const expectFloors = (evaluation: ProjectEvaluation): void => {
  const { report } = evaluation.answers
  expect(estimate(evaluation, "hybrid+rerank", "hit@5")).toBeGreaterThanOrEqual(floors.project["hit@5"])
  expect(estimate(evaluation, "hybrid+rerank", "mrr@10")).toBeGreaterThanOrEqual(floors.project["mrr@10"])
  expect(report.citationsExist.estimate).toBe(1)
  expect(report.claimsSupported.estimate).toBeGreaterThanOrEqual(floors.project.claimsSupported)
  expect(report.supported.estimate).toBeGreaterThanOrEqual(floors.project.supported)
  expect(report.declined.estimate).toBeGreaterThanOrEqual(floors.project.declined)
  expect(report.falselyDeclined.estimate).toBeLessThanOrEqual(floors.project.falselyDeclined)
}

describe("the assistant on questions that took part in no fit", () => {
  let embedded: ProjectEvaluation

  test("retrieves, answers and declines well enough, and better than words or vectors alone", async () => {
    embedded = await evaluateProject(configWith(), { split: "test", systems })
    console.error(figuresOf(embedded))
    expectFloors(embedded)
    for (const metric of ["hit@5", "mrr@10"] as const)
      for (const alone of ["lexical", "dense"] as const)
        expect(estimate(embedded, "hybrid+rerank", metric)).toBeGreaterThan(estimate(embedded, alone, metric))
  })

  test("does the same on PostgreSQL with pgvector", async () => {
    const { variables } = await startService("postgres", { home, onProgress: line => console.error(line) })
    const evaluation = await evaluateProject(configWith({ DATABASE_URL: variables.DATABASE_URL }), {
      split: "test",
      systems,
    })
    console.error(figuresOf(evaluation))
    expectFloors(evaluation)
    expect(estimate(evaluation, "dense", "mrr@10")).toBeCloseTo(estimate(embedded, "dense", "mrr@10"), 1)
  })

  test("is not much worse on documents that nobody tuned on", async () => {
    const evaluation = await evaluateProject(configWith(), { split: "second", systems })
    console.error(figuresOf(evaluation))
    expect(estimate(evaluation, "hybrid+rerank", "hit@5")).toBeGreaterThanOrEqual(floors.second["hit@5"])
    expect(estimate(evaluation, "hybrid+rerank", "mrr@10")).toBeGreaterThanOrEqual(floors.second["mrr@10"])
    expect(evaluation.answers.report.citationsExist.estimate).toBe(1)
  })
})

test("the committed weights and calibration are what tuning gives on the tuning half", async () => {
  await using embedder = (await openEmbedder(configWith()))!
  const sources = projectCorpus(configWith()).filter(({ name }) => name !== "models")
  await using opened = await openEvaluatedIndex(configWith(), { name: "project", sources, embedder })
  const tuned = await tuneMode(opened.index, "hybrid", await loadQuestions(questionFiles.tune))
  // Pages of this repository change, and single weights with them: what counts is the order that comes out.
  const system = (name: string, weights: RerankWeights) => ({
    name,
    retriever: createRetriever(opened.index, {
      mode: "hybrid",
      fusion: defaultFusion,
      rerank: learnedReranker(opened.index, weights),
    }),
  })
  const { systems: compared } = await evaluateRetrieval({
    systems: [system("fitted now", tuned.weights), system("committed", rerankWeights("hybrid")!)],
    questions: await loadQuestions(questionFiles.tune),
    index: opened.index,
  })
  const [fitted, committed] = compared.map(({ metrics }) => metrics["mrr@10"].estimate)
  expect(Math.abs(fitted - committed)).toBeLessThan(0.02)
  expect(Math.abs(tuned.calibration.threshold - calibrations.hybrid.threshold)).toBeLessThan(0.15)
})

test("a small chat model on a local server may write poorly, but cites what is there and marks or drops the rest", async () => {
  const { variables } = await startService("llm", { home, onProgress: line => console.error(line) })
  const lines = (await readFile(questionFiles.test, "utf8")).trim().split("\n")
  const questions = join(home, "few.jsonl")
  await writeFile(questions, lines.filter((_, index) => index % 34 === 0).join("\n"))
  const { answers } = await evaluateProject(configWith(variables), {
    questions,
    systems: ["hybrid+rerank"],
    answerer: "chat-model",
  })
  expect(answers.report.citationsExist.successes).toBe(answers.report.citationsExist.total)
  expect(answers.report.claimsUncited).toBe(0)
}, 900_000)

/** The log of a run keeps what was reached. */
const figuresOf = ({ split, retrieval, answers }: ProjectEvaluation): string =>
  JSON.stringify({
    split,
    retrieval: Object.fromEntries(
      retrieval.systems.map(({ name, metrics }) => [
        name,
        { "hit@5": metrics["hit@5"].estimate, "mrr@10": metrics["mrr@10"].estimate },
      ]),
    ),
    claimsSupported: answers.report.claimsSupported.estimate,
    supported: answers.report.supported.estimate,
    declined: answers.report.declined.estimate,
    falselyDeclined: answers.report.falselyDeclined.estimate,
  })
