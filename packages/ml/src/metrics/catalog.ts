import type { NumericArray } from "../input.ts"
import { brier, logLoss } from "./classification.ts"
import { averagePrecision, rocAuc } from "./ranking.ts"
import { type MetricOptions, mae, medianAbsoluteError, r2, rmse } from "./regression.ts"

export interface Metric {
  /**
   * What it compares with the target: a predicted value or a probability of class 1 (for the rankings, any
   * score).
   */
  readonly response: "value" | "probability"
  readonly greaterIsBetter: boolean
  readonly compute: (target: NumericArray, predicted: NumericArray, options?: MetricOptions) => number
}

/** The metrics by the names that runs and model cards use. */
export const metrics = {
  rmse: { response: "value", greaterIsBetter: false, compute: rmse },
  mae: { response: "value", greaterIsBetter: false, compute: mae },
  median_absolute_error: { response: "value", greaterIsBetter: false, compute: medianAbsoluteError },
  r2: { response: "value", greaterIsBetter: true, compute: r2 },
  log_loss: { response: "probability", greaterIsBetter: false, compute: logLoss },
  brier: { response: "probability", greaterIsBetter: false, compute: brier },
  roc_auc: { response: "probability", greaterIsBetter: true, compute: rocAuc },
  average_precision: { response: "probability", greaterIsBetter: true, compute: averagePrecision },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics
