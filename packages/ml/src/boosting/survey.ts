import { RoadmapError } from "@roadmap/core/errors"
import { columnLength, type FeatureColumn, type Features } from "../features.ts"
import { binningSampleRows, categoricalBins, type FeatureBins, numericBins } from "./binning.ts"
import type { BoostingFeature } from "./model.ts"
import type { BoostingParameters, Loss } from "./parameters.ts"
import { mix } from "./workspace.ts"

export type Numbers = Float64Array | Float32Array | Int32Array | Int16Array | Uint8Array | readonly number[]

/** Rows to learn from: one target a row and, optionally, one weight. */
export interface BoostingBatch {
  readonly features: Features
  readonly target: Numbers
  readonly weights?: Numbers
}

/** What one pass over the training rows tells: columns, bins, and the size of what has to be predicted. */
export interface Survey {
  readonly rows: number
  readonly features: readonly BoostingFeature[]
  readonly bins: readonly FeatureBins[]
  readonly hasMissing: readonly boolean[]
  readonly weighted: boolean
  readonly maxWeight: number
  /** Of target minus initial score, unweighted. */
  readonly mean: number
  readonly deviation: number
  readonly largest: number
}

export interface Surveyor {
  add(batch: BoostingBatch, scores: Float64Array | undefined): void
  /** Places the bins, feature by feature; `pause` is awaited between features. */
  finish(pause: () => Promise<void>): Promise<Survey>
}

/** Cells of the sample in memory at once; wide data is sampled with fewer rows. */
const sampleCells = 2 ** 24

/**
 * Looks at the rows batch by batch. The sample holds the rows whose hash is below a limit that halves
 * whenever the sample is full: it depends on the number of rows alone, not on how they are batched.
 */
export const createSurveyor = (parameters: BoostingParameters): Surveyor => {
  let columns: FeatureColumn[] = []
  let sample: (Float64Array | Float32Array)[] = []
  let hashes = new Uint32Array(0)
  let sampled = 0
  let limit = 2 ** 32
  let rows = 0
  let weighted: boolean | undefined
  let maxWeight = 0
  const target = createTargetCheck(parameters.loss)

  const start = (features: Features): void => {
    columns = [...features.columns]
    const most = Math.max(20_000, Math.min(binningSampleRows, Math.floor(sampleCells / (columns.length + 1))))
    hashes = new Uint32Array(most)
    sample = columns.map(column => (fitsSingle(column) ? new Float32Array(most) : new Float64Array(most)))
  }

  const halve = (): void => {
    limit /= 2
    let kept = 0
    for (let i = 0; i < sampled; i++) {
      if (hashes[i] >= limit) continue
      hashes[kept] = hashes[i]
      for (const values of sample) values[kept] = values[i]
      kept++
    }
    sampled = kept
  }

  const addSample = (features: Features): void => {
    const chosen = new Int32Array(8192)
    for (let first = 0; first < features.rows; first += chosen.length) {
      const last = Math.min(features.rows, first + chosen.length)
      while (
        sampled + (last - first) > hashes.length &&
        countBelow(rows, first, last, limit) + sampled > hashes.length
      )
        halve()
      let count = 0
      for (let row = first; row < last; row++) {
        const hash = mix(0x2545f491, rows + row)
        if (hash >= limit) continue
        hashes[sampled + count] = hash
        chosen[count++] = row
      }
      features.columns.forEach((column, f) => {
        const values: ArrayLike<number> = column.kind === "numeric" ? column.values : column.codes
        for (let i = 0; i < count; i++) sample[f][sampled + i] = values[chosen[i]]
      })
      sampled += count
    }
  }

  return {
    add(batch, scores) {
      const { features, weights } = batch
      checkLengths(batch)
      if (rows === 0 && columns.length === 0) start(features)
      checkColumns(columns, features.columns)
      if (rows > 0 && weighted !== undefined && weighted !== (weights !== undefined))
        throw new RoadmapError("INVALID_INPUT", "Some batches have weights and others have none.")
      weighted = weights !== undefined
      if (weights) maxWeight = Math.max(maxWeight, largestWeight(weights, rows))
      target.add(batch, scores, rows)
      addSample(features)
      rows += features.rows
    },
    async finish(pause) {
      if (rows === 0) throw new RoadmapError("INVALID_INPUT", "There are no rows to learn from.")
      if (columns.length === 0)
        throw new RoadmapError("INVALID_INPUT", "There are no features to learn from.")
      if (weighted && maxWeight === 0) throw new RoadmapError("INVALID_INPUT", "All weights are zero.")
      const hasMissing = columns.map(({ kind }, f) => {
        const values = sample[f].subarray(0, sampled)
        return values.some(value => (kind === "numeric" ? Number.isNaN(value) : value < 0))
      })
      const bins: FeatureBins[] = []
      for (const [f, column] of columns.entries()) {
        bins.push(binsOf(column, sample[f].subarray(0, sampled), parameters.bins))
        await pause()
      }
      sample = []
      return {
        rows,
        features: columns.map(column => ({
          name: column.name,
          kind: column.kind,
          categories: column.kind === "categorical" ? column.categories : [],
        })),
        bins,
        hasMissing,
        weighted: weighted === true,
        maxWeight: weighted ? maxWeight : 1,
        ...target.finish(rows),
      }
    },
  }
}

