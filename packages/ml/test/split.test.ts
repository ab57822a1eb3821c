import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { expect, test } from "vitest"
import { learningCurve } from "../src/learning-curves.ts"
import { splitRandom } from "../src/split/random.ts"
import { splitByTime } from "../src/split/time.ts"

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

test("a time split puts a row on a boundary into the later part and keeps the order of rows", () => {
  const timestamps = Float64Array.of(5, 1, 3, 9, 4, 3.5)
  const [train, validation, test] = splitByTime({ timestamps, boundaries: [3, 5] })
  expect([Array.from(train), Array.from(validation), Array.from(test)]).toEqual([[1], [2, 4, 5], [0, 3]])
})

test("a time split takes microseconds as 64-bit integers", () => {
  const timestamps = BigInt64Array.of(978_307_200_000_000n, 986_083_200_000_000n)
  const parts = splitByTime({ timestamps, boundaries: [980_000_000_000_000] })
  expect(parts.map(part => Array.from(part))).toEqual([[0], [1]])
})

test("a time split refuses boundaries out of order, empty parts and rows without a time", () => {
  const timestamps = Float64Array.of(1, 2, 3)
  expect(() => splitByTime({ timestamps, boundaries: [2, 2] })).toThrow(refusal(/must ascend; they are 2, 2/))
  expect(() => splitByTime({ timestamps, boundaries: [2, 10] })).toThrow(refusal(/Part 3 .* no rows/))
  expect(() => splitByTime({ timestamps: Float64Array.of(1, Number.NaN), boundaries: [2] })).toThrow(
    refusal(/NaN at row 1/),
  )
})

test("a random split gives disjoint ascending parts of the asked sizes, the same for the same seed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 500 }), fc.integer(), (rows, seed) => {
      const parts = splitRandom({ rows, fractions: [0.6, 0.2, 0.2], random: createRandom(seed) })
      const all = parts.flatMap(part => Array.from(part))
      expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row))
      expect(Math.abs(parts[0].length - 0.6 * rows)).toBeLessThanOrEqual(0.5)
      for (const part of parts) expect(Array.from(part)).toEqual(Array.from(part).sort((a, b) => a - b))
      expect(splitRandom({ rows, fractions: [0.6, 0.2, 0.2], random: createRandom(seed) })).toEqual(parts)
    }),
  )
})

test("a random split refuses fractions above one and parts without rows", () => {
  expect(() => splitRandom({ rows: 10, fractions: [0.8, 0.3] })).toThrow(refusal(/0.8, 0.3/))
  expect(() => splitRandom({ rows: 10, fractions: [0.01, 0.9] })).toThrow(
    refusal(/0.01 of 10 rows is no row/),
  )
  expect(() => splitRandom({ rows: 10, fractions: [] })).toThrow(refusal(/none/))
})

test("learning curves fit nested subsets and score each on its own rows and on the validation rows", async () => {
  const subsets: number[][] = []
  const points = await learningCurve({
    rows: 100,
    sizes: [50, 10, 100],
    fit: async rows => {
      subsets.push(Array.from(rows))
      return rows.length
    },
    scoreTrain: (model, rows) => model + rows.length,
    scoreValidation: model => -model,
  })
  expect(points).toEqual([
    { size: 10, train: 20, validation: -10 },
    { size: 50, train: 100, validation: -50 },
    { size: 100, train: 200, validation: -100 },
  ])
  for (let i = 0; i < 2; i++) expect(subsets[i + 1]).toEqual(expect.arrayContaining(subsets[i]))
  expect(subsets[2]).toEqual(Array.from({ length: 100 }, (_, row) => row))
})

test("a learning curve stops at an aborted signal and refuses sizes beyond the rows", async () => {
  const controller = new AbortController()
  const curve = (sizes: number[]) =>
    learningCurve({
      rows: 10,
      sizes,
      fit: () => controller.abort(),
      scoreTrain: () => 0,
      scoreValidation: () => 0,
      signal: controller.signal,
    })
  await expect(curve([20])).rejects.toThrow(refusal(/over 10 rows cannot have the size 20/))
  await expect(curve([2, 5])).rejects.toThrow(expect.objectContaining({ code: "INTERRUPTED" }))
})
