import { RoadmapError } from "@roadmap/core/errors"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import { type MetricName, metrics } from "@roadmap/ml/metrics/catalog"
import { type EstimatorSpec, estimatorKinds } from "@roadmap/ml/selection/estimator"
import type { MedianPruning } from "@roadmap/ml/selection/pruning"
import type { SearchBudget, SearchMethod } from "@roadmap/ml/selection/search"
import { checkSpace, type Space } from "@roadmap/ml/selection/space"
import { z } from "zod"

/**
 * Everything that decides which model comes out, as data: it can be printed, stored beside the model, and compared. Code
 * decides nothing more, so the same specification on the same snapshot gives the same candidate.
 */
export interface TrainingSpecification {
  /** The registered model's name. */
  readonly model: string
  /** The experiment that its runs are tracked in. */
  readonly experiment: string
  readonly task: "regression" | "classification"
  readonly data: {
    /** Content hash of the training set. */
    readonly snapshot: string
    readonly service: string
    readonly serviceVersion: string
  }
  /** What is fitted; the parameters found are put into its own. */
  readonly estimator: EstimatorSpec
  readonly space: Space
  /** The first decides: in the search, and between candidate and champion. */
  readonly metrics: readonly [MetricName, ...MetricName[]]
  readonly search: {
    readonly method: SearchMethod
    readonly budget: SearchBudget
    readonly pruning?: MedianPruning
    /** Most training rows that trials learn from, evenly spread over time. Default: all. */
    readonly rows?: number
  }
  /** Time-series folds of the training rows: train before each start, test from it to the next. */
  readonly folds: {
    /** ISO 8601, ascending. */
    readonly testFrom: readonly [string, ...string[]]
    /** Least time between a training label's becoming known and the start of the test, in hours. */
    readonly purgeHours: number
  }
  readonly evaluation: {
    /** Columns by which the scores are broken down. */
    readonly slices: readonly string[]
    /** Smaller slices are left out. */
    readonly leastRows: number
    /** Resamples of whole groups behind each interval. */
    readonly replicates: number
  }
  readonly seed: number
}

const text = z.string().min(1)
const metric = z.string().refine(name => Object.hasOwn(metrics, name), {
  error: issue => `"${String(issue.input)}" is no metric; there are ${Object.keys(metrics).join(", ")}`,
})
const moment = z.string().refine(value => !Number.isNaN(Date.parse(value)), "an ISO 8601 date")
const whole = (low: number) => z.int().min(low)

const schema = z.strictObject({
  model: text,
  experiment: text,
  task: z.enum(["regression", "classification"]),
  data: z.strictObject({ snapshot: text, service: text, serviceVersion: text }),
  estimator: z.looseObject({ kind: z.enum(estimatorKinds) }),
  space: z.record(z.string(), z.unknown()),
  metrics: z.array(metric).min(1, "the metric that decides"),
  search: z.strictObject({
    method: z.looseObject({ kind: z.enum(["random", "grid", "tpe", "halving", "hyperband"]) }),
    budget: z.strictObject({ trials: whole(1).optional(), seconds: z.number().positive().optional() }),
    pruning: z.strictObject({ startup: whole(1).optional(), warmupSteps: whole(0).optional() }).optional(),
    rows: whole(100).optional(),
  }),
  folds: z.strictObject({
    testFrom: z
      .array(moment)
      .min(1, "the start of at least one test period")
      .refine(
        starts => starts.every((start, i) => i === 0 || Date.parse(start) > Date.parse(starts[i - 1])),
        "starts in ascending order",
      ),
    purgeHours: z.number().min(0),
  }),
  evaluation: z.strictObject({ slices: z.array(text), leastRows: whole(2), replicates: whole(2) }),
  seed: whole(0),
})

/**
 * Checks a specification. Throws INVALID_INPUT that names every wrong part: unknown fields, metrics of the other task,
 * parameters the estimator fixes and the space varies, periods out of order.
 */
export const defineTraining = (given: TrainingSpecification): TrainingSpecification => {
  const parsed = schema.safeParse(given)
  const problems = parsed.success
    ? contradictions(given)
    : parsed.error.issues.map(issue => `${issue.path.join(".") || "specification"}: ${issue.message}`)
  if (problems.length > 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The training specification of "${String(given?.model)}" cannot be used: ${problems.join("; ")}.`,
      { hint: "A specification is plain data; every field is described in TrainingSpecification." },
    )
  checkSpace(given.space)
  return given
}

const contradictions = ({ task, metrics: names, estimator, space }: TrainingSpecification): string[] => {
  const problems: string[] = []
  const other = task === "regression" ? "probability" : "value"
  // A ranking takes any score, so that a delay in minutes may be judged by it, but not decide by it.
  if (metrics[names[0]].response === other)
    problems.push(`metrics: ${names[0]} is computed from a ${other}, which a ${task} model does not give`)
  const fixed = "parameters" in estimator ? Object.keys(estimator.parameters ?? {}) : []
  const both = fixed.filter(name => Object.hasOwn(space, name))
  if (both.length > 0) problems.push(`space: ${both.join(", ")} of the estimator is fixed already`)
  return problems
}

/** Equal for equal specifications: under it a killed search finds its trials again. */
export const specificationKey = (specification: TrainingSpecification): string =>
  sha256(canonicalJson(specification)).slice(0, 32)

/** The estimator with the parameters that a search found. */
export const withParameters = (
  estimator: EstimatorSpec,
  parameters: Readonly<Record<string, string | number | boolean>>,
): EstimatorSpec =>
  "parameters" in estimator || estimator.kind === "boosting"
    ? ({ ...estimator, parameters: { ...estimator.parameters, ...parameters } } as EstimatorSpec)
    : estimator
