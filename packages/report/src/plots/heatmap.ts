import { formatNumber } from "../format.ts"
import type { Cell } from "../table.ts"
import {
  type Canvas,
  checkLengths,
  checkMarks,
  createPlot,
  emptyPlot,
  type Plot,
  type PlotText,
} from "./plot.ts"
import { withMinus } from "./scale.ts"
import { coordinate, element, markTitle, textAt } from "./svg.ts"
import { fitText, textPixels } from "./text-size.ts"
import { cell, extent, missingRemarks, plural, rangeText } from "./values.ts"

export interface HeatmapOptions extends PlotText {
  xLabel: string
  yLabel: string
  /** What the colour means, with its unit. */
  valueLabel: string
  columns: readonly string[]
  rows: readonly string[]
  /** One array a row, one value a column; NaN is an empty cell. */
  values: readonly ArrayLike<number>[]
  /** "diverging" has a neutral middle at `centre`. Default sequential. */
  colours?: "sequential" | "diverging"
  /** Default 0. Only for diverging colours. */
  centre?: number
  /** Prints each value in its cell where it fits. Default true. */
  printed?: boolean
  format?: (value: number) => string
}

const steps = 9

/** A table of colours in nine steps, with the numbers in the cells where they fit. Throws INVALID_INPUT. */
export const heatmap = (options: HeatmapOptions): Plot => {
  const {
    rows,
    columns,
    values,
    valueLabel,
    format = (v: number) => formatNumber(v, { significant: 3 }),
  } = options
  checkLengths(options.title, rows.length, { values: values.length })
  values.forEach((row, r) => {
    checkLengths(options.title, columns.length, { [`row "${rows[r]}"`]: row.length })
  })
  checkMarks(options.title, rows.length * columns.length)
  const table = {
    columns: [{ label: options.yLabel }, ...columns.map(label => ({ label, format: options.format }))],
    rows: rows.map((label, r): Cell[] => [label, ...Array.from(values[r], cell)]),
  }
  const range = extent(...values)
  if (range === undefined)
    return emptyPlot(
      options,
      rows.length * columns.length === 0 ? "there are no cells." : "no cell has a value.",
      table,
    )
  const missing = values.reduce(
    (sum, row) => sum + Array.from(row).filter(value => !Number.isFinite(value)).length,
    0,
  )
  const colour = colourSteps(options, range)
  return createPlot({
    text: options,
    summary:
      `Heat map of ${valueLabel}: ${plural(rows.length, "row", "rows")} (${options.yLabel}) by ` +
      `${plural(columns.length, "column", "columns")} (${options.xLabel}), ${rangeText(range, format)}.`,
    remarks: missingRemarks([{ missing, notPositive: 0 }]),
    table,
    draw: canvas => drawCells(canvas, options, colour, format),
  })
}

interface ColourSteps {
  low: number
  high: number
  /** Letter of the colour ramp: h sequential, d diverging. */
  ramp: "h" | "d"
  step(value: number): number
}

const colourSteps = (options: HeatmapOptions, range: readonly [number, number]): ColourSteps => {
  const { colours = "sequential", centre = 0 } = options
  const reach = Math.max(Math.abs(range[0] - centre), Math.abs(range[1] - centre))
  const [low, high] = colours === "diverging" ? [centre - reach, centre + reach] : range
  return {
    low,
    high,
    ramp: colours === "diverging" ? "d" : "h",
    step: value =>
      high === low
        ? colours === "diverging"
          ? (steps - 1) / 2
          : 2
        : Math.min(steps - 1, Math.floor(((value - low) / (high - low)) * steps)),
  }
}

