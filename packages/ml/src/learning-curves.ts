import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random, shuffle } from "@roadmap/core/random"
import type { Progress } from "./estimator.ts"

export interface LearningCurvePoint {
  readonly size: number
  /** Score on the rows the model was fitted on. */
  readonly train: number
  readonly validation: number
}

/**
 * Scores of models fitted on growing subsets of the training rows. Subsets are nested: each holds all rows of
 * the smaller ones. A wide gap between the two scores that narrows with size is variance; two close, poor
 * scores are bias. `fit` and the scores may be async. Throws INVALID_INPUT for sizes out of 1..rows and
 * INTERRUPTED.
 */
export const learningCurve = async <M>(input: {
  /** Number of training rows to draw from. */
  readonly rows: number
  readonly sizes: readonly number[]
  /** Fits a model on these training rows (ascending). */
  readonly fit: (rows: Int32Array) => M | Promise<M>
  /** Score of the model on these training rows. */
  readonly scoreTrain: (model: M, rows: Int32Array) => number | Promise<number>
  readonly scoreValidation: (model: M) => number | Promise<number>
  readonly random?: Random
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}): Promise<LearningCurvePoint[]> => {
  const { rows, fit, scoreTrain, scoreValidation, random = createRandom(0) } = input
  const sizes = [...new Set(input.sizes)].sort((a, b) => a - b)
  const wrong = sizes.find(size => !Number.isInteger(size) || size < 1 || size > rows)
  if (wrong !== undefined || sizes.length === 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `A learning curve over ${rows} rows cannot have the size ${wrong ?? "none"}.`,
    )
  const order = shuffle(
    Int32Array.from({ length: rows }, (_, row) => row),
    random,
  )
  const points: LearningCurvePoint[] = []
  let done = 0
  const total = sizes.reduce((sum, size) => sum + size, 0)
  for (const size of sizes) {
    throwIfAborted(input.signal)
    input.onProgress?.({ done, total, unit: "rows" })
    const subset = order.slice(0, size).sort()
    const model = await fit(subset)
    const train = await scoreTrain(model, subset)
    points.push({ size, train, validation: await scoreValidation(model) })
    done += size
  }
  return points
}
