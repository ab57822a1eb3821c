/** Adds doubles exactly, in any order, and rounds once: adding a value and later its negative leaves no trace. */
export interface ExactSum {
  add(value: number): void
  /** The double nearest to the exact sum (ties to even). */
  value(): number
  reset(): void
}

/**
 * Shewchuk's growing expansion (Adaptive Precision Floating-Point Arithmetic, 1997), rounded as CPython's math.fsum
 * rounds it. Values up to 1e300 in size, so that no sum of a hundred million of them overflows.
 */
export const exactSum = (): ExactSum => {
  /** Parts that do not overlap, smallest first; their sum is the sum. */
  const parts: number[] = []
  let length = 0
  return {
    add(value) {
      let x = value
      let kept = 0
      for (let i = 0; i < length; i++) {
        let y = parts[i]
        if (Math.abs(x) < Math.abs(y)) {
          const held = x
          x = y
          y = held
        }
        const high = x + y
        const low = y - (high - x)
        if (low !== 0) parts[kept++] = low
        x = high
      }
      if (x !== 0) parts[kept++] = x
      length = kept
    },
    value() {
      if (length === 0) return 0
      let at = length - 1
      let high = parts[at]
      let low = 0
      while (at > 0) {
        const x = high
        const y = parts[--at]
        high = x + y
        low = y - (high - x)
        if (low !== 0) break
      }
      // Half-way cases go to even by the parts' sum; the next part decides them instead.
      if (at > 0 && ((low < 0 && parts[at - 1] < 0) || (low > 0 && parts[at - 1] > 0))) {
        const doubled = low * 2
        const x = high + doubled
        if (doubled === x - high) high = x
      }
      return high
    },
    reset() {
      length = 0
    },
  }
}
