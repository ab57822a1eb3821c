import type { Intervals } from "../explain/interval.ts"
import type { RowExplanation } from "../explain/shap.ts"
import type { Predictions, ServedModel } from "../model/served.ts"

/** What an answer may hold beside the predictions. */
export interface AnswerExtras {
  readonly explanations?: readonly RowExplanation[]
  readonly intervals?: Intervals
}

/** Writes an answer of MLflow's scoring protocol. */
export type AnswerWriter = (predictions: Predictions, extras?: AnswerExtras) => string

/**
 * `{"predictions":[{"prediction":1,"probability":0.7}]}`, one object a row with the signature's output
 * names; plain numbers when the signature's one output has no name. A prediction that is no number is null,
 * because JSON has no NaN (MLflow writes NaN, which most parsers refuse). Intervals are `lower` and `upper`
 * in a row's object; explanations a second array of as many entries.
 */
export const createAnswerWriter = (served: Pick<ServedModel, "signature">): AnswerWriter => {
  const { outputs } = served.signature
  const isPlain = outputs.length === 1 && outputs[0].name === undefined
  const starts = outputs.map(
    ({ name }, at) => `${at === 0 ? "{" : ","}${JSON.stringify(name ?? "prediction")}:`,
  )
  return ({ rows, columns }, { explanations, intervals } = {}) => {
    let text = '{"predictions":['
    for (let row = 0; row < rows; row++) {
      if (row > 0) text += ","
      if (isPlain && intervals === undefined) {
        text += jsonNumber(columns[0].values[row])
        continue
      }
      for (let at = 0; at < columns.length; at++) text += starts[at] + jsonNumber(columns[at].values[row])
      if (intervals !== undefined)
        text += `,"lower":${jsonNumber(intervals.lower[row])},"upper":${jsonNumber(intervals.upper[row])}`
      text += "}"
    }
    return explanations === undefined
      ? `${text}]}`
      : `${text}],"explanations":${JSON.stringify(explanations)}}`
  }
}

export const jsonNumber = (value: number): string => (Number.isFinite(value) ? String(value) : "null")