/** Whether 32-bit floats hold the column's values exactly: they halve the sample. */
const fitsSingle = (column: FeatureColumn): boolean => {
  const values = column.kind === "numeric" ? column.values : column.codes
  return !(values instanceof Float64Array || values instanceof Int32Array)
}

/** Sorts `values` in place. */
const binsOf = (column: FeatureColumn, values: Float64Array | Float32Array, maxBins: number): FeatureBins => {
  if (column.kind === "numeric") return numericBins(values, maxBins)
  const counts = new Float64Array(column.categories.length)
  for (const code of values) if (code >= 0) counts[code]++
  return categoricalBins(counts, maxBins)
}

const countBelow = (rows: number, first: number, last: number, limit: number): number => {
  let count = 0
  for (let row = first; row < last; row++) if (mix(0x2545f491, rows + row) < limit) count++
  return count
}

/** Throws INVALID_INPUT unless features, target and weights have the same number of rows. */
export const checkLengths = ({ features, target, weights }: BoostingBatch): void => {
  for (const column of features.columns)
    if (columnLength(column) !== features.rows)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Feature "${column.name}" has ${columnLength(column)} rows; the features have ${features.rows}.`,
      )
  if (target.length !== features.rows)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The target has ${target.length} values; the features have ${features.rows} rows.`,
    )
  if (weights && weights.length !== features.rows)
    throw new RoadmapError("INVALID_INPUT", `There are ${weights.length} weights for ${features.rows} rows.`)
}

/** Throws INVALID_INPUT unless `given` has the same features, in the same order, as `expected`. */
export const checkColumns = (
  expected: readonly { name: string; kind: string; categories?: readonly string[] }[],
  given: readonly FeatureColumn[],
): void => {
  if (given.length !== expected.length)
    throw new RoadmapError(
      "INVALID_INPUT",
      `There are ${given.length} features; expected ${expected.length}.`,
    )
  expected.forEach((feature, i) => {
    const column = given[i]
    if (column.name !== feature.name || column.kind !== feature.kind)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Feature ${i + 1} is "${column.name}" (${column.kind}); expected "${feature.name}" (${feature.kind}).`,
        { hint: "Give the features of the first batch or of the model, in the same order." },
      )
    if (column.kind !== "categorical" || column.categories === feature.categories) return
    const same =
      column.categories.length === feature.categories?.length &&
      column.categories.every((name, code) => name === feature.categories?.[code])
    if (!same)
      throw new RoadmapError(
        "INVALID_INPUT",
        `The categories of "${column.name}" differ from the expected ones.`,
        {
          hint: "Encode every batch with the same list of categories.",
        },
      )
  })
}

const largestWeight = (weights: Numbers, rowsBefore: number): number => {
  let largest = 0
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]
    if (!(weight >= 0 && weight < Infinity))
      throw new RoadmapError(
        "INVALID_INPUT",
        `The weight of row ${rowsBefore + i} is ${weight}; it must be a finite number >= 0.`,
      )
    if (weight > largest) largest = weight
  }
  return largest
}

/** Refuses targets the loss cannot learn from and measures target minus initial score. */
const createTargetCheck = (loss: Loss) => {
  let origin: number | undefined
  let sum = 0
  let squares = 0
  let least = Infinity
  let most = -Infinity
  let ones = 0
  let zeros = 0
  const wanted: Partial<Record<Loss, [(value: number) => boolean, string]>> = {
    logistic: [value => value === 0 || value === 1, "0 or 1 for logistic loss"],
    poisson: [value => value >= 0, "0 or more for Poisson loss"],
  }
  return {
    add({ target, weights }: BoostingBatch, scores: Float64Array | undefined, rowsBefore: number): void {
      const check = wanted[loss]
      for (let i = 0; i < target.length; i++) {
        const value = target[i]
        if (!(value - value === 0) || (check && !check[0](value)))
          throw new RoadmapError(
            "INVALID_INPUT",
            `The target of row ${rowsBefore + i} is ${value}; it must be ${check ? check[1] : "a finite number"}.`,
            { hint: "Drop such rows or fix the target." },
          )
        if (!weights || weights[i] > 0) {
          if (value > 0) ones++
          else zeros++
        }
        const error = scores ? value - scores[i] : value
        origin ??= scores ? 0 : error
        const distance = error - origin
        sum += distance
        squares += distance * distance
        if (error < least) least = error
        if (error > most) most = error
      }
    },
    finish(rows: number) {
      if (loss === "logistic" && (ones === 0 || zeros === 0))
        throw new RoadmapError(
          "INVALID_INPUT",
          `The target has one class: every row is ${ones === 0 ? 0 : 1}.`,
          {
            hint: "Logistic loss needs rows of both classes.",
          },
        )
      if (loss === "poisson" && ones === 0)
        throw new RoadmapError(
          "INVALID_INPUT",
          "The target is 0 in every row; Poisson loss needs a positive mean.",
        )
      const mean = (origin ?? 0) + sum / rows
      const largest = Math.max(most - mean, mean - least, 0)
      const variance = squares / rows - (sum / rows) ** 2
      // Squares of extreme targets leave the range of doubles; the largest distance bounds the deviation.
      return { mean, deviation: variance > 0 && variance < Infinity ? Math.sqrt(variance) : largest, largest }
    },
  }
}
