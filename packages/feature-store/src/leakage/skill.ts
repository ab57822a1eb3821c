import { rocAuc } from "@roadmap/ml/metrics/ranking"

/** How well one feature alone orders the target, 0 to 1, and over how many rows both are there. */
export interface Skill {
  readonly value: number
  readonly rows: number
}

/** True when the target has no other values than 0 and 1. */
export const isBinary = (target: Float64Array): boolean =>
  target.every(value => value === 0 || value === 1 || Number.isNaN(value))

/**
 * |2 AUC - 1| for a binary target (the Gini coefficient), else |Spearman's rank correlation|, over the rows where both
 * are there. 0 when one of them has one value only.
 */
export const skillOf = (
  feature: Float64Array,
  target: Float64Array,
  rows: Int32Array,
  binary: boolean,
): Skill => {
  const both = rows.filter(row => !Number.isNaN(feature[row]) && !Number.isNaN(target[row]))
  const x = Float64Array.from(both, row => feature[row])
  const y = Float64Array.from(both, row => target[row])
  if (isConstant(x) || isConstant(y)) return { value: 0, rows: both.length }
  return {
    value: binary ? Math.abs(2 * rocAuc(y, x) - 1) : Math.abs(correlation(ranks(x), ranks(y))),
    rows: both.length,
  }
}

const isConstant = (values: Float64Array): boolean => values.every(value => value === values[0])

/** Average ranks of ties. */
const ranks = (values: Float64Array): Float64Array => {
  const order = Uint32Array.from(values, (_, row) => row).sort((a, b) => values[a] - values[b])
  const ranked = new Float64Array(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && values[order[to]] === values[order[from]]) to++
    for (let at = from; at < to; at++) ranked[order[at]] = (from + to - 1) / 2
    from = to
  }
  return ranked
}

const correlation = (x: Float64Array, y: Float64Array): number => {
  const [meanX, meanY] = [mean(x), mean(y)]
  let [xy, xx, yy] = [0, 0, 0]
  for (let row = 0; row < x.length; row++) {
    const [a, b] = [x[row] - meanX, y[row] - meanY]
    xy += a * b
    xx += a * a
    yy += b * b
  }
  return xy / Math.sqrt(xx * yy)
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Share of the rows with both values in which they are equal. */
export const equalShare = (feature: Float64Array, target: Float64Array, rows: Int32Array): number => {
  let both = 0
  let equal = 0
  for (const row of rows) {
    if (Number.isNaN(feature[row]) || Number.isNaN(target[row])) continue
    both++
    if (feature[row] === target[row]) equal++
  }
  return both === 0 ? 0 : equal / both
}
