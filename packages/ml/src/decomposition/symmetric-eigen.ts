/** Eigenvalues in descending order; row k of `vectors` is the unit vector of the k-th. */
export interface Eigen {
  readonly values: Float64Array
  readonly vectors: Float64Array
}

/**
 * Eigenvalues and vectors of a symmetric matrix (rows one after the other; overwritten) by cyclic Jacobi
 * rotations (Golub and Van Loan, Matrix Computations, 8.5): slower than the QR method, and accurate to the
 * last digits.
 */
export const symmetricEigen = (a: Float64Array, size: number): Eigen => {
  const v = new Float64Array(size * size)
  for (let i = 0; i < size; i++) v[i * size + i] = 1
  for (let sweep = 0; sweep < 60; sweep++) {
    if (offDiagonal(a, size) === 0) break
    for (let p = 0; p < size - 1; p++) for (let q = p + 1; q < size; q++) rotate(a, v, { size, p, q })
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => a[j * size + j] - a[i * size + i])
  const vectors = new Float64Array(size * size)
  order.forEach((from, to) => {
    vectors.set(v.subarray(from * size, (from + 1) * size), to * size)
  })
  return { values: Float64Array.from(order, i => a[i * size + i]), vectors }
}

/** Sum of squares outside the diagonal, without entries too small to change the diagonal. */
const offDiagonal = (a: Float64Array, size: number): number => {
  let sum = 0
  for (let p = 0; p < size; p++)
    for (let q = p + 1; q < size; q++) {
      const small = Number.EPSILON * 1e-3 * Math.sqrt(Math.abs(a[p * size + p] * a[q * size + q]))
      if (Math.abs(a[p * size + q]) > small) sum += a[p * size + q] ** 2
    }
  return sum
}

/** Makes entry (p, q) zero. The rows of v are the vectors. */
const rotate = (
  a: Float64Array,
  v: Float64Array,
  { size, p, q }: { size: number; p: number; q: number },
): void => {
  const entry = a[p * size + q]
  if (entry === 0) return
  const theta = (a[q * size + q] - a[p * size + p]) / (2 * entry)
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < size; k++) {
    const kp = a[k * size + p]
    const kq = a[k * size + q]
    a[k * size + p] = c * kp - s * kq
    a[k * size + q] = s * kp + c * kq
  }
  for (let k = 0; k < size; k++) {
    const pk = a[p * size + k]
    const qk = a[q * size + k]
    a[p * size + k] = c * pk - s * qk
    a[q * size + k] = s * pk + c * qk
    const vp = v[p * size + k]
    const vq = v[q * size + k]
    v[p * size + k] = c * vp - s * vq
    v[q * size + k] = s * vp + c * vq
  }
  a[p * size + q] = 0
  a[q * size + p] = 0
}
