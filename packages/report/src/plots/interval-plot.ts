import { formatInterval } from "../format.ts"
import type { Cell } from "../table.ts"
import type { Marker } from "./frame.ts"
import { marker } from "./marks.ts"
import { seriesClass } from "./palette.ts"
import { type Canvas, checkMarks, createPlot, emptyPlot, type Plot, type PlotText } from "./plot.ts"
import { linearScale } from "./scale.ts"
import { element, lineBetween, markTitle, textAt } from "./svg.ts"
import { fitText, textPixels } from "./text-size.ts"
import { cell, extent, missingRemarks, plural } from "./values.ts"

export interface IntervalRow {
  label: string
  point: number
  low: number
  high: number
  /** Draws this row in the second colour and bold: the chosen model. */
  chosen?: boolean
}

export interface IntervalPlotOptions extends PlotText {
  /** What is estimated, with its unit. */
  valueLabel: string
  /** Said beside the label. */
  better?: "lower" | "higher"
  rows: readonly IntervalRow[]
  /** A value to compare with: a baseline, or 0 for differences. */
  reference?: Omit<Marker, "axis">
  /** Decimals of the printed values; the default follows each interval's width. */
  decimals?: number
}

/** One row an estimate: a point on its interval, and the numbers beside it (a forest plot). */
export const intervalPlot = (options: IntervalPlotOptions): Plot => {
  const { rows, valueLabel, reference, decimals } = options
  checkMarks(options.title, rows.length)
  const shown = rows.map(row =>
    Number.isFinite(row.point) ? formatInterval(row.point, row.low, row.high, decimals) : "missing",
  )
  const table = {
    columns: [{ label: "Name" }, { label: valueLabel }, { label: "Low" }, { label: "High" }],
    rows: rows.map((row): Cell[] => [row.label, cell(row.point), cell(row.low), cell(row.high)]),
  }
  const range = extent(
    ...rows.map(row => [row.point, row.low, row.high]),
    reference === undefined ? [] : [reference.value],
  )
  if (range === undefined || !rows.some(row => Number.isFinite(row.point)))
    return emptyPlot(
      options,
      rows.length === 0 ? "there are no estimates." : "no estimate has a value.",
      table,
    )
  const missing = rows.filter(row => !Number.isFinite(row.point)).length
  return createPlot({
    text: options,
    summary:
      `${plural(rows.length, "estimate", "estimates")} of ${axisText(options)} with intervals. ` +
      `${rows.map((row, i) => `${row.label}: ${shown[i]}`).join("; ")}.`,
    remarks: missingRemarks([{ missing, notPositive: 0 }]),
    table,
    draw: canvas => drawRows(canvas, options, shown, range),
  })
}

const axisText = ({ valueLabel, better }: IntervalPlotOptions): string =>
  better === undefined ? valueLabel : `${valueLabel} (${better} is better)`

const drawRows = (
  canvas: Canvas,
  options: IntervalPlotOptions,
  shown: readonly string[],
  range: [number, number],
) => {
  const { rows, reference } = options
  const labels = rows.map(row => fitText(row.label, canvas.narrow ? canvas.width * 0.5 : 220))
  const stacked = canvas.narrow
  const left = stacked ? 0 : Math.ceil(Math.max(...labels.map(label => textPixels(label, 13)))) + 16
  const right = canvas.width - (stacked ? 0 : Math.max(...shown.map(text => textPixels(text, 13))) + 16)
  const top = reference === undefined ? 30 : 48
  const pitch = stacked ? 44 : 30
  const bottom = top + rows.length * pitch
  const build = (from: number, to: number, wide: number) =>
    linearScale({ domain: range, range: [from, to], ticks: Math.max(2, (to - from) / wide) })
  const tickPixels = Math.max(...build(left, right, 80).ticks.map(tick => textPixels(tick.label)))
  const inset = stacked ? tickPixels / 2 : 0
  const scale = build(left + inset, right - inset, Math.max(64, tickPixels + 30))
  const drawn = rows.map((row, i) => {
    const y = top + i * pitch + (stacked ? 30 : pitch / 2)
    const textY = stacked ? y - 18 : y
    const series = row.chosen ? 1 : 0
    const words = row.chosen ? "ink strong" : "ink"
    const interval = [row.low, row.high].every(Number.isFinite)
      ? element("g", { class: seriesClass(series) }, whisker(scale.at(row.low), scale.at(row.high), y))
      : ""
    const point = Number.isFinite(row.point)
      ? marker(series, scale.at(row.point), y, 4.8, markTitle(`${row.label}: ${shown[i]}`))
      : ""
    return (
      textAt(labels[i], 0, textY, { class: words }) +
      textAt(shown[i], canvas.width, textY, { anchor: "end", class: words }) +
      interval +
      point
    )
  })
  const strips = stacked
    ? rows.map((_, i): [number, number] => [top + i * pitch + 20, top + i * pitch + 40])
    : [[top, bottom] as [number, number]]
  const upright = (x: number, style: string) =>
    strips.map(([from, to]) => lineBetween(x, from, x, to, style)).join("")
  const grid = scale.ticks.map(tick => upright(tick.at, "grid"))
  const ticks = scale.ticks.map(tick => textAt(tick.label, tick.at, bottom + 14, { anchor: "middle" }))
  return {
    height: bottom + 26,
    content:
      textAt(fitText(axisText(options), canvas.width), 0, 10, { class: "ink" }) +
      grid.join("") +
      lineBetween(left, bottom, right, bottom, "axis") +
      ticks.join("") +
      (reference === undefined
        ? ""
        : upright(scale.at(reference.value), "guide") +
          referenceLabel(reference, scale.at, left, right, top)) +
      drawn.join(""),
  }
}

const whisker = (from: number, to: number, y: number): string =>
  lineBetween(from, y, to, y, "whisker") +
  lineBetween(from, y - 4, from, y + 4, "whisker") +
  lineBetween(to, y - 4, to, y + 4, "whisker")

const referenceLabel = (
  reference: Omit<Marker, "axis">,
  at: (value: number) => number,
  left: number,
  right: number,
  top: number,
): string => {
  const half = textPixels(reference.label) / 2
  const middle = Math.min(Math.max(at(reference.value), left + half), right - half)
  return textAt(reference.label, middle, top - 9, { anchor: "middle" })
}
