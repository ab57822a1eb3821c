import { RoadmapError } from "@roadmap/core/errors"
import type { NumericArray } from "../input.ts"

/**
 * Splits rows by time: boundaries b1 < b2 < … give the rows before b1, those in [b1, b2), …, and those from
 * the last boundary on. Rows keep their order. Timestamps and boundaries are in one unit, any. Throws
 * INVALID_INPUT for NaN, for boundaries out of order, and for a part without rows.
 */
export const splitByTime = (input: {
  readonly timestamps: NumericArray | BigInt64Array
  readonly boundaries: readonly number[]
}): Int32Array[] => {
  const { timestamps, boundaries } = input
  boundaries.forEach((boundary, i) => {
    if (Number.isNaN(boundary) || (i > 0 && !(boundary > boundaries[i - 1])))
      throw new RoadmapError(
        "INVALID_INPUT",
        `Time boundaries must ascend; they are ${boundaries.join(", ")}.`,
      )
  })
  const part = new Int32Array(timestamps.length)
  const sizes = new Int32Array(boundaries.length + 1)
  for (let row = 0; row < timestamps.length; row++) {
    const time = Number(timestamps[row])
    if (Number.isNaN(time))
      throw new RoadmapError("INVALID_INPUT", `timestamps holds NaN at row ${row}; every row needs a time.`)
    let place = 0
    while (place < boundaries.length && time >= boundaries[place]) place++
    part[row] = place
    sizes[place]++
  }
  const emptyPart = sizes.indexOf(0)
  if (emptyPart >= 0)
    throw new RoadmapError("INVALID_INPUT", `Part ${emptyPart + 1} of the time split has no rows.`, {
      hint: `Choose boundaries inside the data; they are ${boundaries.join(", ")}.`,
    })
  const parts = Array.from(sizes, size => new Int32Array(size))
  const filled = new Int32Array(sizes.length)
  for (let row = 0; row < part.length; row++) parts[part[row]][filled[part[row]]++] = row
  return parts
}
