import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random, shuffle } from "@roadmap/core/random"
import { z } from "zod"
import { alignColumns, type FeatureSchema, MISSING, schemaOf } from "../columns.ts"
import type { CategoricalColumn, Features, NumericColumn } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkValues, checkWeights, type NumericArray } from "../input.ts"
import { parseParameters } from "../parameters.ts"
import { chooseColumns, replaceColumns } from "./columns.ts"

const targetEncoderParameters = z.strictObject({
  /** Rows of mean target added to each category, or "auto": as many as the spread within it calls for. */
  smooth: z.union([z.literal("auto"), z.number().min(0)]).default("auto"),
  /** Parts of the training rows for cross-fitting. */
  folds: z.number().int().min(2).default(5),
})

export type TargetEncoderParameters = z.input<typeof targetEncoderParameters>

export interface TargetEncoderModel {
  readonly kind: "target-encoder"
  readonly parameters: Required<TargetEncoderParameters>
  readonly features: readonly FeatureSchema[]
  /** Mean of the target: the encoding of a category not seen. */
  readonly mean: number
  /** Per feature: the encoding of each category, then that of missing values. */
  readonly encodings: readonly Float64Array[]
}

export interface TargetEncoderInput {
  readonly features: Features
  /** Numbers, or labels 0 and 1. */
  readonly target: NumericArray
  readonly weights?: NumericArray
  /** Default: all categorical features. */
  readonly columns?: readonly string[]
  readonly parameters?: TargetEncoderParameters
}

/**
 * Learns to replace a category by the mean target of its rows, shrunk towards the mean of all rows
 * (Micci-Barreca, 2001; "auto" is the empirical Bayes weight of scikit-learn's `TargetEncoder`). A missing
 * category is one of its own. For the rows it was fitted on use `crossFitTarget`: their own targets would
 * leak. Throws INVALID_INPUT.
 */
export const fitTargetEncoder = (input: TargetEncoderInput): TargetEncoderModel => {
  const { columns, target, weights, parameters } = checkInput(input)
  const { mean, encodings } = encode({ columns, target, weights, smooth: parameters.smooth })
  const features = schemaOf({ rows: target.length, columns })
  return frozen({ kind: "target-encoder", parameters, features, mean, encodings })
}

/** Each categorical column becomes a numeric one of the same name. */
export const encodeTarget = (model: TargetEncoderModel, features: Features): Features =>
  replaceColumns(model.features, features, (column, index) => {
    if (column.kind === "numeric") return [column]
    const values = new Float64Array(features.rows)
    for (let row = 0; row < values.length; row++)
      values[row] = encodingOf(column.codes[row], model.encodings[index], model.mean)
    return [{ name: column.name, kind: "numeric", values } satisfies NumericColumn]
  })

/**
 * The training rows, each encoded from the targets of the other folds. Folds are drawn at random unless given
 * as a number 0..folds-1 a row. Throws INVALID_INPUT.
 */
export const crossFitTarget = (
  input: TargetEncoderInput & { readonly folds?: Int32Array; readonly random?: Random },
): Features => {
  const { columns, target, weights, parameters } = checkInput(input)
  const rows = target.length
  const foldOf = input.folds ?? drawFolds(rows, parameters.folds, input.random ?? createRandom(0))
  if (foldOf.length !== rows || foldOf.some(fold => fold < 0 || fold >= parameters.folds))
    throw new RoadmapError(
      "INVALID_INPUT",
      `folds needs a number from 0 to ${parameters.folds - 1} for each of ${rows} rows.`,
    )
  const encoded = columns.map((): Float64Array => new Float64Array(rows))
  for (let fold = 0; fold < parameters.folds; fold++) {
    const { mean, encodings } = encode({
      columns,
      target,
      weights,
      smooth: parameters.smooth,
      leaveOut: { foldOf, fold },
    })
    columns.forEach(({ codes }, index) => {
      for (let row = 0; row < rows; row++)
        if (foldOf[row] === fold) encoded[index][row] = encodingOf(codes[row], encodings[index], mean)
    })
  }
  const schema = schemaOf({ rows, columns })
  return replaceColumns(schema, input.features, (column, index) => [
    { name: column.name, kind: "numeric", values: encoded[index] },
  ])
}

const checkInput = (input: TargetEncoderInput) => {
  const { features } = input
  const chosen = chooseColumns(features, input.columns, { kind: "categorical", step: "The target encoder" })
  const columns = alignColumns(
    schemaOf({ rows: features.rows, columns: chosen }),
    features,
  ) as CategoricalColumn[]
  return {
    columns,
    target: checkValues("target", input.target, features.rows),
    weights: checkWeights(input.weights, features.rows),
    parameters: parseParameters("target encoder", targetEncoderParameters, input.parameters),
  }
}

const encodingOf = (code: number, encodings: Float64Array, mean: number): number =>
  code >= 0 ? encodings[code] : code === MISSING ? encodings[encodings.length - 1] : mean

interface EncodeInput {
  readonly columns: readonly CategoricalColumn[]
  readonly target: Float64Array
  readonly weights: Float64Array | undefined
  readonly smooth: "auto" | number
  readonly leaveOut?: { readonly foldOf: Int32Array; readonly fold: number }
}

const encode = (input: EncodeInput): { mean: number; encodings: Float64Array[] } => {
  const { columns, target, weights, smooth, leaveOut } = input
  // One weight a row, 0 for the rows left out: then every sum below is over the rows that count.
  const counted = new Float64Array(target.length)
  for (let row = 0; row < counted.length; row++)
    counted[row] =
      leaveOut?.foldOf[row] === leaveOut?.fold && leaveOut !== undefined
        ? 0
        : weights === undefined
          ? 1
          : weights[row]
  let total = 0
  let sum = 0
  for (let row = 0; row < counted.length; row++) {
    total += counted[row]
    sum += counted[row] * target[row]
  }
  if (!(total > 0))
    throw new RoadmapError(
      "INVALID_INPUT",
      `Cross-fitting needs rows outside each fold; there are ${target.length} rows.`,
    )
  const mean = sum / total
  let squares = 0
  for (let row = 0; row < counted.length; row++) squares += counted[row] * (target[row] - mean) ** 2
  const variance = squares / total
  const encodings = columns.map(({ codes, categories }) => {
    const missing = categories.length
    const counts = new Float64Array(missing + 1)
    const means = new Float64Array(missing + 1)
    const spreads = new Float64Array(missing + 1)
    for (let row = 0; row < codes.length; row++) {
      const category = codes[row] < 0 ? missing : codes[row]
      counts[category] += counted[row]
      means[category] += counted[row] * target[row]
    }
    for (let category = 0; category <= missing; category++) means[category] /= counts[category]
    for (let row = 0; row < codes.length; row++) {
      const category = codes[row] < 0 ? missing : codes[row]
      spreads[category] += counted[row] * (target[row] - means[category]) ** 2
    }
    return means.map((own, category) => {
      const count = counts[category]
      if (count === 0) return mean
      const prior = smooth === "auto" ? spreads[category] / count / variance : smooth
      // No spread anywhere: the category's own mean is the mean of all.
      return Number.isNaN(prior) ? mean : (count * own + prior * mean) / (count + prior)
    })
  })
  return { mean, encodings }
}

const drawFolds = (rows: number, folds: number, random: Random): Int32Array =>
  shuffle(
    Int32Array.from({ length: rows }, (_, row) => row % folds),
    random,
  )
