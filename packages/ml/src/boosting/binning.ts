/**
 * Values to bins. A numeric feature has up to 255 bins divided by thresholds; bin b holds the values above
 * thresholds[b - 1] and up to thresholds[b]. One more code, equal to the number of bins, means missing.
 */
export interface NumericBins {
  readonly kind: "numeric"
  readonly thresholds: Float64Array
}

/** Frequent categories have a bin each; the others share the last bin when there are more than `bins`. */
export interface CategoricalBins {
  readonly kind: "categorical"
  /** Bin of each code. */
  readonly binOfCode: Uint8Array
  readonly bins: number
}

export type FeatureBins = NumericBins | CategoricalBins

export const binCount = (bins: FeatureBins): number =>
  bins.kind === "numeric" ? bins.thresholds.length + 1 : bins.bins

/** Rows looked at to place the thresholds, as in LightGBM and scikit-learn. */
export const binningSampleRows = 200_000

/**
 * Thresholds that give each bin about the same number of the sample's rows; a value with more rows than
 * that gets a bin of its own. Sorts `sample` in place; NaN is left out.
 */
export const numericBins = (sample: Float64Array | Float32Array, maxBins: number): NumericBins => {
  const sorted = sample.sort()
  let count = sorted.length
  while (count > 0 && Number.isNaN(sorted[count - 1])) count--
  const values: number[] = []
  const rows: number[] = []
  for (let i = 0; i < count; ) {
    const value = sorted[i]
    let end = i + 1
    while (end < count && sorted[end] === value) end++
    values.push(value)
    rows.push(end - i)
    i = end
  }
  if (values.length <= maxBins)
    return {
      kind: "numeric",
      thresholds: Float64Array.from(values.slice(1), (high, i) => between(values[i], high)),
    }

  const isLarge = rows.map(size => size > count / maxBins)
  let largeLeft = isLarge.filter(Boolean).length
  let smallRows = rows.reduce((sum, size, i) => (isLarge[i] ? sum : sum + size), 0)
  const thresholds: number[] = []
  let binsLeft = maxBins
  let filled = 0
  for (let i = 0; i < values.length - 1 && binsLeft > 1; i++) {
    filled += rows[i]
    if (isLarge[i]) largeLeft--
    else smallRows -= rows[i]
    const share = (smallRows + (isLarge[i] ? 0 : filled)) / Math.max(1, binsLeft - largeLeft)
    if (!isLarge[i] && filled < share && !(isLarge[i + 1] && filled >= share / 2)) continue
    thresholds.push(between(values[i], values[i + 1]))
    binsLeft--
    filled = 0
  }
  return { kind: "numeric", thresholds: Float64Array.from(thresholds) }
}

/** Bins of a categorical feature with `rows[code]` rows a category in the sample. */
export const categoricalBins = (rows: ArrayLike<number>, maxBins: number): CategoricalBins => {
  const codes = Array.from(rows, (_, code) => code)
  if (codes.length <= maxBins)
    return { kind: "categorical", binOfCode: Uint8Array.from(codes), bins: codes.length }
  codes.sort((a, b) => rows[b] - rows[a] || a - b)
  const binOfCode = new Uint8Array(codes.length).fill(maxBins - 1)
  for (let bin = 0; bin < maxBins - 1; bin++) binOfCode[codes[bin]] = bin
  return { kind: "categorical", binOfCode, bins: maxBins }
}

/**
 * A threshold t with low <= t < high: the middle, as a 32-bit float where one fits, so that a runtime with
 * 32-bit thresholds (ONNX) sends every row the same way.
 */
const between = (low: number, high: number): number => {
  const middle = low + (high - low) / 2
  const single = Math.fround(middle)
  if (single >= low && single < high) return single
  return middle >= low && middle < high ? middle : low
}

/** Writes the bins of `values[0..count)` to `codes`. */
export type Binner = (values: Float64Array, count: number, codes: Uint8Array) => void

/** Numeric: values are the feature's. Categorical: values are codes, negative or past the end is missing. */
export const createBinner = (bins: FeatureBins): Binner =>
  bins.kind === "numeric" ? numericBinner(bins.thresholds) : categoricalBinner(bins)

const categoricalBinner = ({ binOfCode, bins }: CategoricalBins): Binner => {
  return (values, count, codes) => {
    for (let i = 0; i < count; i++) {
      const code = values[i]
      codes[i] = code >= 0 && code < binOfCode.length ? binOfCode[code] : bins
    }
  }
}

const cells = 32_768

/**
 * A table of equal-width cells narrows the search to the thresholds of one cell, then bisection: on most data
 * hardly a comparison a value where plain bisection needs eight. The cell of a value and of a threshold come from the
 * same monotone expression, so rounding cannot put a threshold on the wrong side.
 */
const numericBinner = (thresholds: Float64Array): Binner => {
  const missing = thresholds.length + 1
  const finite = thresholds.filter(Number.isFinite)
  const low = finite.length > 0 ? finite[0] : 0
  const width = finite.length > 0 ? finite[finite.length - 1] - low : 0
  const scale = width > 0 && Number.isFinite(width) ? (cells - 1) / width : 0
  const cellOf = (value: number): number => {
    const position = (value - low) * scale
    return position > 0 ? (position < cells ? position | 0 : cells - 1) : 0
  }
  const first = new Uint8Array(cells + 1)
  for (const threshold of thresholds) first[cellOf(threshold) + 1]++
  for (let cell = 0; cell < cells; cell++) first[cell + 1] += first[cell]

  return (values, count, codes) => {
    for (let i = 0; i < count; i++) {
      const value = values[i]
      if (Number.isNaN(value)) {
        codes[i] = missing
        continue
      }
      const position = (value - low) * scale
      const cell = position > 0 ? (position < cells ? position | 0 : cells - 1) : 0
      let from = first[cell]
      let to = first[cell + 1]
      while (from < to) {
        const middle = (from + to) >>> 1
        if (value <= thresholds[middle]) to = middle
        else from = middle + 1
      }
      codes[i] = from
    }
  }
}
