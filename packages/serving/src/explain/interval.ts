import { RoadmapError } from "@roadmap/core/errors"
import type { Features } from "@roadmap/ml/features"
import type { LiveSlot } from "../deployment.ts"
import type { LiveModel } from "../live.ts"

/** Two quantile models of the same target and inputs, whose predictions are the ends of an interval. */
export interface IntervalModels {
  readonly lower: LiveSlot
  readonly upper: LiveSlot
}

/** One value a row each; lower <= upper. */
export interface Intervals {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/**
 * Prediction intervals of rows, by quantile regression (Koenker and Bassett, 1978): with models of the 0.1
 * and 0.9 quantiles 80 % of outcomes should fall inside. Two models that were fitted apart may cross; then
 * their values change places. Throws INVALID_INPUT when there are no such models, or they take other inputs.
 */
export const predictIntervals = async (
  models: IntervalModels | undefined,
  { served }: LiveModel,
  features: Features,
): Promise<Intervals> => {
  if (models === undefined)
    throw new RoadmapError("INVALID_INPUT", `${served.uri} has no models for intervals here.`, {
      hint: "Ask without interval, or deploy it with interval: { lower, upper }.",
    })
  const [low, high] = await Promise.all(
    [models.lower, models.upper].map(slot => predictEnd(slot, served.inputs, features)),
  )
  return {
    lower: low.map((value, row) => Math.min(value, high[row])),
    upper: high.map((value, row) => Math.max(value, low[row])),
  }
}

const predictEnd = async (
  slot: LiveSlot,
  inputs: LiveModel["served"]["inputs"],
  features: Features,
): Promise<Float64Array> => {
  const live = slot.borrow()
  try {
    const own = live.served.inputs
    if (
      own.length !== inputs.length ||
      own.some(({ name, type }, i) => name !== inputs[i].name || type !== inputs[i].type)
    )
      throw new RoadmapError(
        "INVALID_INPUT",
        `${live.served.uri} takes other inputs than the model it makes intervals for.`,
        {
          hint: "Register quantile models that were fitted on the same features.",
        },
      )
    const { columns } = await live.predict(features, {})
    return columns[0].values
  } finally {
    slot.giveBack(live)
  }
}