const drawCells = (
  canvas: Canvas,
  options: HeatmapOptions,
  colour: ColourSteps,
  format: (value: number) => string,
) => {
  const { rows, columns, values, xLabel, yLabel, valueLabel, printed = true } = options
  const rowLabels = rows.map(label => fitText(label, canvas.width * 0.3))
  const left = Math.ceil(Math.max(...rowLabels.map(label => textPixels(label)))) + 10
  const cellWidth = (canvas.width - left) / columns.length
  const cellHeight = Math.min(30, Math.max(8, rows.length > 40 ? 10 : 24))
  const legend = drawRamp(canvas, valueLabel, colour, format)
  const top = legend.height + 24
  const fontSize = canvas.narrow ? 12 : 11
  const small = canvas.narrow ? "" : " small"
  const widest = Math.max(
    ...values.flatMap(row =>
      Array.from(row, v => (Number.isFinite(v) ? textPixels(format(v), fontSize) : 0)),
    ),
  )
  const words = printed && widest + 6 <= cellWidth && cellHeight >= 18
  const titled = !words && rows.length * columns.length <= 400
  const plain = new Array<string>(steps).fill("")
  let titledCells = ""
  let numbers = ""
  rows.forEach((row, r) => {
    columns.forEach((column, c) => {
      const value = values[r][c]
      if (!Number.isFinite(value)) return
      const step = colour.step(value)
      const x = left + c * cellWidth
      const y = top + r * cellHeight
      const width = cellWidth - (cellWidth > 6 ? 1 : 0)
      const height = cellHeight - (cellHeight > 6 ? 1 : 0)
      if (titled)
        titledCells += element(
          "rect",
          { class: `${colour.ramp}${step}`, x, y, width, height },
          markTitle(`${row}, ${column}: ${format(value)}`),
        )
      else plain[step] += rectanglePath(x, y, width, height)
      if (words)
        numbers += textAt(withMinus(format(value)), x + cellWidth / 2, y + cellHeight / 2, {
          anchor: "middle",
          class: (strong(colour.ramp, step) ? "onStrong" : "ink") + small,
        })
    })
  })
  const plainCells = plain.map((d, step) =>
    d === "" ? "" : element("path", { class: `${colour.ramp}${step}`, d }),
  )
  const cells = titledCells + plainCells.join("")
  const every = Math.ceil((Math.max(...columns.map(label => textPixels(label))) + 6) / cellWidth)
  const bottom = top + rows.length * cellHeight
  const columnLabels = columns
    .map((label, c) =>
      c % every === 0
        ? textAt(fitText(label, cellWidth * every), left + (c + 0.5) * cellWidth, bottom + 12, {
            anchor: columns.length > 1 && (c + 0.5) * cellWidth < textPixels(label) / 2 ? "start" : "middle",
          })
        : "",
    )
    .join("")
  return {
    height: bottom + 46,
    content:
      legend.content +
      textAt(fitText(yLabel, canvas.width), 0, legend.height + 10, { class: "ink" }) +
      rowLabels
        .map((label, r) =>
          r % Math.ceil(14 / cellHeight) === 0
            ? textAt(label, left - 8, top + (r + 0.5) * cellHeight, { anchor: "end" })
            : "",
        )
        .join("") +
      cells +
      numbers +
      columnLabels +
      textAt(xLabel, canvas.width, bottom + 34, { anchor: "end", class: "ink" }),
  }
}

/** Cells without a title are drawn as one path a colour: a third of the bytes of separate rectangles. */
const rectanglePath = (x: number, y: number, width: number, height: number): string =>
  `M${coordinate(x)} ${coordinate(y)}h${coordinate(width)}v${coordinate(height)}h${coordinate(-width)}Z`

/** Steps dark or bright enough that text on them needs the opposite colour. */
const strong = (ramp: "h" | "d", step: number): boolean => (ramp === "h" ? step >= 5 : step <= 1 || step >= 7)

const drawRamp = (
  canvas: Canvas,
  valueLabel: string,
  colour: ColourSteps,
  format: (value: number) => string,
) => {
  const [low, high] = [colour.low, colour.high].map(value => withMinus(format(value)))
  const label = fitText(valueLabel, canvas.width)
  const rampWidth = steps * 14
  const need = textPixels(label) + textPixels(low) + textPixels(high) + rampWidth + 40
  const beside = need <= canvas.width
  const y = beside ? 2 : 24
  const from = beside ? textPixels(label) + 20 + textPixels(low) : textPixels(low) + 8
  const swatches = Array.from({ length: steps }, (_, step) =>
    element("rect", { class: `${colour.ramp}${step}`, x: from + step * 14, y, width: 14, height: 14 }),
  )
  return {
    height: y + 26,
    content:
      textAt(label, 0, beside ? 9 : 10, { class: "ink" }) +
      textAt(low, from - 6, y + 7, { anchor: "end" }) +
      swatches.join("") +
      textAt(high, from + rampWidth + 6, y + 7),
  }
}
