import { createRandom } from "@roadmap/core/random"

/**
 * A fixed pseudo-random rotation of `length` numbers (a multiple of 64), in place: rounds of random signs and Walsh-Hadamard
 * transforms over the first and the last power of two (the fast Johnson-Lindenstrauss transform of Ailon and Chazelle,
 * 2009). It spreads what a vector says over all numbers, so that one bit of each says about the same.
 */
export const createRotation = (length: number): ((values: Float32Array) => void) => {
  const random = createRandom(rotationSeed)
  const block = 2 ** Math.floor(Math.log2(length))
  const starts = block === length ? [0] : [0, length - block]
  const signs = Array.from({ length: rounds }, () =>
    Float32Array.from({ length }, () => (random.next() < 0.5 ? -1 : 1)),
  )
  const scale = 1 / Math.sqrt(block)
  return values => {
    for (const sign of signs)
      for (const start of starts) {
        for (let i = 0; i < length; i++) values[i] *= sign[i]
        transform(values, start, block)
        for (let i = start; i < start + block; i++) values[i] *= scale
      }
  }
}

const rotationSeed = 20_240_501
const rounds = 2

/** Walsh-Hadamard transform of values[start, start + length), not scaled; two levels at a time while there are two. */
const transform = (values: Float32Array, start: number, length: number): void => {
  const end = start + length
  let quarter = 1
  for (; 4 * quarter <= length; quarter *= 4)
    for (let from = start; from < end; from += 4 * quarter)
      for (let i = from; i < from + quarter; i++) {
        const a = values[i]
        const b = values[i + quarter]
        const c = values[i + 2 * quarter]
        const d = values[i + 3 * quarter]
        values[i] = a + b + (c + d)
        values[i + quarter] = a - b + (c - d)
        values[i + 2 * quarter] = a + b - (c + d)
        values[i + 3 * quarter] = a - b - (c - d)
      }
  if (quarter === length) return
  for (let i = start; i < start + quarter; i++) {
    const a = values[i]
    const b = values[i + quarter]
    values[i] = a + b
    values[i + quarter] = a - b
  }
}
