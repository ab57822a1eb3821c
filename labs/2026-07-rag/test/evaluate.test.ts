import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Question } from "@roadmap/evals/question-set"
import { createAssistant } from "@roadmap/rag/answers/assistant"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import { indexSources } from "@roadmap/rag/ingest/index-sources"
import { textSource } from "@roadmap/rag/load/texts"
import { createRetriever } from "@roadmap/rag/retrieve/retriever"
import { openDocumentIndex, type WritableIndex } from "@roadmap/rag/store/open"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { evaluateAnswers, evaluateRetrieval } from "../src/evaluate.ts"
import { tuneMode } from "../src/tune.ts"

/** Pages about made-up devices, so that it is known which page answers what. */
const devices = [
  "zorbel",
  "quimby",
  "frandle",
  "plonket",
  "vextor",
  "jumbrel",
  "snicket",
  "grobbit",
  "wumpet",
  "drazzle",
]
const parts = ["pressure", "colour", "weight"]

const pages = devices.map((device, index) => ({
  id: `${device}.md`,
  title: `The ${device}`,
  text: [
    `# The ${device}`,
    `A ${device} stands in most workshops.`,
    ...parts.map(
      (part, at) => `## ${part}\nThe ${part} of the ${device} is ${100 * index + at} units by default.`,
    ),
  ].join("\n\n"),
}))

const questions: Question[] = [
  ...devices.flatMap((device, index) =>
    parts.map(
      (part, at): Question => ({
        id: `${device}-${part}`,
        question: `What is the ${part} of a ${device}?`,
        kind: "single",
        topic: device,
        split: "tune",
        gold: [
          {
            anyOf: [
              {
                document: `manual/${device}.md`,
                quote: `The ${part} of the ${device} is ${100 * index + at} units by default.`,
              },
            ],
          },
        ],
        expect: [`${100 * index + at} units`],
      }),
    ),
  ),
  ...devices.map(
    (device): Question => ({
      id: `${device}-price`,
      question: `Which airline flies from Lisbon to the moons of planet ${device.toUpperCase()}ia?`,
      kind: "unanswerable",
      distance: "far",
      topic: `price of ${device}`,
      split: "tune",
      gold: [],
    }),
  ),
]

const folder = mkdtempSync(join(tmpdir(), "roadmap-evaluate-"))
let index: WritableIndex
beforeAll(async () => {
  index = await openDocumentIndex(join(folder, "index"), { chunker: markdownChunker({ size: 80 }) })
  await indexSources(index, [textSource({ name: "manual", documents: pages })])
})
afterAll(async () => {
  await index?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const lexical = () => ({ name: "lexical", retriever: createRetriever(index, { mode: "lexical" }) })

describe("evaluating a retriever", () => {
  test("finds what is there to be found, and asks only questions with an answer", async () => {
    const report = await evaluateRetrieval({ systems: [lexical()], questions, index })
    expect(report.questions).toBe(30)
    expect(report.systems[0].metrics["hit@5"].estimate).toBeGreaterThan(0.9)
  })

  test("sees a retriever that always gives the same passages fail", async () => {
    const { retriever } = lexical()
    const stubborn = {
      name: "stubborn",
      retrieve: () => retriever.retrieve("the colour of a zorbel", { k: 10 }),
    }
    const report = await evaluateRetrieval({
      systems: [{ name: "stubborn", retriever: stubborn }, lexical()],
      questions,
      index,
    })
    const [worse] = report.systems
    expect(worse.metrics["hit@5"].estimate).toBeLessThan(0.3)
    expect(worse.behind?.["hit@5"].low).toBeGreaterThan(0.4)
  })

  test("stops when asked to", async () => {
    const evaluation = evaluateRetrieval({
      systems: [lexical()],
      questions,
      index,
      signal: AbortSignal.abort(),
    })
    await expect(evaluation).rejects.toMatchObject({ code: "INTERRUPTED" })
  })
})

test("evaluated answers cite what is there, from the section that was asked for", async () => {
  const assistant = createAssistant({ index, retriever: lexical().retriever })
  const { report, judged } = await evaluateAnswers({ assistant, questions, index })
  expect(report.citationsExist.successes).toBe(report.citationsExist.total)
  expect(report.citationsExist.total).toBeGreaterThan(20)
  expect(report.supported.estimate).toBeGreaterThan(0.8)
  expect(report.hasExpected.estimate).toBeGreaterThan(0.8)
  expect(judged).toHaveLength(questions.length)
})

test("tuning gives the same numbers twice, and tells what to expect of topics it has not seen", async () => {
  const first = await tuneMode(index, "lexical", questions)
  const second = await tuneMode(index, "lexical", questions)
  expect(second.weights).toEqual(first.weights)
  expect(second.calibration).toEqual(first.calibration)
  expect(first.unseen.systems.map(({ name }) => name)).toEqual(["lexical", "lexical + rerank"])
  expect(first.calibration.fitted).toMatchObject({ answerable: 30, unanswerable: 10 })
  expect(first.calibration.fitted.rightlyDeclined).toBeGreaterThan(0.8)
})
