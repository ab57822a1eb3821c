import { createRandom } from "@roadmap/core/random"
import { describe, expect, test } from "vitest"
import { type Arrivals, createSchedule, rateAt } from "../../src/load/arrivals.ts"

const momentsUntil = (arrivals: Arrivals, endMs: number, seed = 1): number[] => {
  const next = createSchedule(arrivals, createRandom(seed))
  const moments: number[] = []
  for (let at = next(); at < endMs; at = next()) moments.push(at)
  return moments
}
const countIn = (moments: readonly number[], from: number, to: number) =>
  moments.filter(at => at >= from && at < to).length

describe("constant arrivals", () => {
  test("come at equal distances from the first moment on", () => {
    expect(momentsUntil({ kind: "constant", rate: 4 }, 1_000)).toEqual([0, 250, 500, 750])
  })

  test("do not drift in a long run", () => {
    const moments = momentsUntil({ kind: "constant", rate: 300 }, 1_000_000)
    expect(moments).toHaveLength(300_000)
    expect(moments.at(-1)).toBeCloseTo(299_999 / 0.3, 6)
  })
})

describe("Poisson arrivals", () => {
  const moments = momentsUntil({ kind: "poisson", rate: 1_000 }, 200_000)

  test("have exponential gaps", () => {
    const gaps = moments.map((at, i) => at - (moments[i - 1] ?? 0)).sort((a, b) => a - b)
    // Kolmogorov-Smirnov: 1.95 / sqrt(n) is passed by chance once in a thousand.
    const distance = gaps.reduce(
      (most, gap, i) => Math.max(most, Math.abs(1 - Math.exp(-gap) - (i + 0.5) / gaps.length)),
      0,
    )
    expect(distance).toBeLessThan(1.95 / Math.sqrt(gaps.length))
  })

  test("have counts whose variance is their mean", () => {
    const counts: number[] = []
    for (let at = 0, i = 0; at < 200_000; at += 100) {
      let count = 0
      for (; i < moments.length && moments[i] < at + 100; i++) count++
      counts.push(count)
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length
    expect(mean).toBeGreaterThan(98)
    expect(mean).toBeLessThan(102)
    expect(variance / mean).toBeGreaterThan(0.88)
    expect(variance / mean).toBeLessThan(1.12)
  })

  test("are the same again for the same seed, and others for another", () => {
    const arrivals: Arrivals = { kind: "poisson", rate: 50 }
    expect(momentsUntil(arrivals, 5_000, 3)).toEqual(momentsUntil(arrivals, 5_000, 3))
    expect(momentsUntil(arrivals, 5_000, 3)).not.toEqual(momentsUntil(arrivals, 5_000, 4))
  })
})

describe("arrivals that change", () => {
  test("step from rate to rate and stay at the last", () => {
    const step: Arrivals = { kind: "step", rates: [100, 300, 50], stepSeconds: 2 }
    const moments = momentsUntil(step, 10_000)
    expect([countIn(moments, 0, 2_000), countIn(moments, 2_000, 4_000)]).toEqual([200, 600])
    expect(countIn(moments, 4_000, 10_000)).toBe(300)
    expect([0, 1.9, 2, 5, 99].map(second => rateAt(step, second))).toEqual([100, 100, 300, 50, 50])
  })

  test("spike and come back", () => {
    const spike: Arrivals = { kind: "spike", rate: 10, peak: 1_000, atSeconds: 3, forSeconds: 1 }
    const moments = momentsUntil(spike, 8_000)
    expect([countIn(moments, 0, 3_000), countIn(moments, 3_000, 4_000)]).toEqual([30, 1_000])
    expect(countIn(moments, 4_000, 8_000)).toBe(40)
  })

  test("may be Poisson too, around each rate", () => {
    const moments = momentsUntil(
      { kind: "step", rates: [1_000, 4_000], stepSeconds: 10, spacing: "poisson" },
      20_000,
    )
    expect(Math.abs(countIn(moments, 0, 10_000) / 10_000 - 1)).toBeLessThan(0.05)
    expect(Math.abs(countIn(moments, 10_000, 20_000) / 40_000 - 1)).toBeLessThan(0.03)
  })

  test("are in order of time", () => {
    const moments = momentsUntil(
      { kind: "spike", rate: 3, peak: 7_777, atSeconds: 0, forSeconds: 0.1, spacing: "poisson" },
      3_000,
    )
    expect(moments.every((at, i) => i === 0 || at >= moments[i - 1])).toBe(true)
  })
})
