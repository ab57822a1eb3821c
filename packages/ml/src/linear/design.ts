import { RoadmapError } from "@roadmap/core/errors"
import { type FeatureSchema, schemaOf } from "../columns.ts"
import type { CategoricalColumn, FeatureColumn, Features, NumericColumn } from "../features.ts"
import { totalWeight } from "../input.ts"
import type { Engine } from "../kernels/memory.ts"
import { momentsOfColumns } from "./moments.ts"
import { createWorkspace, type LinearWorkspace } from "./workspace.ts"

/**
 * Widest encoding that a dense Gram matrix is built for: above it, 8 x width² bytes and width³ steps hurt.
 */
const MAX_WIDTH = 2_048

export interface DesignOptions {
  /** Penalise coefficients of numeric features in units of their standard deviation. */
  readonly standardize: boolean
  /** Add a 0/1 column for each feature that has missing values in the training rows. */
  readonly missingIndicator: boolean
  readonly engine?: Engine
}

/** A dense column: the standardised numbers of a feature, or the 0/1 of its missing values. */
interface DenseColumn {
  readonly feature: number
  readonly source: FeatureColumn
  readonly role: "number" | "missing"
  readonly center: number
  /** One over the standard deviation; 0 for a constant feature, so that rounding cannot pass for signal. */
  readonly factor: number
  readonly penalty: number
}

interface OneHotColumn {
  readonly feature: number
  readonly source: CategoricalColumn
  /** First of this feature's places among the parameters. */
  readonly start: number
}

/**
 * The columns a linear model works on. Parameters are ordered: intercept, dense columns, one-hot blocks.
 * Numbers are centred and scaled while fitting whatever `standardize` says (for a well-conditioned Gram
 * matrix); what differs is the penalty, so the optimum is that of the columns as they are.
 */
export interface Design {
  readonly rows: number
  readonly features: readonly FeatureSchema[]
  /** What a missing number is replaced by: the (weighted) mean; 0 for categorical features. */
  readonly fill: Float64Array
  /** 1 for features whose missing values have a column of their own. */
  readonly indicators: Uint8Array
  readonly dense: readonly DenseColumn[]
  readonly oneHot: readonly OneHotColumn[]
  /** Number of parameters, intercept included. */
  readonly size: number
  /** Relative penalty of each parameter: 0 for the intercept. */
  readonly penalty: Float64Array
  readonly workspace: LinearWorkspace
}

/** Coefficients in the units of the features, as a linear model keeps them. */
export interface LinearCoefficients {
  readonly features: readonly FeatureSchema[]
  readonly intercept: number
  /**
   * One per numeric feature, one per category of a categorical one, each followed by its missing indicator.
   */
  readonly coefficients: Float64Array
  /** Name of each coefficient: `distance`, `origin=ATL`, `distance is missing`. */
  readonly names: readonly string[]
  readonly fill: Float64Array
  readonly indicators: Uint8Array
}

/**
 * Plans the encoding of the training rows. Throws INVALID_INPUT for infinite values or too wide an encoding.
 */
export const createDesign = (
  features: Features,
  weights: Float64Array | undefined,
  options: DesignOptions,
): Design => {
  const { columns, rows } = features
  const indicators = Uint8Array.from(columns, column =>
    options.missingIndicator && hasMissing(column) ? 1 : 0,
  )
  const numeric = columns.filter((column): column is NumericColumn => column.kind === "numeric")
  const categories = columns.flatMap(column => (column.kind === "numeric" ? [] : [column.categories.length]))
  const width = 1 + numeric.length + indicators.reduce((sum, one) => sum + one, 0)
  const size = categories.reduce((sum, count) => sum + count, width)
  if (size > MAX_WIDTH)
    throw new RoadmapError(
      "INVALID_INPUT",
      `One-hot encoding gives ${size - 1} columns; at most ${MAX_WIDTH - 1} fit.`,
      {
        hint: "Encode features of many categories by a target encoder, or merge rare categories.",
      },
    )
  const workspace = createWorkspace({ rows, width, categories, engine: options.engine })
  const moments = momentsOfColumns(workspace, numeric, weights)
  const total = totalWeight(rows, weights)
  const fill = new Float64Array(columns.length)
  const dense: DenseColumn[] = []
  const oneHot: OneHotColumn[] = []
  let start = width
  columns.forEach((source, feature) => {
    if (source.kind === "numeric") {
      const { mean, squares, present, largest } = moments[numeric.indexOf(source)]
      // No more spread than rounding: the rule of scikit-learn's StandardScaler.
      const constant = !(Math.sqrt(squares / present) > 10 * Number.EPSILON * largest)
      // Missing values count as the mean, so the spread is over all rows.
      const factor = constant ? 0 : 1 / Math.sqrt(squares / total)
      fill[feature] = mean
      const penalty = options.standardize || constant ? 1 : factor * factor
      dense.push({ feature, source, role: "number", center: mean, factor, penalty })
    } else {
      oneHot.push({ feature, source, start })
      start += source.categories.length
    }
    if (indicators[feature] === 1)
      dense.push({ feature, source, role: "missing", center: 0, factor: 1, penalty: 1 })
  })
  const penalty = new Float64Array(size).fill(1)
  penalty[0] = 0
  dense.forEach((column, index) => {
    penalty[1 + index] = column.penalty
  })
  return { rows, features: schemaOf(features), fill, indicators, dense, oneHot, size, penalty, workspace }
}

/** Turns fitted parameters back into coefficients for the columns as they are given. */
export const toCoefficients = (design: Design, parameters: Float64Array): LinearCoefficients => {
  const { features, fill, indicators, dense, oneHot } = design
  const coefficients: number[] = []
  const names: string[] = []
  let intercept = parameters[0]
  features.forEach((schema, feature) => {
    const block = oneHot.find(column => column.feature === feature)
    dense.forEach((column, index) => {
      if (column.feature !== feature || column.role !== "number") return
      const coefficient = parameters[1 + index] * column.factor
      coefficients.push(coefficient)
      names.push(schema.name)
      intercept -= coefficient * column.center
    })
    if (schema.kind === "categorical" && block !== undefined)
      schema.categories.forEach((category, code) => {
        coefficients.push(parameters[block.start + code])
        names.push(`${schema.name}=${category}`)
      })
    if (indicators[feature] === 0) return
    const place = dense.findIndex(column => column.feature === feature && column.role === "missing")
    coefficients.push(parameters[1 + place])
    names.push(`${schema.name} is missing`)
  })
  return { features, intercept, coefficients: Float64Array.from(coefficients), names, fill, indicators }
}

const hasMissing = (column: FeatureColumn): boolean => {
  const values = column.kind === "numeric" ? column.values : column.codes
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (Number.isNaN(value) || (column.kind === "categorical" && value < 0)) return true
  }
  return false
}
