import { RoadmapError } from "@roadmap/core/errors"
import { formatNumber } from "../format.ts"
import type { Cell, DataTable } from "../table.ts"
import { type Axis, clipped, createFrame, type Frame, type Marker, type Span } from "./frame.ts"
import { band, bandPath, curve, linePath, lineSample, marker } from "./marks.ts"
import { checkLengths, checkMarks, createPlot, emptyPlot, type Plot, type PlotText } from "./plot.ts"
import { markTitle, textAt } from "./svg.ts"
import { fitText, textPixels } from "./text-size.ts"
import { type CleanValues, cell, cleanValues, extent, missingRemarks, plural, rangeText } from "./values.ts"

/** A line: `x` and `y` of equal length, with `low` and `high` for a band around it. NaN makes a gap. */
export interface LineSeries {
  label: string
  x: ArrayLike<number>
  y: ArrayLike<number>
  low?: ArrayLike<number>
  high?: ArrayLike<number>
}

export interface LineChartOptions extends PlotText {
  x: Axis
  y: Axis
  series: readonly LineSeries[]
  markers?: readonly Marker[]
  spans?: readonly Span[]
}

/** Lines over a numeric axis. Throws INVALID_INPUT for unequal lengths or more than 20,000 points. */
export const lineChart = (options: LineChartOptions): Plot => {
  const { x, y, series, markers, spans } = options
  checkSeries(options.title, series)
  const table = lineTable(x, y, series)
  const lines = series.map(one => cleanSeries(one, x, y))
  const xExtent = extent(...lines.map(line => line.x.values))
  const yExtent = extent(...lines.flatMap(line => [line.y.values, line.low, line.high]))
  if (xExtent === undefined || yExtent === undefined) return emptyPlot(options, emptyReason(series), table)
  const remarks = missingRemarks(lines.flatMap(line => [line.x, line.y]))
  const yMarked = (markers ?? []).filter(m => m.axis === "y").map(m => m.value)
  const yDomain = y.domain ?? extent(yExtent, cleanValues(yMarked, y.scale).values)!
  return createPlot({
    text: options,
    summary: lineSummary(options, xExtent, yExtent),
    remarks,
    table,
    draw: canvas => {
      const direct = !canvas.narrow && series.length > 1
      const frame = createFrame({
        canvas,
        x: { label: x.label, kind: x.scale ?? "linear", domain: x.domain ?? xExtent, format: x.format },
        y: { label: y.label, kind: y.scale ?? "linear", domain: yDomain, format: y.format },
        tightX: true,
        tightY: y.domain !== undefined,
        legend:
          !direct && series.length > 1
            ? series.map((one, i) => ({ label: one.label, sample: lineSample(i, hasMarkers(lines[i])) }))
            : [],
        right: direct ? Math.min(canvas.width * 0.32, directWidth(series)) : undefined,
        markers,
        spans,
      })
      const drawn =
        lines.map((line, i) => drawBand(line, i, frame)).join("") +
        lines.map((line, i) => drawLine(line, i, frame, series[i].label)).join("")
      const marks = x.domain || y.domain ? clipped(drawn, frame) : drawn
      return frame.finish(marks + (direct ? directLabels(series, lines, frame, canvas.width) : ""))
    },
  })
}

interface CleanLine {
  x: CleanValues
  y: CleanValues
  low: Float64Array
  high: Float64Array
}

const cleanSeries = (one: LineSeries, x: Axis, y: Axis): CleanLine => ({
  x: cleanValues(one.x, x.scale),
  y: cleanValues(one.y, y.scale),
  low: cleanValues(one.low ?? [], y.scale).values,
  high: cleanValues(one.high ?? [], y.scale).values,
})

const checkSeries = (title: string, series: readonly LineSeries[]): void => {
  for (const { label, x, y, low, high } of series) {
    checkLengths(title, x.length, { [`y of "${label}"`]: y.length })
    if ((low === undefined) !== (high === undefined))
      throw new RoadmapError("INVALID_INPUT", `Plot "${title}": "${label}" has one end of its band only.`, {
        hint: "Give both low and high, or neither.",
      })
    if (low && high)
      checkLengths(title, x.length, {
        [`low of "${label}"`]: low.length,
        [`high of "${label}"`]: high.length,
      })
  }
  checkMarks(
    title,
    series.reduce((sum, one) => sum + one.x.length, 0),
  )
}

const emptyReason = (series: readonly LineSeries[]): string => {
  const points = series.reduce((sum, one) => sum + one.x.length, 0)
  return points === 0 ? "there are no points." : `none of ${plural(points, "point", "points")} can be drawn.`
}

const hasMarkers = (line: CleanLine): boolean => line.x.values.length <= 24

