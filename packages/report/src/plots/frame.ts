import type { Canvas } from "./plot.ts"
import { createScale, type Scale, type ScaleKind, type Tick } from "./scale.ts"
import { coordinate, element, lineBetween, textAt } from "./svg.ts"
import { fitText, textPixels } from "./text-size.ts"

/** An axis as the reader of the plot names it. */
export interface Axis {
  label: string
  /** Default linear. A log axis leaves out values that are not above 0 and says so. */
  scale?: "linear" | "log"
  /** Smallest and largest value shown; the default is that of the data. */
  domain?: readonly [number, number]
  format?: (value: number) => string
}

/** A value worth a line across the plot: a baseline, a threshold, the end of training. */
export interface Marker {
  axis: "x" | "y"
  value: number
  label: string
}

/** A stretch of the x axis with a name, shaded: "train", "validation", "test". */
export interface Span {
  from: number
  to: number
  label: string
}

export interface LegendEntry {
  label: string
  /** Drawing of the sample, 24 px wide, centred on y = 0. */
  sample: string
}

export interface FrameOptions {
  canvas: Canvas
  x: { label: string; kind: ScaleKind; domain: readonly [number, number]; format?: (v: number) => string }
  y: { label: string; kind: ScaleKind; domain: readonly [number, number]; format?: (v: number) => string }
  /** Height of the plotting area. Default 260 wide, 200 narrow. */
  plotHeight?: number
  /** Keep the x ends where the data end. Default false: round numbers. */
  tightX?: boolean
  tightY?: boolean
  /** Own ticks of the x axis, by value, for categories. */
  xTicks?: readonly { value: number; label: string }[]
  legend?: readonly LegendEntry[]
  /** Pixels kept free at the right, for direct labels. */
  right?: number
  markers?: readonly Marker[]
  spans?: readonly Span[]
  /** Lines from ticks across the plot. Default y only. */
  grid?: "y" | "x" | "both"
}

/** Axes, grid, legend and guides around an area in which the caller draws. */
export interface Frame {
  readonly x: Scale
  readonly y: Scale
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  /** Puts what was drawn between the backdrop and the labels that lie over it. */
  finish(marks: string, below?: { height: number; content: string }): { height: number; content: string }
}

const tickRow = 22
const labelRow = 22

export const createFrame = (options: FrameOptions): Frame => {
  const { canvas, legend = [], markers = [], spans = [], grid = "y" } = options
  const plotHeight = options.plotHeight ?? (canvas.narrow ? 200 : 260)
  const legendDrawn = drawLegend(legend, canvas.width)
  const yLabelAt = legendDrawn.height
  const yScale = (range: readonly [number, number]) =>
    createScale(options.y.kind, {
      domain: options.y.domain,
      range,
      ticks: Math.max(2, Math.round(plotHeight / 48)),
      format: options.y.format,
      round: !options.tightY,
    })
  const yLabels = yScale([plotHeight, 0]).ticks.map(tick => textPixels(tick.label))
  const left = Math.ceil(Math.max(12, ...yLabels)) + 10
  const right = canvas.width - (options.right ?? 14)
  const x = xScale(options, [left, right])
  const labels = placeLabels(markers, x, left, right, spans.length > 0 ? 1 : 0)
  const rows = Math.max(spans.length > 0 ? 1 : 0, ...labels.map(label => label.row + 1))
  const top = yLabelAt + labelRow + (rows > 0 ? 4 + 16 * rows : 8)
  const bottom = top + plotHeight
  const y = yScale([bottom, top])
  const xTicks = thinTicks(
    options.xTicks ? options.xTicks.map(tick => ({ at: x.at(tick.value), label: tick.label })) : x.ticks,
    canvas.width,
  )

  const gridLines =
    (grid !== "x" ? y.ticks.map(tick => lineBetween(left, tick.at, right, tick.at, "grid")).join("") : "") +
    (grid !== "y" ? xTicks.map(tick => lineBetween(tick.at, top, tick.at, bottom, "grid")).join("") : "")
  const axes =
    lineBetween(left, bottom, right, bottom, "axis") +
    y.ticks.map(tick => textAt(tick.label, left - 8, tick.at, { anchor: "end" })).join("") +
    xTicks.map(tick => tickLabel(tick, bottom, canvas.width, options.xTicks !== undefined)).join("") +
    textAt(fitText(options.y.label, canvas.width), 0, yLabelAt + 10, { class: "ink" }) +
    (options.x.label === ""
      ? ""
      : textAt(fitText(options.x.label, right - left), right, bottom + tickRow + 12, {
          anchor: "end",
          class: "ink",
        }))
  const inside = { x, y, left, right, top, bottom }
  const back = drawSpans(spans, inside) + gridLines
  const front = drawMarkers(markers, labels, inside)
  const height = bottom + tickRow + (options.x.label === "" ? 0 : labelRow)
  return {
    ...inside,
    finish: (marks, below) => ({
      height: height + (below?.height ?? 0),
      content:
        legendDrawn.content +
        back +
        marks +
        axes +
        front +
        (below === undefined ? "" : `<g transform="translate(0 ${coordinate(height)})">${below.content}</g>`),
    }),
  }
}

/** Clips marks that lie outside a domain the caller fixed. A nested svg needs no id, unlike a clip path. */
export const clipped = (marks: string, frame: Pick<Frame, "left" | "right" | "top" | "bottom">): string => {
  const { left, right, top, bottom } = frame
  const box = [left, top, right - left, bottom - top].map(coordinate)
  return `<svg aria-hidden="true" x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}" viewBox="${box.join(" ")}">${marks}</svg>`
}

