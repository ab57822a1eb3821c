import { breathe } from "@roadmap/core/async"
import { createRandom } from "@roadmap/core/random"
import { bootstrapDifference, type Interval } from "@roadmap/ml/metrics/bootstrap"
import { metrics as catalog, type MetricName } from "@roadmap/ml/metrics/catalog"
import { partOf, type TrainingData } from "./data.ts"
import { targetFor } from "./evaluate.ts"
import type { TrainingSpecification } from "./specification.ts"

/** How much better the candidate is than the champion on the same rows: above zero is better, for every metric. */
export interface Gain extends Interval {
  readonly metric: MetricName
}

export type Verdict = "better" | "worse" | "unclear"

export interface Comparison {
  readonly gains: readonly Gain[]
  /** By the deciding metric: the whole interval on one side of zero, or not. */
  readonly verdict: Verdict
}

/**
 * Compares two models on the test rows by the paired bootstrap over groups: both get the same draws, so what is hard for
 * both cancels out. Verdict by the first metric of the specification.
 */
export const compareWithChampion = async (
  specification: TrainingSpecification,
  data: TrainingData,
  responses: { candidate: Float64Array; champion: Float64Array },
  options: { classes?: Float64Array; signal?: AbortSignal } = {},
): Promise<Comparison> => {
  const gains: Gain[] = []
  for (const metric of specification.metrics) {
    await breathe(options.signal)
    const target = targetFor(metric, data, options.classes)
    const test = partOf({ ...data, target }, "test")
    gains.push(gainOf(specification, metric, { ...test, ...responses }))
  }
  return { gains, verdict: verdictOf(gains[0]) }
}

/** The gain on some rows; of losses champion minus candidate, of scores candidate minus champion. */
export const gainOf = (
  { evaluation, seed }: TrainingSpecification,
  metric: MetricName,
  rows: { target: Float64Array; groups: Int32Array; candidate: Float64Array; champion: Float64Array },
): Gain => {
  const { candidate, champion } = rows
  const [first, second] = catalog[metric].greaterIsBetter ? [candidate, champion] : [champion, candidate]
  return {
    metric,
    ...bootstrapDifference({
      metric,
      target: rows.target,
      groups: rows.groups,
      first,
      second,
      replicates: evaluation.replicates,
      random: createRandom(seed).fork("bootstrap test"),
    }),
  }
}

// #region verdict
export const verdictOf = ({ low, high }: Pick<Gain, "low" | "high">): Verdict =>
  low > 0 ? "better" : high < 0 ? "worse" : "unclear"
// #endregion
