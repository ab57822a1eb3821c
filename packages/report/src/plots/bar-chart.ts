import { formatInterval, formatNumber } from "../format.ts"
import type { Cell, DataTable } from "../table.ts"
import { createFrame } from "./frame.ts"
import { seriesClass } from "./palette.ts"
import { type Canvas, checkMarks, createPlot, emptyPlot, type Plot, type PlotText } from "./plot.ts"
import { linearScale, withMinus } from "./scale.ts"
import { element, lineBetween, markTitle, textAt } from "./svg.ts"
import { fitText, textPixels } from "./text-size.ts"
import { cell, extent, missingRemarks, plural } from "./values.ts"

export interface Bar {
  label: string
  value: number
  low?: number
  high?: number
}

export interface BarChartOptions extends PlotText {
  /** What the bars measure, with its unit. */
  valueLabel: string
  /** Drawn in this order. A NaN value is named but has no bar. */
  bars: readonly Bar[]
  /** "horizontal" (default) for names; "vertical" for categories with an order, such as hours of the day. */
  orientation?: "horizontal" | "vertical"
  /** What the categories are. Default "Category". */
  categoryLabel?: string
  format?: (value: number) => string
}

/** Bars from zero, with whiskers where `low` and `high` are given. Throws INVALID_INPUT past 20,000 bars. */
export const barChart = (options: BarChartOptions): Plot => {
  const { bars, orientation = "horizontal", format = (v: number) => formatNumber(v) } = options
  checkMarks(options.title, bars.length)
  const table = barTable(options)
  const range = extent(
    bars.map(bar => bar.value),
    bars.map(bar => bar.low ?? Number.NaN),
    bars.map(bar => bar.high ?? Number.NaN),
  )
  if (range === undefined || !bars.some(bar => Number.isFinite(bar.value)))
    return emptyPlot(options, bars.length === 0 ? "there are no bars." : "no bar has a value.", table)
  const domain: [number, number] = [Math.min(0, range[0]), Math.max(0, range[1])]
  const missing = bars.filter(bar => !Number.isFinite(bar.value)).length
  return createPlot({
    text: options,
    summary: barSummary(options, format),
    remarks: missingRemarks([{ missing, notPositive: 0 }]),
    table,
    draw: canvas =>
      orientation === "vertical"
        ? drawVertical(canvas, options, domain)
        : drawHorizontal(canvas, options, domain, format),
  })
}

/** Names at the left (above the bar when long on a narrow canvas), the value after each bar: no axis is needed. */
const drawHorizontal = (
  canvas: Canvas,
  { bars, valueLabel }: BarChartOptions,
  domain: [number, number],
  format: (value: number) => string,
) => {
  const widestLabel = Math.max(...bars.map(bar => textPixels(bar.label)))
  const above = widestLabel > canvas.width * (canvas.narrow ? 0.36 : 0.4)
  const left = above ? 0 : Math.ceil(widestLabel) + 12
  const values = bars.map(bar => (Number.isFinite(bar.value) ? format(bar.value) : "missing"))
  const valueSpace = Math.max(...values.map(text => textPixels(text))) + 12
  const negativeSpace = domain[0] < 0 ? valueSpace : 0
  const scale = linearScale({
    domain,
    range: [left + negativeSpace, canvas.width - valueSpace],
    ticks: 5,
    round: false,
  })
  const thick = bars.length > 24 ? 12 : 16
  const pitch = above ? thick + 26 : thick + (bars.length > 24 ? 5 : 9)
  const top = 28
  const zero = scale.at(0)
  const rows = bars.map((bar, i) => {
    const y = top + i * pitch + (above ? 20 : 0)
    const middle = y + thick / 2
    const label = above
      ? textAt(fitText(bar.label, canvas.width), 0, y - 10, { class: "ink" })
      : textAt(bar.label, left - 10, middle, { anchor: "end", class: "ink" })
    const to = Number.isFinite(bar.value) ? scale.at(bar.value) : zero
    const whisker = horizontalWhisker(bar, middle, scale.at)
    const reach = [to, ...whisker.ends]
    const valueAt =
      bar.value < 0
        ? textAt(withMinus(values[i]), Math.min(...reach) - 6, middle, { anchor: "end" })
        : textAt(values[i], Math.max(...reach) + 6, middle)
    const axis = above ? lineBetween(zero, y - 1, zero, y + thick + 1, "axis") : ""
    const shape = barShape(Math.min(zero, to), y, Math.abs(to - zero), thick)
    return label + shape + axis + whisker.content + valueAt
  })
  const bottom = top + bars.length * pitch - (above ? 0 : pitch - thick)
  return {
    height: bottom + 8,
    content:
      textAt(fitText(valueLabel, canvas.width), left, 10, { class: "ink" }) +
      element("g", { class: seriesClass(0) }, rows.join("")) +
      (above ? "" : lineBetween(zero, top - 4, zero, bottom + 4, "axis")),
  }
}

