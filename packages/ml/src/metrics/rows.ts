import { RoadmapError } from "@roadmap/core/errors"
import { checkBinary, checkValues, checkWeights, type NumericArray } from "../input.ts"

/** A metric of no rows is undefined. Throws INVALID_INPUT. */
const checkRows = (target: NumericArray): void => {
  if (target.length === 0)
    throw new RoadmapError("INVALID_INPUT", "A metric needs at least one row; it got none.")
}

/** A target and predictions of it, both finite. Throws INVALID_INPUT. */
export const checkPairs = (
  target: NumericArray,
  predicted: NumericArray,
  options: { weights?: NumericArray } = {},
) => {
  checkRows(target)
  return {
    y: checkValues("target", target),
    p: checkValues("predicted", predicted, target.length),
    w: checkWeights(options.weights, target.length),
  }
}

/** Labels of 0 and 1 with any scores, or with probabilities. Throws INVALID_INPUT. */
export const checkScored = (
  target: NumericArray,
  scores: NumericArray,
  options: { weights?: NumericArray; scores: "any" | "probability"; oneClass: "refuse" | "allow" },
) => {
  checkRows(target)
  const w = checkWeights(options.weights, target.length)
  const y = checkBinary("target", target, { weights: w, oneClass: options.oneClass })
  const p = checkValues("predicted", scores, target.length)
  if (options.scores === "probability") {
    for (let row = 0; row < p.length; row++) {
      if (p[row] < 0 || p[row] > 1)
        throw new RoadmapError(
          "INVALID_INPUT",
          `predicted holds ${p[row]} at row ${row}; probabilities are in 0..1.`,
        )
    }
  }
  return { y, p, w }
}
