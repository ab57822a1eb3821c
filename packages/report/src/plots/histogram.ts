import { RoadmapError } from "@roadmap/core/errors"
import { formatCount, formatNumber, formatPercent } from "../format.ts"
import type { Cell, DataTable } from "../table.ts"
import { type Axis, createFrame, type Frame, type Marker } from "./frame.ts"
import { blockSample, curve, lineSample } from "./marks.ts"
import { seriesClass } from "./palette.ts"
import { checkLengths, checkMarks, createPlot, emptyPlot, type Plot, type PlotText } from "./plot.ts"
import { element, markTitle } from "./svg.ts"
import { cell, plural, rangeText } from "./values.ts"

export interface HistogramSeries {
  label: string
  /** One count a bin; `edges` has one entry more. */
  counts: ArrayLike<number>
}

export interface HistogramOptions extends PlotText {
  x: Axis
  /** Bin edges, ascending and finite: bin i holds edges[i] <= value < edges[i + 1]. */
  edges: ArrayLike<number>
  series: readonly HistogramSeries[]
  /**
   * What a bar's height is. "count" and "share" (of the series) need bins that are equally wide on the axis,
   * since area is what the eye reads; "density" is share per unit of x. Default count, or density when the bins
   * are unequal.
   */
  measure?: "count" | "share" | "density"
  /** A logarithmic y axis shows rare bins; it begins at the smallest bin that is not empty. Default linear. */
  yScale?: "linear" | "log"
  markers?: readonly Marker[]
}

/** Counts in bins. The first series is filled; further ones are outlines over it. Throws INVALID_INPUT. */
export const histogram = (options: HistogramOptions): Plot => {
  const { x, series, yScale = "linear", markers } = options
  const edges = Float64Array.from(options.edges)
  checkBins(options.title, edges, series)
  const equal = equallyWide(edges, x.scale)
  const measure = options.measure ?? (equal ? "count" : "density")
  if (measure !== "density" && !equal)
    throw new RoadmapError("INVALID_INPUT", `Plot "${options.title}" shows ${measure}s over unequal bins.`, {
      hint: 'Use measure "density", or bins of equal width.',
    })
  const heights = series.map(one => measured(one.counts, edges, measure))
  const table = histogramTable(options, edges, heights, measure)
  const largest = heights.flatMap(h => [...h]).reduce((most, h) => Math.max(most, h), 0)
  if (largest === 0) return emptyPlot(options, "every bin is empty.", table)
  const smallest = heights
    .flatMap(h => [...h])
    .reduce((least, h) => (h > 0 && h < least ? h : least), largest)
  const floor = yScale === "log" ? smallest / 2 : 0
  return createPlot({
    text: options,
    summary: histogramSummary(options, edges, heights),
    table,
    draw: canvas => {
      const frame = createFrame({
        canvas,
        x: {
          label: x.label,
          kind: x.scale ?? "linear",
          domain: x.domain ?? [edges[0], edges[edges.length - 1]],
          format: x.format,
        },
        y: {
          label: measureLabel(measure),
          kind: yScale,
          domain: [floor, largest],
          format:
            measure === "share"
              ? value => formatPercent(value, { decimals: largest < 0.05 ? 1 : 0 })
              : undefined,
        },
        tightX: true,
        legend:
          series.length > 1
            ? series.map((one, i) => ({
                label: one.label,
                sample: i === 0 ? blockSample(0, " pale") : lineSample(i, false),
              }))
            : [],
        markers,
      })
      const drawn = heights.map((h, i) =>
        i === 0 ? bars(h, edges, frame, table, series.length > 1) : outline(h, edges, frame, i),
      )
      return frame.finish(drawn.join(""))
    },
  })
}

const checkBins = (title: string, edges: Float64Array, series: readonly HistogramSeries[]): void => {
  const bad = edges.findIndex((edge, i) => !Number.isFinite(edge) || (i > 0 && edge <= edges[i - 1]))
  if (bad >= 0 || edges.length < 2)
    throw new RoadmapError(
      "INVALID_INPUT",
      bad >= 0
        ? `Plot "${title}": bin edge ${bad} is ${edges[bad]}; edges must be finite and ascending.`
        : `Plot "${title}" has ${edges.length} bin edges; a histogram needs at least 2.`,
    )
  for (const { label, counts } of series) {
    checkLengths(title, edges.length - 1, { [`counts of "${label}"`]: counts.length })
    for (let i = 0; i < counts.length; i++)
      if (!(counts[i] >= 0 && Number.isFinite(counts[i])))
        throw new RoadmapError(
          "INVALID_INPUT",
          `Plot "${title}": "${label}" counts ${counts[i]} in bin ${i}.`,
        )
  }
  checkMarks(title, (edges.length - 1) * series.length)
}

