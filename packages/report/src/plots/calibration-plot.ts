import { RoadmapError } from "@roadmap/core/errors"
import { formatCount, formatDecimals, formatPercent } from "../format.ts"
import type { Cell } from "../table.ts"
import { createFrame, type Frame } from "./frame.ts"
import { curve, linePath, lineSample, marker } from "./marks.ts"
import { seriesClass } from "./palette.ts"
import { checkMarks, createPlot, emptyPlot, type Plot, type PlotText } from "./plot.ts"
import { element, lineBetween, markTitle, textAt } from "./svg.ts"

/** Rows whose predicted probabilities fall in one bin. */
export interface CalibrationBin {
  /** Mean predicted probability, 0 to 1. */
  predicted: number
  /** Observed share of positives, 0 to 1. */
  observed: number
  count: number
  /** Interval of `observed`; the default is Wilson's 95 % interval for `count` rows. */
  low?: number
  high?: number
}

export interface CalibrationModel {
  label: string
  /** Empty bins (count 0) are left out of the picture. */
  bins: readonly CalibrationBin[]
}

export interface CalibrationPlotOptions extends PlotText {
  models: readonly CalibrationModel[]
}

/** Reliability diagram: observed share by predicted probability, and how many rows each bin holds. */
export const calibrationPlot = (options: CalibrationPlotOptions): Plot => {
  const models = options.models.map(model => ({
    label: model.label,
    bins: model.bins
      .filter(bin => bin.count > 0 && Number.isFinite(bin.predicted + bin.observed))
      .map(withInterval),
  }))
  const all = models.flatMap(model => model.bins)
  checkMarks(options.title, all.length)
  for (const bin of all)
    if (!(bin.predicted >= 0 && bin.predicted <= 1 && bin.observed >= 0 && bin.observed <= 1))
      throw new RoadmapError(
        "INVALID_INPUT",
        `Plot "${options.title}": a bin has predicted ${bin.predicted} and observed ${bin.observed}; both are probabilities, 0 to 1.`,
      )
  const table = {
    columns: [
      { label: "Model" },
      { label: "Mean predicted", format: probability },
      { label: "Observed share", format: probability },
      { label: "Low", format: probability },
      { label: "High", format: probability },
      { label: "Rows", format: formatCount },
    ],
    rows: models.flatMap(model =>
      model.bins.map((bin): Cell[] => [
        model.label,
        bin.predicted,
        bin.observed,
        bin.low,
        bin.high,
        bin.count,
      ]),
    ),
  }
  if (all.length === 0) return emptyPlot(options, "every bin is empty.", table)
  const top = axisEnd(Math.max(...all.flatMap(bin => [bin.predicted, bin.observed])))
  return createPlot({
    text: options,
    summary: calibrationSummary(models),
    remarks: options.models.some(model => model.bins.some(bin => bin.low === undefined && bin.count > 0))
      ? ["Whiskers: 95 % Wilson intervals."]
      : [],
    table,
    wideWidth: 480,
    draw: canvas => {
      const frame = createFrame({
        canvas,
        x: { label: "Mean predicted probability", kind: "linear", domain: [0, top], format: axisPercent },
        y: { label: "Observed share", kind: "linear", domain: [0, top], format: axisPercent },
        plotHeight: canvas.width - 80,
        grid: "both",
        tightX: true,
        tightY: true,
        legend:
          models.length > 1
            ? models.map((model, i) => ({ label: model.label, sample: lineSample(i, true) }))
            : [],
      })
      const diagonal = lineBetween(frame.x.at(0), frame.y.at(0), frame.x.at(top), frame.y.at(top), "guide")
      const hint =
        textAt("observed more often than predicted", frame.left + 8, frame.top + 14, { class: "halo" }) +
        textAt("observed less often", frame.right - 8, frame.bottom - 12, { anchor: "end", class: "halo" })
      const drawn = models.map((model, i) => drawModel(model.bins, i, frame)).join("")
      return frame.finish(hint + diagonal + drawn, drawSizes(models, frame))
    },
  })
}

