/**
 * A seeded stream of random numbers: xoshiro128** (Blackman and Vigna, 2021), seeded through
 * splitmix32. The same seed gives the same numbers on every machine.
 */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number
  /** Uniform integer in [0, bound), without modulo bias. `bound` is an integer in 1..2^32. */
  integer(bound: number): number
  /** Standard normal, by the polar method (Marsaglia and Bray, 1964). */
  normal(): number
  /**
   * An independent stream for a named purpose. It depends on the seed and the name alone, not on how many
   * numbers were drawn, so adding a consumer changes no other consumer's numbers.
   */
  fork(name: string): Random
}

export const createRandom = (seed: number): Random => {
  const mix = splitmix32(seed)
  let a = mix()
  let b = mix()
  let c = mix()
  let d = mix() | 1

  const next32 = (): number => {
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result
  }
  const next = () => ((next32() >>> 5) * 0x4000000 + (next32() >>> 6)) / 0x20000000000000
  let spare: number | undefined

  return {
    next,
    integer(bound) {
      const limit = 0x100000000 - (0x100000000 % bound)
      let drawn = next32()
      while (drawn >= limit) drawn = next32()
      return drawn % bound
    },
    normal() {
      if (spare !== undefined) {
        const value = spare
        spare = undefined
        return value
      }
      for (;;) {
        const u = 2 * next() - 1
        const v = 2 * next() - 1
        const s = u * u + v * v
        if (s === 0 || s >= 1) continue
        const scale = Math.sqrt((-2 * Math.log(s)) / s)
        spare = v * scale
        return u * scale
      }
    },
    fork: name => createRandom(hashName(seed, name)),
  }
}

/** Fisher-Yates, in place. Returns its argument. */
export const shuffle = <T extends { length: number; [index: number]: number }>(
  values: T,
  random: Random,
): T => {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const held = values[i]
    values[i] = values[j]
    values[j] = held
  }
  return values
}

/** `count` distinct integers of [0, population), ascending (selection sampling: Knuth, TAOCP 2, 3.4.2 S). */
export const sampleIndices = (population: number, count: number, random: Random): Int32Array => {
  const size = Math.min(count, population)
  const chosen = new Int32Array(size)
  let taken = 0
  for (let i = 0; taken < size; i++) {
    if ((population - i) * random.next() < size - taken) chosen[taken++] = i
  }
  return chosen
}

const splitmix32 = (seed: number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return z ^ (z >>> 15)
  }
}

/** FNV-1a over the name, started from the seed. */
const hashName = (seed: number, name: string): number => {
  let hash = (0x811c9dc5 ^ seed) | 0
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash
}
