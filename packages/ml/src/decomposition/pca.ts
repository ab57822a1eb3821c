import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import { alignColumns, completeNumbers, type FeatureSchema, schemaOf } from "../columns.ts"
import type { Features, NumericColumn } from "../features.ts"
import { frozen } from "../frozen.ts"
import { forEachBlock } from "../linear/blocks.ts"
import { createDesign } from "../linear/design.ts"
import { createNormalEquations } from "../linear/normal-equations.ts"
import { parseParameters } from "../parameters.ts"
import { chooseColumns } from "../preprocessing/columns.ts"
import { symmetricEigen } from "./symmetric-eigen.ts"

const pcaParameters = z.strictObject({
  /** A number of components, or the least share of the variance they explain, in (0, 1). Default: all. */
  components: z
    .number()
    .positive()
    .refine(value => value < 1 || Number.isInteger(value), "a share below 1 or a whole number")
    .optional(),
  /** Scale each component to unit variance. */
  whiten: z.boolean().default(false),
})

export type PcaParameters = z.input<typeof pcaParameters>

export interface PcaModel {
  readonly kind: "pca"
  readonly parameters: z.output<typeof pcaParameters>
  readonly features: readonly FeatureSchema[]
  readonly mean: Float64Array
  /** One row a component, one value a feature. The largest value of each row is positive. */
  readonly axes: Float64Array
  /** Variance along each component (n - 1 in the denominator) and its share of the total. */
  readonly variance: Float64Array
  readonly varianceRatio: Float64Array
}

/**
 * Principal component analysis (Pearson, 1901) from the covariance matrix, accumulated over the rows in
 * blocks; signs as scikit-learn's `PCA` chooses them. Throws INVALID_INPUT for missing or infinite values and
 * fewer than two rows.
 */
export const fitPca = (input: {
  readonly features: Features
  /** Default: all numeric features. */
  readonly columns?: readonly string[]
  readonly parameters?: PcaParameters
}): PcaModel => {
  const parameters = parseParameters("PCA", pcaParameters, input.parameters)
  const { rows } = input.features
  const columns = completeNumbers(
    chooseColumns(input.features, input.columns, { kind: "numeric", step: "PCA" }),
    "PCA",
  )
  const width = columns.length
  if (rows < 2) throw new RoadmapError("INVALID_INPUT", `PCA needs at least two rows; it got ${rows}.`)
  if ((parameters.components ?? 1) > Math.min(width, rows))
    throw new RoadmapError(
      "INVALID_INPUT",
      `PCA is asked for ${parameters.components} components of ${rows} rows and ${width} features.`,
    )
  const { mean, covariance } = covarianceOf({ rows, columns })
  const eigen = symmetricEigen(covariance, width)
  const variance = eigen.values.map(value => Math.max(0, value))
  const total = variance.reduce((sum, value) => sum + value, 0)
  const varianceRatio = variance.map(value => (total > 0 ? value / total : 0))
  const kept = countKept(parameters.components, varianceRatio, Math.min(width, rows))
  const axes = eigen.vectors.slice(0, kept * width)
  for (let k = 0; k < kept; k++) makeLargestPositive(axes.subarray(k * width, (k + 1) * width))
  return frozen({
    kind: "pca",
    parameters,
    features: schemaOf({ rows, columns }),
    mean,
    axes,
    variance: variance.slice(0, kept),
    varianceRatio: varianceRatio.slice(0, kept),
  })
}

/** The features of the model replaced by columns pca1, pca2, …; other columns pass through, before them. */
export const project = (model: PcaModel, features: Features): Features => {
  const columns = completeNumbers(alignColumns(model.features, features), "PCA")
  const names = new Set(columns.map(({ name }) => name))
  const { axes, mean, variance } = model
  const width = columns.length
  const components = Array.from(variance, (spread, k): NumericColumn => {
    const values = new Float64Array(features.rows)
    columns.forEach((column, c) => {
      const loading = axes[k * width + c]
      for (let row = 0; row < values.length; row++) values[row] += loading * (column.values[row] - mean[c])
    })
    if (model.parameters.whiten && spread > 0)
      for (let row = 0; row < values.length; row++) values[row] /= Math.sqrt(spread)
    return { name: `pca${k + 1}`, kind: "numeric", values }
  })
  return {
    rows: features.rows,
    columns: [...features.columns.filter(({ name }) => !names.has(name)), ...components],
  }
}

/**
 * The linear models' blocked X'X works on standardised columns: covariance = deviation x correlation x
 * deviation.
 */
const covarianceOf = (features: Features): { mean: Float64Array; covariance: Float64Array } => {
  const design = createDesign(features, undefined, { standardize: true, missingIndicator: false })
  const equations = createNormalEquations(design, { weighted: false })
  forEachBlock(design, block => equations.add(block))
  const gram = equations.assemble()
  const { size, dense, fill } = design
  const width = size - 1
  const deviations = dense.map(({ factor }) => (factor === 0 ? 0 : 1 / factor))
  const covariance = new Float64Array(width * width)
  for (let i = 0; i < width; i++)
    for (let j = 0; j < width; j++) {
      const centered =
        gram[(i + 1) * size + j + 1] - (gram[(i + 1) * size] * gram[(j + 1) * size]) / features.rows
      covariance[i * width + j] = (centered * deviations[i] * deviations[j]) / (features.rows - 1)
    }
  return { mean: fill, covariance }
}

const countKept = (components: number | undefined, ratio: Float64Array, most: number): number => {
  if (components === undefined) return most
  if (components >= 1) return components
  let explained = 0
  let kept = 0
  while (kept < most && explained < components) explained += ratio[kept++]
  return kept
}

const makeLargestPositive = (axis: Float64Array): void => {
  let largest = 0
  for (let i = 1; i < axis.length; i++) if (Math.abs(axis[i]) > Math.abs(axis[largest])) largest = i
  if (axis[largest] < 0) for (let i = 0; i < axis.length; i++) axis[i] = -axis[i]
}
