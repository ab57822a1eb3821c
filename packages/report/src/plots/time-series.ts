import { RoadmapError } from "@roadmap/core/errors"
import type { Cell, DataTable } from "../table.ts"
import { type Axis, createFrame, type Marker, type Span } from "./frame.ts"
import { curve, linePath, lineSample } from "./marks.ts"
import { seriesClass } from "./palette.ts"
import { checkLengths, checkMarks, createPlot, emptyPlot, type Plot, type PlotText } from "./plot.ts"
import { element } from "./svg.ts"
import { cell, cleanValues, extent, missingRemarks, plural, rangeText } from "./values.ts"

export interface DailySeries {
  label: string
  /** One value a day of `days`; NaN is a day without one. */
  values: ArrayLike<number>
}

export interface TimeSeriesOptions extends PlotText {
  /** Days as "2001-03-31", ascending, each once. Days may be absent. */
  days: readonly string[]
  y: Axis
  series: readonly DailySeries[]
  /** Days of the trailing mean drawn over the values. Default 7; 1 draws the values alone. */
  rollingDays?: number
  /** Days worth a line: a release, an incident. */
  events?: readonly { day: string; label: string }[]
  /** Named stretches, `to` included: train, validation, test. */
  periods?: readonly { from: string; to: string; label: string }[]
}

const dayMs = 86_400_000

/** Values by day (faint) under their trailing mean (bold). Throws INVALID_INPUT for bad or unordered days. */
export const timeSeries = (options: TimeSeriesOptions): Plot => {
  const { y, series, rollingDays = 7 } = options
  const days = Float64Array.from(options.days, day => parseDay(options.title, day))
  const unordered = days.findIndex((day, i) => i > 0 && day <= days[i - 1])
  if (unordered >= 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `Plot "${options.title}": day ${options.days[unordered]} comes after ${options.days[unordered - 1]}.`,
      { hint: "Sort the days and give each once." },
    )
  for (const one of series)
    checkLengths(options.title, days.length, { [`values of "${one.label}"`]: one.values.length })
  checkMarks(options.title, days.length * series.length)
  const clean = series.map(one => cleanValues(one.values, y.scale))
  const means = clean.map(one => trailingMean(days, one.values, rollingDays))
  const table = dailyTable(options, means)
  const range = extent(...clean.map(one => one.values))
  if (range === undefined)
    return emptyPlot(options, days.length === 0 ? "there are no days." : "no day has a value.", table)
  const smooth = rollingDays > 1 && means.some(mean => mean.some(Number.isFinite))
  const spans: Span[] = (options.periods ?? []).map(period => ({
    from: parseDay(options.title, period.from),
    to: parseDay(options.title, period.to) + dayMs,
    label: period.label,
  }))
  const markers: Marker[] = (options.events ?? []).map(event => ({
    axis: "x",
    value: parseDay(options.title, event.day),
    label: event.label,
  }))
  return createPlot({
    text: options,
    summary:
      `${y.label} by day from ${options.days[0]} to ${options.days[days.length - 1]}, ` +
      `${plural(series.length, "series", "series")} (${series.map(one => one.label).join(", ")}), ` +
      `${rangeText(range, y.format)}.`,
    remarks: [
      ...(smooth ? [`Bold: mean of the last ${rollingDays} days. Faint: single days.`] : []),
      ...missingRemarks(clean),
    ],
    table,
    draw: canvas => {
      const frame = createFrame({
        canvas,
        x: { label: "", kind: "time", domain: [days[0], days[days.length - 1]] },
        y: { label: y.label, kind: y.scale ?? "linear", domain: y.domain ?? range, format: y.format },
        plotHeight: canvas.narrow ? 180 : 220,
        legend:
          series.length > 1
            ? series.map((one, i) => ({ label: one.label, sample: lineSample(i, false) }))
            : [],
        spans,
        markers,
      })
      const xs = days.map(frame.x.at)
      const drawn = clean.map((one, i) => {
        const daily = linePath(xs, one.values.map(frame.y.at))
        if (!smooth) return curve(i, daily)
        return (
          element("path", { class: `curve faint ${seriesClass(i)}`, d: daily }) +
          curve(i, linePath(xs, means[i].map(frame.y.at)))
        )
      })
      return frame.finish(drawn.join(""))
    },
  })
}

/**
 * Mean over the last `window` calendar days, this day included; NaN before the first whole window and where
 * the window has no value.
 */
export const trailingMean = (days: Float64Array, values: Float64Array, window: number): Float64Array => {
  const means = new Float64Array(values.length).fill(Number.NaN)
  let start = 0
  for (let i = 0; i < values.length; i++) {
    const oldest = days[i] - (window - 1) * dayMs
    while (days[start] < oldest) start++
    if (days[0] > oldest) continue
    let sum = 0
    let count = 0
    for (let j = start; j <= i; j++)
      if (Number.isFinite(values[j])) {
        sum += values[j]
        count++
      }
    if (count > 0) means[i] = sum / count
  }
  return means
}

const parseDay = (title: string, day: string): number => {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day)
    throw new RoadmapError("INVALID_INPUT", `Plot "${title}": "${day}" is not a day.`, {
      hint: "Write days as 2001-03-31.",
    })
  return time
}

const dailyTable = (options: TimeSeriesOptions, means: readonly Float64Array[]): DataTable => {
  const { days, series, y, rollingDays = 7 } = options
  const smooth = rollingDays > 1
  return {
    columns: [
      { label: "Day" },
      ...series.flatMap(one => [
        { label: one.label, format: y.format },
        ...(smooth ? [{ label: `${one.label}, ${rollingDays}-day mean`, format: y.format }] : []),
      ]),
    ],
    rows: days.map((day, i): Cell[] => [
      day,
      ...series.flatMap((one, s) =>
        smooth ? [cell(one.values[i]), cell(means[s][i])] : [cell(one.values[i])],
      ),
    ]),
  }
}