const drawBand = (line: CleanLine, index: number, frame: Frame): string =>
  line.low.length === 0
    ? ""
    : band(
        index,
        bandPath(line.x.values.map(frame.x.at), line.low.map(frame.y.at), line.high.map(frame.y.at)),
      )

const drawLine = (line: CleanLine, index: number, frame: Frame, label: string): string => {
  const xs = line.x.values.map(frame.x.at)
  const ys = line.y.values.map(frame.y.at)
  const points = hasMarkers(line)
    ? Array.from(xs, (px, i) =>
        Number.isFinite(px) && Number.isFinite(ys[i])
          ? marker(index, px, ys[i], 3.6, pointTitle(label, line.x.values[i], line.y.values[i]))
          : "",
      ).join("")
    : ""
  return curve(index, linePath(xs, ys)) + points
}

const pointTitle = (label: string, x: number, y: number): string =>
  markTitle(`${label}: ${formatNumber(x)}, ${formatNumber(y)}`)

const directWidth = (series: readonly LineSeries[]): number =>
  Math.max(...series.map(one => textPixels(one.label))) + 40

/** Names at the right end of each line, pushed apart until each has its own row, joined to its line by sample. */
const directLabels = (
  series: readonly LineSeries[],
  lines: readonly CleanLine[],
  frame: Frame,
  width: number,
): string => {
  const ends = lines.flatMap((line, index) => {
    const last = line.y.values.findLastIndex(
      (value, i) => Number.isFinite(value) && Number.isFinite(line.x.values[i]),
    )
    return last < 0 ? [] : [{ index, y: frame.y.at(line.y.values[last]) }]
  })
  const rows = spread(
    ends.map(end => Math.min(Math.max(end.y, frame.top), frame.bottom)),
    16,
    frame.top,
    frame.bottom,
  )
  const from = frame.right + 8
  return ends
    .map(({ index }, i) => {
      const sample = curve(index, `M${from} ${rows[i].toFixed(1)}h20`)
      const point = hasMarkers(lines[index]) ? marker(index, from + 10, rows[i], 3.6) : ""
      const label = fitText(series[index].label, width - from - 26)
      return sample + point + textAt(label, from + 26, rows[i], { class: "ink" })
    })
    .join("")
}

/** Moves positions apart to at least `gap`, keeping their order and staying inside the ends when possible. */
export const spread = (wanted: readonly number[], gap: number, low: number, high: number): number[] => {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b)
  const placed = order.map(i => wanted[i])
  for (let i = 1; i < placed.length; i++) placed[i] = Math.max(placed[i], placed[i - 1] + gap)
  const last = placed.length - 1
  if (last >= 0 && placed[last] > high) {
    placed[last] = high
    for (let i = last - 1; i >= 0; i--) placed[i] = Math.min(placed[i], placed[i + 1] - gap)
    if (placed[0] < low) for (let i = 0; i <= last; i++) placed[i] = low + i * gap
  }
  const result = new Array<number>(wanted.length)
  order.forEach((original, i) => {
    result[original] = placed[i]
  })
  return result
}

const lineSummary = (
  options: LineChartOptions,
  xExtent: [number, number],
  yExtent: [number, number],
): string => {
  const names = options.series.map(one => one.label).join(", ")
  return (
    `Line chart with ${plural(options.series.length, "series", "series")} (${names}). ` +
    `${options.x.label}: ${rangeText(xExtent, options.x.format)}. ` +
    `${options.y.label}: ${rangeText(yExtent, options.y.format)}.`
  )
}

/** One row per x when all series share it, else one row per point. */
const lineTable = (x: Axis, y: Axis, series: readonly LineSeries[]): DataTable => {
  const shared =
    series.length > 0 &&
    series.every(
      one =>
        one.x.length === series[0].x.length &&
        Array.from(one.x).every((value, i) => value === series[0].x[i]),
    )
  if (!shared)
    return {
      columns: [
        { label: "Series" },
        { label: x.label, format: x.format },
        { label: y.label, format: y.format },
      ],
      rows: series.flatMap(one =>
        Array.from(one.x, (value, i): Cell[] => [one.label, cell(value), cell(one.y[i])]),
      ),
    }
  const columns = series.flatMap(one => [
    { label: one.label, values: one.y },
    ...(one.low && one.high
      ? [
          { label: `${one.label}, low`, values: one.low },
          { label: `${one.label}, high`, values: one.high },
        ]
      : []),
  ])
  return {
    columns: [
      { label: x.label, format: x.format },
      ...columns.map(column => ({ label: column.label, format: y.format })),
    ],
    rows: Array.from(series[0].x, (value, i): Cell[] => [
      cell(value),
      ...columns.map(column => cell(column.values[i])),
    ]),
  }
}