const drawVertical = (canvas: Canvas, options: BarChartOptions, domain: [number, number]) => {
  const { bars, valueLabel, categoryLabel = "", format } = options
  const frame = createFrame({
    canvas,
    x: { label: categoryLabel, kind: "linear", domain: [0, bars.length] },
    y: { label: valueLabel, kind: "linear", domain, format },
    tightX: true,
    xTicks: bars.map((bar, i) => ({ value: i + 0.5, label: bar.label })),
  })
  const zero = frame.y.at(0)
  const pitch = (frame.right - frame.left) / bars.length
  const width = Math.max(1, pitch * (pitch > 8 ? 0.76 : 0.9))
  const drawn = bars.map((bar, i) => {
    if (!Number.isFinite(bar.value)) return ""
    const middle = frame.x.at(i + 0.5)
    const to = frame.y.at(bar.value)
    const title = markTitle(`${bar.label}: ${formatNumber(bar.value)}`)
    const whisker =
      bar.low === undefined || bar.high === undefined
        ? ""
        : lineBetween(middle, frame.y.at(bar.low), middle, frame.y.at(bar.high), "error")
    return barShape(middle - width / 2, Math.min(zero, to), width, Math.abs(to - zero), title) + whisker
  })
  return frame.finish(element("g", { class: seriesClass(0) }, drawn.join("")))
}

const barShape = (x: number, y: number, width: number, height: number, title = ""): string =>
  width > 0 && height > 0
    ? element("rect", { class: "block", x, y, width, height: height, rx: width > 6 ? 1.5 : undefined }, title)
    : ""

const horizontalWhisker = (bar: Bar, y: number, at: (value: number) => number) => {
  if (bar.low === undefined || bar.high === undefined) return { ends: [], content: "" }
  const [from, to] = [at(bar.low), at(bar.high)]
  const cap = (x: number) => lineBetween(x, y - 4, x, y + 4, "error")
  return { ends: [from, to], content: lineBetween(from, y, to, y, "error") + cap(from) + cap(to) }
}

const barSummary = ({ bars, valueLabel }: BarChartOptions, format: (value: number) => string): string => {
  const known = bars.filter(bar => Number.isFinite(bar.value)).sort((a, b) => b.value - a.value)
  const [most, least] = [known[0], known[known.length - 1]]
  return (
    `Bar chart of ${valueLabel} for ${plural(bars.length, "category", "categories")}. ` +
    `Highest: ${most.label}, ${format(most.value)}. Lowest: ${least.label}, ${format(least.value)}.`
  )
}

const barTable = (options: BarChartOptions): DataTable => {
  const { bars, valueLabel, categoryLabel = "Category", format } = options
  const intervals = bars.some(bar => bar.low !== undefined && bar.high !== undefined)
  return {
    columns: [
      { label: categoryLabel },
      { label: valueLabel, format },
      ...(intervals ? [{ label: "With interval", align: "right" as const }] : []),
    ],
    rows: bars.map((bar): Cell[] => [
      bar.label,
      cell(bar.value),
      ...(intervals ? [formatInterval(bar.value, bar.low ?? Number.NaN, bar.high ?? Number.NaN)] : []),
    ]),
  }
}
