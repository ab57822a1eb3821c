import { formatNumber } from "../format.ts"
import type { Cell } from "../table.ts"
import { type Axis, clipped, createFrame, type Marker } from "./frame.ts"
import { dotsPath, marker } from "./marks.ts"
import { seriesClass } from "./palette.ts"
import { checkLengths, checkMarks, createPlot, emptyPlot, type Plot, type PlotText } from "./plot.ts"
import { createScale } from "./scale.ts"
import { element, lineBetween, markTitle } from "./svg.ts"
import { cell, cleanValues, extent, missingRemarks, plural, rangeText } from "./values.ts"

export interface ScatterSeries {
  label: string
  x: ArrayLike<number>
  y: ArrayLike<number>
  /** Name of each point, told to a pointer and in the data table. */
  names?: readonly string[]
}

export interface ScatterOptions extends PlotText {
  x: Axis
  y: Axis
  series: readonly ScatterSeries[]
  /** Draws y = x: predicted against actual. Both axes then show the same domain. Default false. */
  diagonal?: boolean
  markers?: readonly Marker[]
}

const separateMarkers = 400

/** Points. Up to 400 have shapes by series; more become translucent dots. Throws INVALID_INPUT past 20,000. */
export const scatter = (options: ScatterOptions): Plot => {
  const { x, y, series, diagonal = false, markers } = options
  for (const one of series)
    checkLengths(options.title, one.x.length, {
      [`y of "${one.label}"`]: one.y.length,
      ...(one.names && { [`names of "${one.label}"`]: one.names.length }),
    })
  const total = series.reduce((sum, one) => sum + one.x.length, 0)
  checkMarks(options.title, total)
  const named = series.some(one => one.names !== undefined)
  const table = {
    columns: [
      { label: "Series" },
      ...(named ? [{ label: "Name" }] : []),
      { label: x.label, format: x.format },
      { label: y.label, format: y.format },
    ],
    rows: series.flatMap(one =>
      Array.from(one.x, (value, i): Cell[] => [
        one.label,
        ...(named ? [one.names?.[i] ?? null] : []),
        cell(value),
        cell(one.y[i]),
      ]),
    ),
  }
  const points = series.map(one => ({ x: cleanValues(one.x, x.scale), y: cleanValues(one.y, y.scale) }))
  const xExtent = extent(...points.map(point => point.x.values))
  const yExtent = extent(...points.map(point => point.y.values))
  if (xExtent === undefined || yExtent === undefined)
    return emptyPlot(options, total === 0 ? "there are no points." : "no point can be drawn.", table)
  const square = diagonal ? sameDomain(xExtent, yExtent, x.scale) : undefined
  return createPlot({
    text: options,
    summary:
      `Scatter plot of ${plural(total, "point", "points")} in ${plural(series.length, "series", "series")}. ` +
      `${x.label}: ${rangeText(xExtent, x.format)}. ${y.label}: ${rangeText(yExtent, y.format)}.`,
    remarks: missingRemarks(points.flatMap(point => [point.x, point.y])),
    table,
    wideWidth: diagonal ? 480 : 720,
    draw: canvas => {
      const frame = createFrame({
        canvas,
        x: {
          label: x.label,
          kind: x.scale ?? "linear",
          domain: x.domain ?? square ?? xExtent,
          format: x.format,
        },
        y: {
          label: y.label,
          kind: y.scale ?? "linear",
          domain: y.domain ?? square ?? yExtent,
          format: y.format,
        },
        plotHeight: diagonal ? canvas.width - 90 : canvas.narrow ? 240 : 320,
        legend:
          series.length > 1
            ? series.map((one, i) => ({ label: one.label, sample: marker(i, 12, 0, 4.5) }))
            : [],
        grid: "both",
        markers,
        tightX: x.domain !== undefined || diagonal,
        tightY: y.domain !== undefined || diagonal,
      })
      const low = Math.max(frame.x.domain[0], frame.y.domain[0])
      const high = Math.min(frame.x.domain[1], frame.y.domain[1])
      const equality =
        diagonal && low < high
          ? lineBetween(frame.x.at(low), frame.y.at(low), frame.x.at(high), frame.y.at(high), "guide")
          : ""
      const drawn = points.map((point, s) => {
        const xs = point.x.values.map(frame.x.at)
        const ys = point.y.values.map(frame.y.at)
        if (total > separateMarkers) return dots(s, xs, ys, total)
        return Array.from(xs, (px, i) =>
          Number.isFinite(px) && Number.isFinite(ys[i])
            ? marker(s, px, ys[i], 4.4, pointTitle(series[s], i))
            : "",
        ).join("")
      })
      const marks = x.domain || y.domain ? clipped(drawn.join(""), frame) : drawn.join("")
      return frame.finish(equality + marks)
    },
  })
}

/** One rounded domain for both axes: an equal step means an equal distance on each. */
const sameDomain = (
  x: [number, number],
  y: [number, number],
  scale: Axis["scale"],
): readonly [number, number] =>
  createScale(scale ?? "linear", { domain: extent(x, y)!, range: [0, 1], ticks: 6 }).domain

const dots = (index: number, xs: ArrayLike<number>, ys: ArrayLike<number>, total: number): string =>
  element("path", {
    class: `dots ${seriesClass(index)}`,
    "stroke-width": total > 4000 ? "2.5" : "3.5",
    "stroke-opacity": total > 4000 ? "0.35" : "0.5",
    d: dotsPath(xs, ys),
  })

const pointTitle = (series: ScatterSeries, i: number): string =>
  markTitle(
    `${series.names?.[i] ?? series.label}: ${formatNumber(series.x[i])}, ${formatNumber(series.y[i])}`,
  )
