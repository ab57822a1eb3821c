import { RoadmapError } from "@roadmap/core/errors"
import { type Random, sampleIndices } from "@roadmap/core/random"
import type { Features } from "../features.ts"
import type { NumericArray } from "../input.ts"
import { viewRows } from "./rows.ts"

/** A part of the training rows that is kept apart. */
export interface Holdout {
  /** Share of the rows, between 0 and 1. */
  readonly fraction: number
  /** "last": the last ones, for rows in the order of time. Default "random". */
  readonly rows?: "random" | "last"
}

export interface LabelledRows {
  readonly features: Features
  readonly target: NumericArray
  readonly weights?: NumericArray
}

/** The rows in two parts, each in order. Throws INVALID_INPUT when one of them would be empty. */
export const holdOut = (
  { features, target, weights }: LabelledRows,
  { fraction, rows = "random" }: Holdout,
  random: Random,
): { kept: LabelledRows; held: LabelledRows } => {
  const total = features.rows
  const count = Math.round(fraction * total)
  if (!(fraction > 0 && fraction < 1) || count === 0 || count === total)
    throw new RoadmapError(
      "INVALID_INPUT",
      `A fraction of ${fraction} of ${total} rows cannot be held out.`,
      {
        hint: "Give a fraction between 0 and 1 that leaves rows on both sides.",
      },
    )
  const isHeld = new Uint8Array(total)
  if (rows === "last") isHeld.fill(1, total - count)
  else for (const row of sampleIndices(total, count, random.fork("holdout"))) isHeld[row] = 1
  const part = (held: 0 | 1): LabelledRows => {
    const chosen = new Int32Array(held === 1 ? count : total - count)
    for (let row = 0, i = 0; row < total; row++) if (isHeld[row] === held) chosen[i++] = row
    return viewRows({ features, target, weights }, chosen)
  }
  return { kept: part(0), held: part(1) }
}
