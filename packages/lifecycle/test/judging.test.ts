import fc from "fast-check"
import { expect, test } from "vitest"
import { compareWithChampion, verdictOf } from "../src/train/compare.ts"
import { checkData, partOf, thin } from "../src/train/data.ts"
import { scoreSlices } from "../src/train/slices.ts"
import { sampleData, sampleSpecification } from "./samples.ts"

const data = sampleData()
const test_ = partOf(data, "test")
/** Responses that miss each target by so much, one way and the other in turn. */
const missing = (target: Float64Array, miss: number) =>
  target.map((y, row) => y + (row % 2 === 0 ? miss : -miss))

test("a candidate that misses by less on every row is better beyond the interval", async () => {
  const { gains, verdict } = await compareWithChampion(sampleSpecification, data, {
    candidate: missing(test_.target, 1),
    champion: missing(test_.target, 3),
  })
  expect(verdict).toBe("better")
  expect(gains[0].metric).toBe("rmse")
  expect(gains[0].estimate).toBeCloseTo(2, 10)
  expect(gains[0].low).toBeGreaterThan(0)
})

test("the verdict turns round with the models, and equal models are unclear", async () => {
  const [good, bad] = [missing(test_.target, 1), missing(test_.target, 3)]
  const compare = (candidate: Float64Array, champion: Float64Array) =>
    compareWithChampion(sampleSpecification, data, { candidate, champion })
  expect((await compare(bad, good)).verdict).toBe("worse")
  expect((await compare(good, good)).verdict).toBe("unclear")
})

test("for a score where greater is better the gain is the candidate's lead", async () => {
  const specification = { ...sampleSpecification, metrics: ["r2"] as const }
  const { gains, verdict } = await compareWithChampion(specification as never, data, {
    candidate: missing(test_.target, 0.5),
    champion: missing(test_.target, 2),
  })
  expect(gains[0].estimate).toBeGreaterThan(0)
  expect(verdict).toBe("better")
})

test("a verdict needs the whole interval on one side of zero", () => {
  const bound = fc.double({ min: -5, max: 5, noNaN: true })
  fc.assert(
    fc.property(bound, bound, (a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)]
      const verdict = verdictOf({ low, high })
      if (low <= 0 && high >= 0) expect(verdict).toBe("unclear")
      else expect(verdict).toBe(low > 0 ? "better" : "worse")
    }),
  )
})

test("a model that is better overall and worse at one airport is told apart by slices", async () => {
  const judged = { validation: partOf(data, "validation"), test: test_ }
  const responses = (missAt: (airport: number) => number) => {
    const of = (part: "validation" | "test") =>
      judged[part].target.map((y, row) => y + missAt(judged[part].slices.airport.codes[row]))
    return { validation: of("validation"), test: of("test") }
  }
  const slices = await scoreSlices(sampleSpecification, data, {
    candidate: responses(airport => (airport === 1 ? 5 : 1)),
    champion: responses(() => 4),
  })
  expect(slices.map(({ value }) => value).sort()).toEqual(["A", "B", "C"])
  expect(slices.reduce((rows, slice) => rows + slice.rows, 0)).toBe(400)
  for (const { value, candidate, champion, gain } of slices) {
    expect(champion).toBeCloseTo(4, 10)
    expect(candidate).toBeCloseTo(value === "B" ? 5 : 1, 10)
    expect(gain.estimate).toBeCloseTo(value === "B" ? -1 : 3, 10)
  }
})

test("slices of too few rows are left out", async () => {
  const responses = { validation: partOf(data, "validation").target, test: test_.target }
  const few = { ...sampleSpecification, evaluation: { ...sampleSpecification.evaluation, leastRows: 134 } }
  const slices = await scoreSlices(few, data, { candidate: responses, champion: responses })
  expect(slices).toHaveLength(1)
})

test("thinned data keep the shares and the borders of their parts", () => {
  const some = thin(data, 120)
  expect(some.features.rows).toBe(120)
  expect([some.validationFrom, some.testFrom]).toEqual([80, 100])
  expect(some.time[some.testFrom]).toBe(data.time[data.testFrom])
  expect(some.slices.airport.codes).toHaveLength(120)
})

test("data that do not fit together are refused, all faults at once", () => {
  const broken = { ...data, groups: data.groups.subarray(1), testFrom: 1_200 }
  expect(() => checkData(broken, ["airport", "gate"])).toThrow(
    /groups has 1199 values.*one of them is empty.*no slice column "gate"/,
  )
})
