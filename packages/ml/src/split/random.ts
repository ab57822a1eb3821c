import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random, shuffle } from "@roadmap/core/random"

/**
 * Splits rows 0..rows-1 at random into parts of the given fractions (their sum is at most 1; what is left
 * over is left out). Each part is ascending. Rows that belong together in time leak across such a split: see
 * `splitByTime`. Throws INVALID_INPUT.
 */
export const splitRandom = (input: {
  readonly rows: number
  readonly fractions: readonly number[]
  readonly random?: Random
}): Int32Array[] => {
  const { rows, fractions, random = createRandom(0) } = input
  const sum = fractions.reduce((total, fraction) => total + fraction, 0)
  if (fractions.length === 0 || fractions.some(fraction => !(fraction > 0)) || sum > 1 + 1e-9)
    throw new RoadmapError(
      "INVALID_INPUT",
      `Fractions must be above 0 and sum to at most 1; they are ${fractions.join(", ") || "none"}.`,
    )
  const shuffled = shuffle(
    Int32Array.from({ length: rows }, (_, row) => row),
    random,
  )
  let cumulative = 0
  let first = 0
  return fractions.map(fraction => {
    cumulative += fraction
    const end = Math.min(rows, Math.round(cumulative * rows))
    if (end === first)
      throw new RoadmapError("INVALID_INPUT", `A fraction of ${fraction} of ${rows} rows is no row.`)
    const part = shuffled.slice(first, end).sort()
    first = end
    return part
  })
}
