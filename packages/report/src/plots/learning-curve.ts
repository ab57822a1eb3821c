import type { Axis, Marker } from "./frame.ts"
import { lineChart } from "./line-chart.ts"
import { checkLengths, type Plot, type PlotText } from "./plot.ts"

/** A score at each training size, with the interval of its estimate where there is one. */
export interface ScoreCurve {
  score: ArrayLike<number>
  low?: ArrayLike<number>
  high?: ArrayLike<number>
}

export interface LearningCurveOptions extends PlotText {
  /** Rows trained on, ascending. */
  sizes: ArrayLike<number>
  train: ScoreCurve
  validation: ScoreCurve
  /** The score, with its unit: "RMSE, minutes". */
  metric: string
  /** Default log: sizes usually double. */
  sizeScale?: Axis["scale"]
  /** Score of the model that learns nothing. */
  baseline?: number
}

/** Training and validation score by training size: their gap is variance, their common level is bias. */
export const learningCurvePlot = (options: LearningCurveOptions): Plot => {
  const { sizes, train, validation, metric, sizeScale = "log", baseline } = options
  checkLengths(options.title, sizes.length, {
    "train score": train.score.length,
    "validation score": validation.score.length,
  })
  const markers: Marker[] =
    baseline === undefined || !Number.isFinite(baseline)
      ? []
      : [{ axis: "y", value: baseline, label: "baseline" }]
  return lineChart({
    title: options.title,
    id: options.id,
    description: options.description,
    note: options.note,
    x: { label: "Training rows", scale: sizeScale },
    y: { label: metric },
    series: [
      { label: "validation", x: sizes, y: validation.score, low: validation.low, high: validation.high },
      { label: "training", x: sizes, y: train.score, low: train.low, high: train.high },
    ],
    markers,
  })
}
