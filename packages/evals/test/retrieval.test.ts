import fc from "fast-check"
import { describe, expect, test } from "vitest"
import goldens from "../goldens/retrieval.json" with { type: "json" }
import { meanInterval, pairedDifference, wilson } from "../src/intervals.ts"
import { hitAt, ndcgAt, recallAt, reciprocalRankAt, retrievalScores } from "../src/retrieval/metrics.ts"
import { retrievalReport, type SystemRun } from "../src/retrieval/report.ts"

describe("metrics of a ranked list", () => {
  test("are those of trec_eval, with grades and without", () => {
    for (const { gains, ideal, metrics } of goldens.lists) {
      expect(hitAt(gains, 1)).toBe(metrics["hit@1"])
      expect(hitAt(gains, 5)).toBe(metrics["hit@5"])
      expect(reciprocalRankAt(gains, 10)).toBeCloseTo(metrics["mrr@10"], 10)
      expect(ndcgAt(gains, ideal, 5)).toBeCloseTo(metrics["ndcg@5"], 10)
      expect(ndcgAt(gains, ideal, 10)).toBeCloseTo(metrics["ndcg@10"], 10)
      if (metrics["recall@5"] !== undefined && metrics["recall@10"] !== undefined) {
        expect(recallAt(gains, ideal, 5)).toBeCloseTo(metrics["recall@5"], 10)
        expect(recallAt(gains, ideal, 10)).toBeCloseTo(metrics["recall@10"], 10)
      }
    }
  })

  test("lie between 0 and 1, and nothing found is 0 everywhere", () => {
    const gains = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 15 })
    fc.assert(
      fc.property(gains, fc.integer({ min: 0, max: 4 }), (found, missing) => {
        const needs = found.filter(gain => gain > 0).length + missing
        fc.pre(needs > 0)
        const scores = Object.values(retrievalScores(found, needs))
        expect(scores.every(score => score >= 0 && score <= 1)).toBe(true)
      }),
    )
    expect(Object.values(retrievalScores([0, 0, 0], 2))).toEqual([0, 0, 0, 0, 0, 0])
  })

  test("one passage with both facts is as good as it gets", () => {
    expect(retrievalScores([2, 0, 0], 2)).toMatchObject({ "recall@5": 1, "mrr@10": 1, "ndcg@10": 1 })
  })

  test("moving a gold passage up never lowers nDCG or MRR", () => {
    const list = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 8 }))
    fc.assert(
      fc.property(list, ([rank, better]) => {
        fc.pre(better < rank)
        const at = (place: number) => Array.from({ length: 10 }, (_, index) => (index === place ? 1 : 0))
        const low = retrievalScores(at(rank), 1)
        const high = retrievalScores(at(better), 1)
        expect(high["ndcg@10"]).toBeGreaterThan(low["ndcg@10"])
        expect(high["mrr@10"]).toBeGreaterThan(low["mrr@10"])
      }),
    )
  })
})

describe("intervals", () => {
  test("Wilson's are SciPy's", () => {
    for (const { successes, total, low, high } of goldens.wilson) {
      const rate = wilson(successes, total)
      expect(rate.low).toBeCloseTo(low, 10)
      expect(rate.high).toBeCloseTo(high, 10)
    }
  })

  test("a share of no cases is unknown, not 0", () => {
    expect(wilson(0, 0)).toMatchObject({ estimate: Number.NaN, low: 0, high: 1 })
  })

  test("of a paired difference are narrower than those of its parts when both find the same questions hard", () => {
    const hard = Array.from({ length: 80 }, (_, index) => (index % 3 === 0 ? 0 : 1))
    const better = hard.map((value, index) => (index === 3 ? 1 : value))
    const difference = pairedDifference(better, hard)
    const alone = meanInterval(hard)
    expect(difference.estimate).toBeCloseTo(1 / 80, 12)
    expect(difference.high - difference.low).toBeLessThan((alone.high - alone.low) / 2)
  })

  test("are the same for the same values", () => {
    const values = [0, 1, 1, 0, 1, 0.5]
    expect(meanInterval(values)).toEqual(meanInterval(values))
  })
})

describe("a retrieval report", () => {
  const run = (name: string, gains: number[][]): SystemRun => ({
    name,
    questions: gains.map((each, index) => ({ id: `q${index}`, gains: each, needs: 1, milliseconds: index })),
  })

  test("compares every system with the reference on the same questions", () => {
    const report = retrievalReport([run("weak", [[0], [1], [0]]), run("strong", [[1], [1], [0]])], {
      reference: "strong",
    })
    const [weak, strong] = report.systems
    expect(strong.behind).toBeUndefined()
    expect(weak.behind?.["hit@5"].estimate).toBeCloseTo(1 / 3, 12)
    expect(weak.missed).toEqual(["q0", "q2"])
    expect(strong.metrics["hit@5"].estimate).toBeCloseTo(2 / 3, 12)
  })

  test("refuses systems that answered other questions, two of one name, and a reference that is not there", () => {
    const runs = [run("a", [[1]]), run("b", [[1], [0]])]
    expect(() => retrievalReport(runs, { reference: "a" })).toThrow(/answered other questions/)
    expect(() => retrievalReport([run("a", [[1]]), run("a", [[1]])], { reference: "a" })).toThrow(
      /called "a"/,
    )
    expect(() => retrievalReport([run("a", [[1]])], { reference: "c" })).toThrow(/no system "c"/)
  })
})
