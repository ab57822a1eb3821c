import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createHistogram, percentilesOf } from "../../src/load/histogram.ts"

const duration = fc.double({ min: 2 ** -9, max: 2 ** 20, noNaN: true })
const durations = fc.array(duration, { minLength: 1, maxLength: 300 })
const share = fc.double({ min: 0, max: 1, noNaN: true })

const of = (values: readonly number[]) => {
  const histogram = createHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

/** By the definition, from the sorted values. */
const exactQuantile = (values: readonly number[], at: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(at * sorted.length)) - 1]
}

describe("a histogram of latencies", () => {
  test("tells every quantile at most 0.4 % too high and never too low", () => {
    fc.assert(
      fc.property(durations, share, (values, at) => {
        const exact = exactQuantile(values, at)
        const told = of(values).quantile(at)
        expect(told).toBeGreaterThanOrEqual(exact)
        expect(told).toBeLessThanOrEqual(exact * (1 + 1 / 256))
      }),
    )
  })

  test("keeps the least, the largest and the mean exactly", () => {
    const { min, max, mean, count } = of([0.25, 3, 1000.125])
    expect({ min, max, mean, count }).toEqual({ min: 0.25, max: 1000.125, mean: 1003.375 / 3, count: 3 })
  })

  test("of two threads adds up to that of all their values", () => {
    fc.assert(
      fc.property(durations, durations, (ours, theirs) => {
        const joined = of(ours)
        joined.merge(of(theirs).toCounts())
        const together = of([...ours, ...theirs])
        expect(joined.toCounts().buckets).toEqual(together.toCounts().buckets)
        expect([joined.count, joined.min, joined.max]).toEqual([together.count, together.min, together.max])
        expect(joined.quantile(0.9)).toBe(together.quantile(0.9))
      }),
    )
  })

  test("counts what lies beyond its ends in its first and last bucket, with the true extremes", () => {
    const histogram = of([0, 1e-9, 1e12])
    expect([histogram.count, histogram.min, histogram.max]).toEqual([3, 0, 1e12])
    expect(histogram.quantile(1)).toBeLessThanOrEqual(1e12)
    expect(histogram.quantile(0.5)).toBeLessThan(0.002)
  })

  test("counts the values above a limit", () => {
    expect(of([1, 2, 3, 400, 500]).countAbove(10)).toBe(2)
  })

  test("without values has no figures", () => {
    expect(percentilesOf(createHistogram())).toEqual({
      count: 0,
      min: null,
      mean: null,
      p50: null,
      p75: null,
      p90: null,
      p95: null,
      p99: null,
      p999: null,
      max: null,
    })
  })
})
