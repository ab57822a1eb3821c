import { RoadmapError } from "@roadmap/core/errors"
import type { CategoricalColumn, Features } from "@roadmap/ml/features"
import { takeRows, takeValues } from "@roadmap/ml/rows"
import { viewRows } from "@roadmap/ml/selection/rows"

/** Rows in the order of time: training rows, then validation rows, then test rows. */
export interface TrainingData {
  readonly features: Features
  readonly target: Float64Array
  /** When each row's features were taken and when its label became known, in microseconds since 1970. */
  readonly time: Float64Array
  readonly labelTime: Float64Array
  /** Rows of one group are not independent: the bootstrap draws whole groups. */
  readonly groups: Int32Array
  /** Where the validation rows and the test rows begin. */
  readonly validationFrom: number
  readonly testFrom: number
  /** By the names in the specification's `evaluation.slices`. */
  readonly slices: Readonly<Record<string, Pick<CategoricalColumn, "codes" | "categories">>>
}

export const parts = ["train", "validation", "test"] as const
export type Part = (typeof parts)[number]

/** Throws INVALID_INPUT for columns of unequal length, a part without rows, or a slice that is not there. */
export const checkData = (data: TrainingData, slices: readonly string[]): void => {
  const { features, target, time, labelTime, groups, validationFrom, testFrom } = data
  const problems = Object.entries({ target, time, labelTime, groups })
    .filter(([, values]) => values.length !== features.rows)
    .map(([name, values]) => `${name} has ${values.length} values for ${features.rows} rows`)
  if (!(0 < validationFrom && validationFrom < testFrom && testFrom < features.rows))
    problems.push(
      `the parts begin at rows 0, ${validationFrom} and ${testFrom} of ${features.rows}: one of them is empty`,
    )
  for (const name of slices)
    if (data.slices[name]?.codes.length !== features.rows) problems.push(`there is no slice column "${name}"`)
  if (problems.length > 0)
    throw new RoadmapError("INVALID_INPUT", `The training data cannot be used: ${problems.join("; ")}.`)
}

/** The rows of one part; nothing is copied. */
export const partOf = (data: TrainingData, part: Part): TrainingData => {
  const [from, to] = rangeOf(data, part)
  const rows = Int32Array.from({ length: to - from }, (_, i) => from + i)
  const { features, target } = viewRows(data, rows)
  return {
    ...data,
    features,
    target: target as Float64Array,
    time: data.time.subarray(from, to),
    labelTime: data.labelTime.subarray(from, to),
    groups: data.groups.subarray(from, to),
    slices: Object.fromEntries(
      Object.entries(data.slices).map(([name, { codes, categories }]) => [
        name,
        { codes: codes.subarray(from, to), categories },
      ]),
    ),
  }
}

export const rangeOf = (data: TrainingData, part: Part): readonly [number, number] =>
  part === "train"
    ? [0, data.validationFrom]
    : part === "validation"
      ? [data.validationFrom, data.testFrom]
      : [data.testFrom, data.features.rows]

/** At most `most` of the rows of one part, evenly spread. */
export const spreadRows = (data: TrainingData, most: number): TrainingData => {
  const total = data.features.rows
  return total <= most ? data : chooseRows(data, evenly(0, total, most))
}

/** At most about `most` rows, evenly spread, each part keeping its share. */
export const thin = (data: TrainingData, most: number): TrainingData => {
  const share = Math.min(1, most / data.features.rows)
  if (share === 1) return data
  const rows = parts.map(part => {
    const [from, to] = rangeOf(data, part)
    return evenly(from, to, Math.max(1, Math.round(share * (to - from))))
  })
  const [train, validation] = rows.map(({ length }) => length)
  return {
    ...chooseRows(data, Int32Array.from(rows.flatMap(chosen => [...chosen]))),
    validationFrom: train,
    testFrom: train + validation,
  }
}

const evenly = (from: number, to: number, count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => from + Math.floor((i * (to - from)) / count))

const chooseRows = (data: TrainingData, rows: Int32Array): TrainingData => ({
  ...data,
  features: takeRows(data.features, rows),
  target: takeValues(data.target, rows),
  time: takeValues(data.time, rows),
  labelTime: takeValues(data.labelTime, rows),
  groups: takeValues(data.groups, rows),
  slices: Object.fromEntries(
    Object.entries(data.slices).map(([name, { codes, categories }]) => [
      name,
      { codes: takeValues(codes, rows), categories },
    ]),
  ),
})
