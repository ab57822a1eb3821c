/** Below this a comparison sort is quicker than counting 65,536 digits four times. */
const RADIX_FROM = 20_000

/**
 * Row numbers that sort `values` ascending; equal values keep their order. Large inputs take a radix sort on
 * the bits of the floats (linear time; 500,000 values in about a fifth of a comparison sort). No NaN.
 */
export const ascendingOrder = (values: Float64Array): Uint32Array => {
  const order = new Uint32Array(values.length)
  for (let row = 0; row < order.length; row++) order[row] = row
  if (values.length < RADIX_FROM) return order.sort((a, b) => values[a] - values[b] || a - b)
  return radixOrder(values, order)
}

const radixOrder = (values: Float64Array, identity: Uint32Array): Uint32Array => {
  const { length } = values
  // Copies, with -0 turned into 0, viewed as four 16-bit digits from the lowest to the highest.
  const keys = new Float64Array(length)
  for (let row = 0; row < length; row++) keys[row] = values[row] + 0
  const words = new Uint32Array(keys.buffer)
  for (let row = 0; row < length; row++) {
    // Flips the sign bit of positive floats and all bits of negative ones: then bit order is numeric order.
    const mask = words[2 * row + 1] >>> 31 === 1 ? 0xffffffff : 0
    words[2 * row] ^= mask
    words[2 * row + 1] ^= mask | 0x80000000
  }
  const digits = new Uint16Array(keys.buffer)
  let from = identity
  let to: Uint32Array = new Uint32Array(length)
  const counts = new Uint32Array(65_536)
  for (let digit = 0; digit < 4; digit++) {
    counts.fill(0)
    for (let row = 0; row < length; row++) counts[digits[4 * row + digit]]++
    if (counts[digits[digit]] === length) continue
    let place = 0
    for (let value = 0; value < counts.length; value++) {
      const count = counts[value]
      counts[value] = place
      place += count
    }
    for (let i = 0; i < length; i++) {
      const row = from[i]
      to[counts[digits[4 * row + digit]]++] = row
    }
    const swapped = from
    from = to
    to = swapped
  }
  return from
}
