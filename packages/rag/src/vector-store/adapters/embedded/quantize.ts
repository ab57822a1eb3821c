import { codeWords, PLANES } from "./layout.ts"
import { createRotation } from "./rotation.ts"

/**
 * One bit a dimension (RaBitQ: Gao and Long, SIGMOD 2024, arXiv 2405.12497): the signs of the rotated vector minus the
 * mean, with a factor that makes the estimate of a dot product unbiased. The query keeps four bits a dimension, as bit
 * planes, so that an estimate is a few ANDs and population counts.
 */
export interface Quantizer {
  /** Writes the code's words, then factor and number of ones (two 32-bit floats) at `at`, a byte of `view`. */
  encode(vector: Float32Array, view: DataView, at: number): void
  /** Writes the query's planes, word by word, and gives the numbers of estimate = factor (a sum + b ones + c). */
  encodeQuery(query: Float32Array, view: DataView, at: number): { a: number; b: number; c: number }
}

/** `mean` has as many numbers as the vectors have dimensions. */
export const createQuantizer = (mean: Float32Array): Quantizer => {
  const length = 64 * codeWords(mean.length)
  const rotate = createRotation(length)
  const rotated = new Float32Array(length)
  const rotatedFrom = (vector: Float32Array, center: Float32Array | undefined): Float32Array => {
    rotated.fill(0)
    for (let i = 0; i < mean.length; i++) rotated[i] = center ? vector[i] - center[i] : vector[i]
    rotate(rotated)
    return rotated
  }
  return {
    encode(vector, view, at) {
      const values = rotatedFrom(vector, mean)
      let absolute = 0
      let squares = 0
      let ones = 0
      for (let half = 0; half < length / 32; half++) {
        let word = 0
        for (let bit = 0; bit < 32; bit++) {
          const value = values[32 * half + bit]
          squares += value * value
          absolute += Math.abs(value)
          if (value > 0) {
            word |= 1 << bit
            ones++
          }
        }
        view.setInt32(at + 4 * half, word, true)
      }
      const behind = at + length / 8
      view.setFloat32(behind, absolute === 0 ? 0 : squares / absolute, true)
      view.setFloat32(behind + 4, ones, true)
    },
    encodeQuery(query, view, at) {
      const values = rotatedFrom(query, undefined)
      let low = Infinity
      let high = -Infinity
      for (const value of values) {
        low = Math.min(low, value)
        high = Math.max(high, value)
      }
      const step = (high - low) / (2 ** PLANES - 1) || 1
      let levels = 0
      for (let word = 0; word < length / 64; word++)
        for (let half = 0; half < 2; half++) {
          const planes = new Int32Array(PLANES)
          for (let bit = 0; bit < 32; bit++) {
            const level = Math.round((values[64 * word + 32 * half + bit] - low) / step)
            levels += level
            for (let plane = 0; plane < PLANES; plane++) planes[plane] |= ((level >> plane) & 1) << bit
          }
          for (let plane = 0; plane < PLANES; plane++)
            view.setInt32(at + 8 * (word * PLANES + plane) + 4 * half, planes[plane], true)
        }
      return { a: 2 * step, b: 2 * low, c: -(levels * step + length * low) }
    },
  }
}
