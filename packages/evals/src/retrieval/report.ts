import { RoadmapError } from "@roadmap/core/errors"
import type { Interval } from "@roadmap/ml/metrics/bootstrap"
import { meanInterval, pairedDifference } from "../intervals.ts"
import { type Latency, latencyOf } from "../latency.ts"
import { type RetrievalMetric, type RetrievalScores, retrievalScores } from "./metrics.ts"

/** What one system found for one question. */
export interface RankedQuestion {
  id: string
  /** Gain of each rank, as `gainsOf` gives it; 10 ranks or more. */
  gains: readonly number[]
  /** How many facts the question asks for. */
  needs: number
  milliseconds: number
}

export interface SystemRun {
  /** "hybrid", "lexical": unique in a report. */
  name: string
  questions: readonly RankedQuestion[]
}

export interface SystemReport {
  name: string
  /** Means over the questions. */
  metrics: Record<RetrievalMetric, Interval>
  /** The reference's mean minus this system's, over the same questions; absent for the reference itself. */
  behind?: Record<RetrievalMetric, Interval>
  latency: Latency
  /** Ids of the questions without a hit among the first five. */
  missed: readonly string[]
}

export interface RetrievalReport {
  questions: number
  /** The system that the others are compared with. */
  reference: string
  systems: readonly SystemReport[]
}

export const retrievalMetrics: readonly RetrievalMetric[] = [
  "hit@1",
  "hit@5",
  "recall@5",
  "recall@10",
  "mrr@10",
  "ndcg@10",
]

/**
 * Compares systems that answered the same questions. Throws INVALID_INPUT when they did not, when two have one name, or
 * when there is nothing to compare.
 */
export const retrievalReport = (
  runs: readonly SystemRun[],
  options: { reference: string },
): RetrievalReport => {
  const reference = runs.find(run => run.name === options.reference)
  if (reference === undefined || reference.questions.length === 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `There is no system "${options.reference}" with answered questions to compare with.`,
    )
  checkSame(runs, reference)
  const scoresOf = new Map(
    runs.map(run => [run.name, run.questions.map(each => retrievalScores(each.gains, each.needs))]),
  )
  const best = scoresOf.get(reference.name)!
  return {
    questions: reference.questions.length,
    reference: reference.name,
    systems: runs.map(run => {
      const scores = scoresOf.get(run.name)!
      return {
        name: run.name,
        metrics: byMetric(metric => meanInterval(column(scores, metric))),
        ...(run !== reference && {
          behind: byMetric(metric => pairedDifference(column(best, metric), column(scores, metric))),
        }),
        latency: latencyOf(run.questions.map(each => each.milliseconds)),
        missed: run.questions.filter((_, index) => scores[index]["hit@5"] === 0).map(each => each.id),
      }
    }),
  }
}

const column = (scores: readonly RetrievalScores[], metric: RetrievalMetric): number[] =>
  scores.map(each => each[metric])

const byMetric = (interval: (metric: RetrievalMetric) => Interval): Record<RetrievalMetric, Interval> =>
  Object.fromEntries(retrievalMetrics.map(metric => [metric, interval(metric)])) as Record<
    RetrievalMetric,
    Interval
  >

const checkSame = (runs: readonly SystemRun[], reference: SystemRun): void => {
  const names = new Set<string>()
  const ids = reference.questions.map(each => each.id).join()
  for (const run of runs) {
    if (names.has(run.name)) throw new RoadmapError("INVALID_INPUT", `Two systems are called "${run.name}".`)
    names.add(run.name)
    if (run.questions.map(each => each.id).join() !== ids)
      throw new RoadmapError(
        "INVALID_INPUT",
        `"${run.name}" and "${reference.name}" answered other questions: a difference would mean nothing.`,
      )
  }
}
