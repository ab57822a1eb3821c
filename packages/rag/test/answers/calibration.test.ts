import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  type AbstentionFeatures,
  abstentionFeatures,
  type CalibrationExample,
  confidenceOf,
  fitCalibration,
  modeOf,
} from "../../src/answers/calibration.ts"
import { pages } from "./documents.ts"
import { memoryIndex, memoryRetriever } from "./memory-index.ts"

const index = memoryIndex(pages)
const featuresOf = async (question: string) =>
  abstentionFeatures(question, await memoryRetriever(index).retrieve(question, { k: 6 }), index.lexical)

describe("the features of abstention", () => {
  test("see a question that the corpus knows nothing of", async () => {
    expect(await featuresOf("What is the capital of Peru?")).toMatchObject({
      known: 0,
      passage: 0,
      names: 0,
      missing: 1,
    })
  })

  test("see one whose words are in one passage", async () => {
    const features = await featuresOf("How do I make the shop server trust a proxy?")
    expect(features.known).toBe(1)
    expect(features.passage).toBeGreaterThan(0.9)
    expect(features.missing).toBeLessThan(0.3)
  })

  test("see an identifier that nothing mentions among words that all are there", async () => {
    const known = await featuresOf("What is the default of bodyLimit?")
    const invented = await featuresOf("What is the default of maxConcurrentBodies?")
    expect(invented.names).toBeLessThan(known.names)
    expect(invented).toMatchObject({ missing: 1, strangeName: 1 })
    expect(known.strangeName).toBe(0)
  })

  test("see that a package is asked for which has no page, though lists mention its word", async () => {
    expect((await featuresOf("What is the default level of @shop/logging?")).names).toBe(1)
    expect((await featuresOf("What is the default level of @shop/proxy?")).names).toBe(0)
  })

  test("are shares, whatever is asked", async () => {
    const word = fc.constantFrom("server", "proxy", "bread", "Peru", "bodyLimit", "the", "60", "HTTP/2", "…")
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 8 }), async words => {
        const { length, ...shares } = await featuresOf(words.join(" "))
        expect(Number.isFinite(length)).toBe(true)
        for (const value of Object.values(shares)) {
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe("a fitted calibration", () => {
  /** Questions whose best coverage is high when they are answerable; a share of them is of the other kind. */
  const questions = (noise: number): CalibrationExample[] => {
    const random = createRandom(7)
    return Array.from({ length: 200 }, (_, i) => {
      const answerable = i % 4 !== 0
      const high = random.next() < noise ? !answerable : answerable
      const passage = (high ? 0.6 : 0.2) + 0.3 * random.next()
      return { answerable, features: { ...blank, passage, unit: passage, union: passage, known: passage } }
    })
  }

  test("separates what can be separated, by data that survives JSON", () => {
    const calibration = JSON.parse(JSON.stringify(fitCalibration(questions(0))))
    expect(calibration.fitted).toMatchObject({
      answerable: 150,
      unanswerable: 50,
      falselyDeclined: 0,
      rightlyDeclined: 1,
    })
    for (const { features, answerable } of questions(0))
      expect(confidenceOf(calibration, features) >= calibration.threshold).toBe(answerable)
  })

  test("declines no more answerable questions than it may, and then fewer unanswerable ones", () => {
    const strict = fitCalibration(questions(0.15), { maxFalseDeclines: 0.02 })
    const loose = fitCalibration(questions(0.15), { maxFalseDeclines: 0.2 })
    expect(strict.fitted.falselyDeclined).toBeLessThanOrEqual(0.02)
    expect(loose.fitted.falselyDeclined).toBeLessThanOrEqual(0.2)
    expect(strict.fitted.rightlyDeclined).toBeLessThan(loose.fitted.rightlyDeclined)
    expect(strict.threshold).toBeLessThan(loose.threshold)
  })

  test("has no features of meaning where there are none", () => {
    expect(fitCalibration(questions(0)).features).not.toContain("cosine")
    const dense = questions(0).map(each => ({ ...each, features: { ...each.features, cosine: 0.5 } }))
    expect(fitCalibration(dense).features).toContain("cosine")
  })

  test("needs ten questions of each kind", () => {
    const few = questions(0).filter(({ answerable }, i) => answerable || i < 32)
    expect(() => fitCalibration(few)).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringContaining("150 and 8") }),
    )
  })
})

test("passages with a cosine are of the hybrid mode", async () => {
  const [passage] = await memoryRetriever(index).retrieve("proxy", { k: 1 })
  expect(modeOf([passage])).toBe("lexical")
  expect(modeOf([{ ...passage, scores: { ...passage.scores, dense: 0.4 } }])).toBe("hybrid")
})

const blank: AbstentionFeatures = {
  known: 0,
  passage: 0,
  unit: 0,
  first: 0,
  union: 0,
  missing: 0,
  names: 1,
  strangeName: 0,
  strange: 0,
  headings: 0,
  length: 2,
  cosine: 0,
  cosineMean: 0,
  cosineSpread: 0,
  agreement: 0,
}
