import { expNegative } from "./exp.ts"
import { COLUMN_BYTES } from "./layout.ts"

/**
 * The loops of the linear models over one block of rows. There are two implementations, TypeScript and
 * WebAssembly, which add in the same order and so give the same bits: a sum over rows is the sum of its even
 * rows plus the sum of its odd rows. Pointers are bytes; columns of a block are COLUMN_BYTES apart. Kernels
 * work on pairs of rows: when `rows` is odd, they use the element after the last one too.
 */
export interface LinearKernels {
  /** Widens 32-bit floats. */
  widen(from: number, to: number, rows: number): void
  /**
   * Into out[0..3], of the values that are not NaN: sum of w (v - shift), of w, and of w (v - shift)², and the
   * largest |v|.
   */
  summarize(column: number, weights: number, rows: number, shift: number, out: number): void
  /** (v - center) factor in place; NaN becomes 0. */
  encode(column: number, rows: number, center: number, factor: number): void
  /** response = sum over columns of parameter times column. */
  respond(dense: number, width: number, rows: number, parameters: number, response: number): void
  /** response += effects[code]. */
  respondCodes(codes: number, rows: number, effects: number, response: number): void
  /**
   * Logistic loss at log odds `response`: weight (label - p) into residuals, weight p (1 - p) into curvature,
   * 1 + e^-|log odds| into factors; into out[0..3] the sums of weight (max(x, 0) - label x) and the products
   * of the factors, each over even and over odd rows.
   */
  classify(
    response: number,
    labels: number,
    weights: number,
    rows: number,
    residuals: number,
    curvature: number,
    factors: number,
    out: number,
  ): void
  /** weighted = row weight times dense, column by column. */
  weigh(dense: number, width: number, rows: number, rowWeights: number, weighted: number): void
  /**
   * products[i][j] += sum over rows of weighted[i] dense[j], at least for all j <= i; `stride` is the bytes of
   * a row of products, which like the columns are there up to whole tiles.
   */
  addProducts(
    weighted: number,
    height: number,
    dense: number,
    width: number,
    rows: number,
    products: number,
    stride: number,
  ): void
  /** sums[code] += the row, over `height` (even) columns; `turned` is scratch for the block row by row. */
  addGroups(weighted: number, height: number, rows: number, codes: number, sums: number, turned: number): void
  /** sums[first code][second code] += row weight. */
  addPairs(
    first: number,
    second: number,
    rowWeights: number,
    rows: number,
    sums: number,
    stride: number,
  ): void
}

export const typescriptLinear = (buffer: ArrayBuffer): LinearKernels => {
  const f64 = new Float64Array(buffer)
  const f32 = new Float32Array(buffer)
  const i32 = new Int32Array(buffer)
  const columnLength = COLUMN_BYTES / 8
  return {
    widen(from, to, rows) {
      for (let b = 0; b < rows; b++) f64[to / 8 + b] = f32[from / 4 + b]
    },
    summarize(column, weights, rows, shift, out) {
      const sums = new Float64Array(8)
      for (let b = 0; b < rows + (rows % 2); b++) {
        const value = f64[column / 8 + b]
        if (Number.isNaN(value)) continue
        const lane = b % 2
        const weight = f64[weights / 8 + b]
        const distance = value - shift
        const weighted = weight * distance
        sums[lane] += weighted
        sums[2 + lane] += weight
        sums[4 + lane] += weighted * distance
        if (sums[6 + lane] < Math.abs(value)) sums[6 + lane] = Math.abs(value)
      }
      const o = out / 8
      for (let i = 0; i < 3; i++) f64[o + i] = sums[2 * i] + sums[2 * i + 1]
      f64[o + 3] = Math.max(sums[6], sums[7])
    },
    encode(column, rows, center, factor) {
      const v = column / 8
      for (let b = 0; b < rows + (rows % 2); b++) {
        const value = (f64[v + b] - center) * factor
        f64[v + b] = Number.isNaN(value) ? 0 : value
      }
    },
    respond(dense, width, rows, parameters, response) {
      const [x, p, r] = [dense / 8, parameters / 8, response / 8]
      const end = rows + (rows % 2)
      f64.fill(0, r, r + end)
      for (let column = 0; column < width; column++) {
        const from = x + column * columnLength
        const parameter = f64[p + column]
        for (let b = 0; b < end; b++) f64[r + b] += parameter * f64[from + b]
      }
    },
    respondCodes(codes, rows, effects, response) {
      const [c, e, r] = [codes / 4, effects / 8, response / 8]
      for (let b = 0; b < rows; b++) f64[r + b] += f64[e + i32[c + b]]
    },
    classify(response, labels, weights, rows, residuals, curvature, factors, out) {
      const [x, y, w] = [response / 8, labels / 8, weights / 8]
      const [r, c, f, o] = [residuals / 8, curvature / 8, factors / 8, out / 8]
      f64.fill(0, o, o + 2)
      f64.fill(1, o + 2, o + 4)
      for (let b = 0; b < rows + (rows % 2); b++) {
        const logOdds = f64[x + b]
        const label = f64[y + b]
        const weight = f64[w + b]
        const small = expNegative(-Math.abs(logOdds))
        const factor = 1 + small
        const inverse = 1 / factor
        const other = small * inverse
        f64[r + b] = weight * (label - (logOdds >= 0 ? inverse : other))
        f64[c + b] = weight * (other * inverse)
        f64[f + b] = factor
        f64[o + (b % 2)] += weight * (Math.max(logOdds, 0) - label * logOdds)
        f64[o + 2 + (b % 2)] *= factor
      }
    },
    weigh(dense, width, rows, rowWeights, weighted) {
      const w = rowWeights / 8
      for (let column = 0; column < width; column++) {
        const from = dense / 8 + column * columnLength
        const to = weighted / 8 + column * columnLength
        for (let b = 0; b < rows + (rows % 2); b++) f64[to + b] = f64[w + b] * f64[from + b]
      }
    },
    addProducts(weighted, height, dense, width, rows, products, stride) {
      const end = rows + (rows % 2)
      for (let i = 0; i < height; i++) {
        const w = weighted / 8 + i * columnLength
        // Two columns side by side: one product alone waits for its own last addition.
        for (let j = 0; j < width && j <= i; j += 2) {
          const x = dense / 8 + j * columnLength
          const next = x + columnLength
          let [a0, a1, b0, b1] = [0, 0, 0, 0]
          for (let b = 0; b < end; b += 2) {
            const w0 = f64[w + b]
            const w1 = f64[w + b + 1]
            a0 += w0 * f64[x + b]
            a1 += w1 * f64[x + b + 1]
            b0 += w0 * f64[next + b]
            b1 += w1 * f64[next + b + 1]
          }
          const at = (products + i * stride) / 8 + j
          f64[at] += a0 + a1
          f64[at + 1] += b0 + b1
        }
      }
    },
    addGroups(weighted, height, rows, codes, sums) {
      for (let b = 0; b < rows; b++) {
        const to = sums / 8 + i32[codes / 4 + b] * height
        const from = weighted / 8 + b
        for (let i = 0; i < height; i++) f64[to + i] += f64[from + i * columnLength]
      }
    },
    addPairs(first, second, rowWeights, rows, sums, stride) {
      for (let b = 0; b < rows; b++)
        f64[(sums + i32[first / 4 + b] * stride) / 8 + i32[second / 4 + b]] += f64[rowWeights / 8 + b]
    },
  }
}
