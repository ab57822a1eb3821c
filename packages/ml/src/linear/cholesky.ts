/** A square matrix, row by row. */
export interface SquareMatrix {
  readonly size: number
  readonly values: Float64Array
}

/**
 * Solves A x = b for a symmetric positive semi-definite A by Cholesky's factorisation, in place: `matrix` is
 * overwritten by the factor and `b` by the solution. A column that depends on the columns before it (pivot
 * below `dependent` of its diagonal) is left out and gets x = 0, as R's `lm` does with aliased terms.
 */
export const solveSymmetric = (matrix: SquareMatrix, b: Float64Array, dependent = 1e-11): Float64Array => {
  const { size, values: a } = matrix
  const dropped = new Uint8Array(size)
  for (let i = 0; i < size; i++) {
    const row = i * size
    for (let j = 0; j < i; j++) {
      if (dropped[j] === 1) {
        a[row + j] = 0
        continue
      }
      a[row + j] = (a[row + j] - dot(a, row, j * size, j)) / a[j * size + j]
    }
    const diagonal = a[row + i]
    const pivot = diagonal - dot(a, row, row, i)
    if (pivot > dependent * diagonal) a[row + i] = Math.sqrt(pivot)
    else dropped[i] = 1
  }
  for (let i = 0; i < size; i++) {
    let sum = b[i]
    for (let k = 0; k < i; k++) sum -= a[i * size + k] * b[k]
    b[i] = dropped[i] === 1 ? 0 : sum / a[i * size + i]
  }
  for (let i = size - 1; i >= 0; i--) {
    if (dropped[i] === 1) continue
    b[i] /= a[i * size + i]
    for (let k = 0; k < i; k++) b[k] -= a[i * size + k] * b[i]
  }
  return b
}

const dot = (values: Float64Array, p: number, q: number, length: number): number => {
  let even = 0
  let odd = 0
  let k = 0
  for (; k + 1 < length; k += 2) {
    even += values[p + k] * values[q + k]
    odd += values[p + k + 1] * values[q + k + 1]
  }
  return k < length ? even + odd + values[p + k] * values[q + k] : even + odd
}
