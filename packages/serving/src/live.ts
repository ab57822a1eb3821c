import type { Features } from "@roadmap/ml/features"
import type { Predictions, ServedModel } from "./model/served.ts"
import { type AnswerWriter, createAnswerWriter } from "./protocol/answer.ts"
import { createTableReader, type InputPolicy, type TableReader } from "./validate/table.ts"

/** A served model with all that a request to it needs, made once. */
export interface LiveModel {
  readonly served: ServedModel
  readonly reader: TableReader
  readonly write: AnswerWriter
  /**
   * `deadline` is in milliseconds of `performance.now()`. Throws or rejects as the model, and with TIMEOUT or
   * OVERLOADED.
   */
  readonly predict: (
    features: Features,
    call: { deadline?: number; signal?: AbortSignal },
  ) => Predictions | Promise<Predictions>
}

export const goLive = (
  served: ServedModel,
  policy: InputPolicy,
  predict: LiveModel["predict"] = served.predict,
): LiveModel => ({
  served,
  reader: createTableReader(served.inputs, policy),
  write: createAnswerWriter(served),
  predict,
})
