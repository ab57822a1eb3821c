import { loadConfig } from "@roadmap/core/config"
import { isAnswerable, loadQuestions, type Question } from "@roadmap/evals/question-set"
import { splitOf } from "@roadmap/evals/split"
import { describe, expect, test } from "vitest"
import { projectCorpus } from "../src/corpus.ts"
import { questionFiles } from "../src/evaluate.ts"

const tune = await loadQuestions(questionFiles.tune)
const unseen = await loadQuestions(questionFiles.test)
const second = await loadQuestions(questionFiles.second)
const project = [...tune, ...unseen]

describe("the project's questions", () => {
  test("quote what stands in the documents, word for word", async () => {
    const texts = await corpusTexts()
    const wrong = project.flatMap(question =>
      question.gold
        .flatMap(({ anyOf }) => anyOf)
        .filter(({ document, quote }) => !texts.get(document)?.includes(quote))
        .map(({ document, quote }) => `${question.id}: ${document}: ${quote}`),
    )
    expect(wrong).toEqual([])
  })

  test("are in the half that their topic's name gives, chosen before anything was evaluated", () => {
    expect(tune.filter(({ topic, split }) => split !== "tune" || splitOf(topic) !== "tune")).toEqual([])
    expect(unseen.filter(({ topic, split }) => split !== "test" || splitOf(topic) !== "test")).toEqual([])
  })

  test("are of every kind, in numbers that mean something, mostly about the libraries' own documents", () => {
    const count = (kind: Question["kind"]) => project.filter(each => each.kind === kind).length
    expect(project.length).toBeGreaterThanOrEqual(160)
    expect(count("single")).toBeGreaterThanOrEqual(100)
    expect(count("multi")).toBeGreaterThanOrEqual(20)
    expect(count("unanswerable")).toBeGreaterThanOrEqual(30)
    expect(count("adversarial")).toBeGreaterThanOrEqual(12)
    const answerable = project.filter(isAnswerable)
    const ofLibraries = answerable.filter(({ gold }) => !gold[0].anyOf[0].document.startsWith("roadmap/"))
    expect(ofLibraries.length / answerable.length).toBeGreaterThan(0.8)
  })

  test("have ids of their own, across both halves and the second corpus", () => {
    const ids = [...project, ...second].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test("that ask the same are not in both halves", () => {
    const words = ({ question }: Question) => new Set(question.toLowerCase().match(/[a-z0-9]+/g))
    const alike = tune.flatMap(a =>
      unseen
        .filter(b => {
          const [first, other] = [words(a), words(b)]
          const shared = [...first].filter(word => other.has(word)).length
          return shared / Math.min(first.size, other.size) > 0.85
        })
        .map(b => `${a.id} ${b.id}`),
    )
    expect(alike).toEqual([])
  })
})

test("the second corpus has sixty questions of the same kinds", () => {
  expect(second).toHaveLength(60)
  expect(new Set(second.map(({ kind }) => kind)).size).toBe(4)
  expect(second.every(({ split }) => split === "second")).toBe(true)
})

const corpusTexts = async (): Promise<Map<string, string>> => {
  const texts = new Map<string, string>()
  for (const source of projectCorpus(loadConfig({ ROADMAP_HOME: "/nowhere" })).filter(
    each => each.name !== "models",
  ))
    for await (const { id, text } of source.documents()) texts.set(id, text)
  return texts
}