type Interval = Required<CalibrationBin>

const withInterval = (bin: CalibrationBin): Interval => {
  const wilson = wilsonInterval(bin.observed, bin.count)
  return { ...bin, low: bin.low ?? wilson.low, high: bin.high ?? wilson.high }
}

/** 95 % interval of a share (Wilson, JASA 22, 1927). */
export const wilsonInterval = (share: number, count: number): { low: number; high: number } => {
  const z2 = 1.959964 ** 2
  const centre = (share + z2 / (2 * count)) / (1 + z2 / count)
  const half =
    (Math.sqrt((share * (1 - share) + z2 / (4 * count)) / count) * Math.sqrt(z2)) / (1 + z2 / count)
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

const probability = (value: number): string => formatDecimals(value, 4)
const axisPercent = (value: number): string =>
  formatPercent(value, { decimals: Number.isInteger(Math.round(value * 1e4) / 100) ? 0 : 1 })

/** The square ends at a round probability just above the data: a model that says at most 0.3 fills it too. */
const axisEnd = (largest: number): number =>
  [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8].find(end => end >= largest * 1.02) ?? 1

const drawModel = (bins: readonly Interval[], index: number, frame: Frame): string => {
  const xs = bins.map(bin => frame.x.at(bin.predicted))
  const ys = bins.map(bin => frame.y.at(bin.observed))
  const whiskers = bins.map((bin, i) => {
    const [low, high] = [bin.low, bin.high].map(value => Math.max(frame.top, frame.y.at(value)))
    return lineBetween(xs[i], low, xs[i], high, "whisker")
  })
  const points = bins.map((bin, i) =>
    marker(
      index,
      xs[i],
      ys[i],
      4,
      markTitle(
        `predicted ${formatPercent(bin.predicted)}, observed ${formatPercent(bin.observed)}, ${formatCount(bin.count)} rows`,
      ),
    ),
  )
  return (
    curve(index, linePath(xs, ys)) +
    element("g", { class: seriesClass(index) }, whiskers.join("")) +
    points.join("")
  )
}

/** Bars under the diagram, on the same x axis: rows in each bin. */
const drawSizes = (models: readonly { bins: readonly Interval[] }[], frame: Frame) => {
  const height = 44
  const most = Math.max(...models.flatMap(model => model.bins.map(bin => bin.count)))
  const bins = Math.max(...models.map(model => model.bins.length))
  const room = (frame.right - frame.left) / bins / models.length
  const width = Math.max(2, Math.min(14, room * 0.7))
  const bars = models.map((model, i) => {
    const offset = (i - (models.length - 1) / 2) * (width + 1)
    const drawn = model.bins.map(bin => {
      const size = Math.max(1, (bin.count / most) * height)
      return element(
        "rect",
        { x: frame.x.at(bin.predicted) + offset - width / 2, y: 34 + height - size, width, height: size },
        markTitle(`${formatCount(bin.count)} rows`),
      )
    })
    return element("g", { class: `block ${seriesClass(i)}` }, drawn.join(""))
  })
  return {
    height: height + 42,
    content:
      textAt(`Rows in each bin, at most ${formatCount(most)}`, 0, 18, { class: "ink" }) +
      bars.join("") +
      lineBetween(frame.left, 34 + height, frame.right, 34 + height, "axis"),
  }
}

const calibrationSummary = (models: readonly { label: string; bins: readonly Interval[] }[]): string =>
  `Reliability diagram. ${models
    .filter(model => model.bins.length > 0)
    .map(model => {
      const rows = model.bins.reduce((sum, bin) => sum + bin.count, 0)
      const gap =
        model.bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.observed - bin.predicted), 0) / rows
      return `${model.label}: expected calibration error ${formatDecimals(gap, 4)} over ${formatCount(rows)} rows.`
    })
    .join(" ")}`