const xScale = (options: FrameOptions, range: readonly [number, number]): Scale => {
  const build = (ticks: number) =>
    createScale(options.x.kind, {
      domain: options.x.domain,
      range,
      ticks,
      format: options.x.format,
      round: !options.tightX,
    })
  const width = range[1] - range[0]
  if (options.x.kind === "time") return build(width / 45)
  const first = build(Math.max(2, Math.round(width / 80)))
  const widest = Math.max(20, ...first.ticks.map(tick => textPixels(tick.label)))
  return build(Math.max(2, Math.floor(width / Math.max(64, widest + 30))))
}

/** Every n-th label, with the smallest n at which none touches the next. */
const thinTicks = (ticks: readonly Tick[], width: number): readonly Tick[] => {
  for (let every = 1; every < ticks.length; every++) {
    const kept = ticks.filter((_, i) => i % every === 0)
    const clear = kept.every(
      (tick, i) => i === 0 || rightEdge(kept[i - 1], width) + 6 <= leftEdge(tick, width),
    )
    if (clear) return kept
  }
  return ticks.slice(0, 1)
}

const leftEdge = (tick: Tick, width: number): number =>
  Math.min(tick.at - textPixels(tick.label) / 2, width - textPixels(tick.label))
const rightEdge = (tick: Tick, width: number): number => leftEdge(tick, width) + textPixels(tick.label)

const tickLabel = (tick: Tick, bottom: number, width: number, category: boolean): string => {
  const half = textPixels(tick.label) / 2
  const overRight = tick.at + half > width
  const overLeft = tick.at - half < 0
  const anchor = overRight ? "end" : overLeft ? "start" : "middle"
  return (
    (category ? "" : lineBetween(tick.at, bottom, tick.at, bottom + 4, "axis")) +
    textAt(tick.label, overRight ? width : overLeft ? 0 : tick.at, bottom + 14, { anchor })
  )
}

type Inside = Pick<Frame, "x" | "y" | "left" | "right" | "top" | "bottom">

const drawSpans = (spans: readonly Span[], frame: Inside): string =>
  spans
    .map((span, i) => {
      const from = Math.max(frame.left, frame.x.at(span.from))
      const to = Math.min(frame.right, frame.x.at(span.to))
      const shade =
        i % 2 === 1
          ? element("rect", {
              x: from,
              y: frame.top,
              width: Math.max(0, to - from),
              height: frame.bottom - frame.top,
              class: "span",
            })
          : ""
      const label = fitText(span.label, Math.max(0, to - from - 4))
      return (
        shade +
        (i === 0 ? "" : lineBetween(from, frame.top - 14, from, frame.bottom, "grid")) +
        (label.length > 2 || label === span.label ? textAt(label, from + 4, frame.top - 8) : "")
      )
    })
    .join("")

interface PlacedLabel {
  text: string
  /** Where its line crosses the axis, and where the text begins. */
  at: number
  start: number
  /** 0 is nearest to the plot. */
  row: number
}

/**
 * Labels of upright guides above the plot, in as many rows as it takes for none to touch the next. The first
 * `taken` rows hold the names of spans.
 */
const placeLabels = (
  markers: readonly Marker[],
  x: Scale,
  left: number,
  right: number,
  taken: number,
): PlacedLabel[] => {
  const rowEnds = new Array<number>(taken).fill(Number.POSITIVE_INFINITY)
  return markers
    .filter(marker => marker.axis === "x" && isWithin(marker.value, x))
    .sort((a, b) => a.value - b.value)
    .map(marker => {
      const text = fitText(marker.label, right - left)
      const width = textPixels(text)
      const at = x.at(marker.value)
      const start = Math.min(Math.max(at - width / 2, left), right - width)
      const free = rowEnds.findIndex(end => end + 8 < start)
      const row = free < 0 ? rowEnds.length : free
      rowEnds[row] = start + width
      return { text, at, start, row }
    })
}

const drawMarkers = (markers: readonly Marker[], labels: readonly PlacedLabel[], frame: Inside): string => {
  const upright = labels.map(label =>
    lineBetween(label.at, frame.top - 2 - label.row * 16, label.at, frame.bottom, "guide"),
  )
  const names = labels.map(label =>
    textAt(label.text, label.start, frame.top - 9 - label.row * 16, { class: "halo" }),
  )
  const level = markers
    .filter(marker => marker.axis === "y" && isWithin(marker.value, frame.y))
    .map(marker => {
      const y = frame.y.at(marker.value)
      const label = fitText(marker.label, frame.right - frame.left - 8)
      return (
        lineBetween(frame.left, y, frame.right, y, "guide") +
        textAt(label, frame.left + 6, y - 9 > frame.top ? y - 9 : y + 10, { class: "halo" })
      )
    })
  return [...level, ...upright, ...names].join("")
}

const isWithin = (value: number, scale: Scale): boolean =>
  value >= scale.domain[0] && value <= scale.domain[1]

const sampleWidth = 24

/** Entries in rows from the left; each row is 22 px high. */
export const drawLegend = (
  entries: readonly LegendEntry[],
  width: number,
): { height: number; content: string } => {
  let x = 0
  let row = 0
  const drawn = entries.map(entry => {
    const label = fitText(entry.label, width - sampleWidth - 8)
    const size = sampleWidth + 6 + textPixels(label)
    if (x > 0 && x + size > width) {
      x = 0
      row++
    }
    const y = row * 22 + 8
    const content =
      `<g transform="translate(${coordinate(x)} ${y})">${entry.sample}</g>` +
      textAt(label, x + sampleWidth + 6, y, { class: "ink" })
    x += size + 20
    return content
  })
  return { height: entries.length === 0 ? 0 : (row + 1) * 22 + 4, content: drawn.join("") }
}
