import { breathe } from "@roadmap/core/async"
import { createRandom } from "@roadmap/core/random"
import { bootstrapInterval, type Interval } from "@roadmap/ml/metrics/bootstrap"
import { metrics as catalog, type MetricName } from "@roadmap/ml/metrics/catalog"
import type { Model } from "@roadmap/ml/model"
import { responseOf } from "@roadmap/ml/selection/estimator"
import { partOf, type TrainingData } from "./data.ts"
import type { TrainingSpecification } from "./specification.ts"

export interface Score extends Interval {
  readonly metric: MetricName
  readonly part: "validation" | "test"
}

/** Scores with intervals over whole groups, and the responses they come from. */
export interface Evaluation {
  readonly scores: readonly Score[]
  /** Response to each row of the part. */
  readonly responses: Readonly<Record<"validation" | "test", Float64Array>>
}

/**
 * Measures a model on the validation and the test rows. A metric that needs a target of two classes takes `classes` (0 and
 * 1 a row of the whole data) where the target is a number: a predicted delay ranks flights too.
 */
export const evaluateModel = async (
  specification: TrainingSpecification,
  data: TrainingData,
  model: Model,
  options: { classes?: Float64Array; signal?: AbortSignal } = {},
): Promise<Evaluation> => {
  const responses: Record<string, Float64Array> = {}
  const scores: Score[] = []
  for (const part of ["validation", "test"] as const) {
    await breathe(options.signal)
    const rows = partOf(data, part)
    responses[part] = responseOf(model, rows.features)
    scores.push(...(await scoresOf(specification, data, part, responses[part], options)))
  }
  return { scores, responses: responses as Evaluation["responses"] }
}

/** The metrics of given responses to the rows of one part. */
export const scoresOf = async (
  { metrics, evaluation, seed }: TrainingSpecification,
  data: TrainingData,
  part: "validation" | "test",
  predicted: Float64Array,
  { classes, signal }: { classes?: Float64Array; signal?: AbortSignal } = {},
): Promise<Score[]> => {
  const rows = partOf(data, part)
  const scores: Score[] = []
  for (const metric of metrics) {
    await breathe(signal)
    const target = targetFor(metric, data, classes)
    const interval = bootstrapInterval({
      metric,
      target: partOf({ ...data, target }, part).target,
      predicted,
      groups: rows.groups,
      replicates: evaluation.replicates,
      random: createRandom(seed).fork(`bootstrap ${part}`),
    })
    scores.push({ metric, part, ...interval })
  }
  return scores
}

/** Rankings of a regression are over the classes. */
export const targetFor = (
  metric: MetricName,
  data: TrainingData,
  classes: Float64Array | undefined,
): Float64Array => (catalog[metric].response === "probability" && classes ? classes : data.target)