const equallyWide = (edges: Float64Array, scale: Axis["scale"]): boolean => {
  const on = scale === "log" ? edges.map(Math.log) : edges
  const width = (on[on.length - 1] - on[0]) / (on.length - 1)
  return on.every((edge, i) => Math.abs(edge - (on[0] + i * width)) <= Math.abs(width) * 1e-6)
}

const measured = (counts: ArrayLike<number>, edges: Float64Array, measure: string): Float64Array => {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0)
  return Float64Array.from(counts, (count, i) => {
    if (measure === "count" || total === 0) return count
    return measure === "share" ? count / total : count / total / (edges[i + 1] - edges[i])
  })
}

const measureLabel = (measure: "count" | "share" | "density"): string =>
  ({ count: "Rows", share: "Share of rows", density: "Density (share of rows per unit)" })[measure]

const bars = (
  heights: Float64Array,
  edges: Float64Array,
  frame: Frame,
  table: DataTable,
  pale: boolean,
): string => {
  const gap = (frame.right - frame.left) / heights.length > 6 ? 1 : 0
  let drawn = ""
  heights.forEach((height, i) => {
    if (height <= 0) return
    const left = frame.x.at(edges[i])
    const right = frame.x.at(edges[i + 1])
    const top = frame.y.at(height)
    const title = heights.length > 120 ? "" : barTitle(edges, i, Number(table.rows[i][2]))
    drawn += element(
      "rect",
      {
        x: left,
        y: top,
        width: Math.max(0.5, right - left - gap),
        height: Math.max(0.5, frame.bottom - top),
      },
      title,
    )
  })
  return element("g", { class: `block ${seriesClass(0)}${pale ? " pale" : ""}` }, drawn)
}

const barTitle = (edges: Float64Array, i: number, count: number): string =>
  markTitle(`${formatNumber(edges[i])} to ${formatNumber(edges[i + 1])}: ${formatNumber(count)}`)

const outline = (heights: Float64Array, edges: Float64Array, frame: Frame, index: number): string => {
  let path = `M${frame.x.at(edges[0]).toFixed(1)} ${frame.bottom}`
  heights.forEach((height, i) => {
    const y = height > 0 ? Math.min(frame.bottom, frame.y.at(height)) : frame.bottom
    path += `V${y.toFixed(1)}H${frame.x.at(edges[i + 1]).toFixed(1)}`
  })
  path += `V${frame.bottom}`
  return curve(index, path)
}

const histogramSummary = (
  options: HistogramOptions,
  edges: Float64Array,
  heights: Float64Array[],
): string => {
  const peaks = options.series.map((one, s) => {
    const top = heights[s].indexOf(heights[s].reduce((most, h) => Math.max(most, h), 0))
    const total = Array.from(one.counts).reduce((sum, count) => sum + count, 0)
    return `${one.label}: ${formatCount(total)} rows, most in ${rangeText([edges[top], edges[top + 1]])}.`
  })
  return (
    `Histogram of ${options.x.label} in ${plural(edges.length - 1, "bin", "bins")} ` +
    `over ${rangeText([edges[0], edges[edges.length - 1]])}. ${peaks.join(" ")}`
  )
}

const histogramTable = (
  options: HistogramOptions,
  edges: Float64Array,
  heights: Float64Array[],
  measure: "count" | "share" | "density",
): DataTable => ({
  columns: [
    { label: `${options.x.label}, from`, format: options.x.format },
    { label: "to", format: options.x.format },
    ...options.series.flatMap(one => [
      { label: `${one.label}, rows` },
      ...(measure === "count" ? [] : [{ label: `${one.label}, ${measure}`, format: formatNumber }]),
    ]),
  ],
  rows: Array.from({ length: edges.length - 1 }, (_, i): Cell[] => [
    cell(edges[i]),
    cell(edges[i + 1]),
    ...options.series.flatMap((one, s) =>
      measure === "count" ? [one.counts[i]] : [one.counts[i], heights[s][i]],
    ),
  ]),
})
