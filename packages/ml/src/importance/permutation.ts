import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random, sampleIndices, shuffle } from "@roadmap/core/random"
import type { Progress } from "../estimator.ts"
import type { FeatureColumn, Features } from "../features.ts"
import type { NumericArray } from "../input.ts"
import { percentileInterval, standardDeviation } from "../metrics/bootstrap.ts"
import { type MetricName, metrics } from "../metrics/catalog.ts"
import { resample, statisticOf, unitsOf } from "../metrics/resample.ts"
import { takeRows, takeValues } from "../rows.ts"

export interface PermutationImportanceInput {
  /**
   * The model's response to rows of features: `features => predict(model, features)`, or of `predictProba`.
   */
  readonly predict: (features: Features) => Float64Array
  readonly features: Features
  readonly target: NumericArray
  readonly metric: MetricName
  readonly weights?: NumericArray
  /** Groups of rows that are not independent, for the intervals: see `bootstrapInterval`. */
  readonly groups?: Int32Array
  /** Features to look at. Default: all. */
  readonly names?: readonly string[]
  /** Shuffles of each feature. Default 5. */
  readonly repeats?: number
  /** Rows to draw at random before anything else. Default: all. */
  readonly sample?: number
  /** Resamples of the rows behind each interval. Default 200. */
  readonly replicates?: number
  readonly level?: number
  readonly random?: Random
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

export interface PermutationImportance {
  readonly name: string
  /** How much worse the metric gets when the feature is shuffled, the mean over the repeats. */
  readonly importance: number
  /** Standard deviation over the repeats: the part that comes from shuffling. */
  readonly deviation: number
  /** Percentile interval over repeats and resampled rows together. */
  readonly low: number
  readonly high: number
}

/**
 * Permutation importance (Breiman, 2001; Fisher, Rudin and Dominici, 2019): shuffles one feature at a time
 * and measures how much worse the model's metric gets, on rows the model was not fitted on. Positive means
 * the model relies on it. The interval pools paired bootstrap differences of every repeat, so it covers both
 * shuffling and the choice of rows. Sorted by importance. Correlated features share what they carry: each
 * alone may look unimportant. Throws INVALID_INPUT, INTERRUPTED.
 */
export const permutationImportance = (input: PermutationImportanceInput): PermutationImportance[] => {
  const { predict, metric, repeats = 5, replicates = 200, level = 0.95 } = input
  const random = input.random ?? createRandom(0)
  if (!Number.isInteger(repeats) || repeats < 1)
    throw new RoadmapError("INVALID_INPUT", `repeats is ${repeats}; it must be a whole number of at least 1.`)
  const { features, target, weights, groups } = drawSample(input, random.fork("sample"))
  const columns = chooseColumns(features, input.names)
  const units = unitsOf(groups, features.rows)
  const sample = { metric, target, weights }
  const base = statisticOf(sample, predict(features), units)
  const everyRow = new Int32Array(units.count).fill(1)
  const sign = metrics[metric].greaterIsBetter ? -1 : 1
  const perRepeat = Math.max(2, Math.ceil(replicates / repeats))

  const measure = (column: FeatureColumn): PermutationImportance => {
    const columnRandom = random.fork(column.name)
    const losses = new Float64Array(repeats)
    const pooled: number[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      throwIfAborted(input.signal)
      const shuffled = statisticOf(sample, predict(shuffleColumn(features, column, columnRandom)), units)
      losses[repeat] = sign * (shuffled(everyRow) - base(everyRow))
      pooled.push(
        ...resample(drawn => sign * (shuffled(drawn) - base(drawn)), {
          units: units.count,
          replicates: perRepeat,
          random: columnRandom,
        }),
      )
    }
    const importance = losses.reduce((sum, loss) => sum + loss / repeats, 0)
    const { low, high } = percentileInterval(importance, Float64Array.from(pooled), level)
    return { name: column.name, importance, deviation: standardDeviation(losses), low, high }
  }

  return columns
    .map((column, done) => {
      input.onProgress?.({ done: done * features.rows, total: columns.length * features.rows, unit: "rows" })
      return measure(column)
    })
    .sort((a, b) => b.importance - a.importance)
}

const drawSample = (input: PermutationImportanceInput, random: Random) => {
  const { features, target, weights, groups, sample } = input
  if (target.length !== features.rows)
    throw new RoadmapError(
      "INVALID_INPUT",
      `target has ${target.length} values; there are ${features.rows} rows.`,
    )
  if (sample === undefined || sample >= features.rows) return { features, target, weights, groups }
  const rows = sampleIndices(features.rows, sample, random)
  return {
    features: takeRows(features, rows),
    target: takeValues(target, rows),
    weights: weights && takeValues(weights, rows),
    groups: groups && takeValues(groups, rows),
  }
}

const chooseColumns = (
  features: Features,
  names: readonly string[] | undefined,
): readonly FeatureColumn[] => {
  if (names === undefined) return features.columns
  return names.map(name => {
    const column = features.columns.find(candidate => candidate.name === name)
    if (column === undefined)
      throw new RoadmapError("INVALID_INPUT", `There is no feature "${name}" to shuffle.`)
    return column
  })
}

const shuffleColumn = (features: Features, shuffled: FeatureColumn, random: Random): Features => {
  const order = shuffle(
    Int32Array.from({ length: features.rows }, (_, row) => row),
    random,
  )
  const column: FeatureColumn =
    shuffled.kind === "numeric"
      ? { ...shuffled, values: takeValues(shuffled.values, order) }
      : { ...shuffled, codes: takeValues(shuffled.codes, order) }
  return {
    rows: features.rows,
    columns: features.columns.map(other => (other.name === shuffled.name ? column : other)),
  }
}
