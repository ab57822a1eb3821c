import { RoadmapError } from "@roadmap/core/errors"
import type { DataTable } from "../table.ts"
import { plotStyle, standaloneColours } from "./palette.ts"
import { coordinate, escapeText, textAt } from "./svg.ts"
import { fitText } from "./text-size.ts"

/** What every plot is told besides its data. */
export interface PlotText {
  /** What the plot shows, ideally the finding: "Boosting beats ridge on every month". */
  title: string
  /** Letters, digits and hyphens; the default is made from the title. Unique in a page. */
  id?: string
  /** For readers who cannot see it; the default is made from the data. */
  description?: string
  /** A line of small print below: how an interval was made, what was left out. */
  note?: string
}

/** One drawing: SVG content inside a box of this size, in pixels at its real size. */
export interface Drawing {
  readonly width: number
  readonly height: number
  readonly content: string
}

/** A finished plot: plain data. `wide` is for columns of 720 px, `narrow` for telephones and half columns. */
export interface Plot {
  readonly kind: "plot"
  readonly id: string
  readonly title: string
  readonly description: string
  readonly note: string
  /** The numbers that were drawn, for a table beside the picture. */
  readonly table: DataTable
  readonly wide: Drawing
  readonly narrow: Drawing
}

export interface Canvas {
  readonly width: number
  readonly narrow: boolean
}

export const maximumMarks = 20_000

interface PlotParts {
  text: PlotText
  /** Said after the title when the text gives no description. */
  summary: string
  /** Things the reader must know about the data: values missing or left out. */
  remarks?: readonly string[]
  table: DataTable
  /** Width of the wide drawing. Default 720; less for plots that want to be square. */
  wideWidth?: number
  draw: (canvas: Canvas) => Omit<Drawing, "width">
}

/** Draws both sizes and puts the words together. */
export const createPlot = (parts: PlotParts): Plot => {
  const { text, summary, remarks = [], table, draw } = parts
  const notes = [text.note, ...remarks].filter(note => note !== undefined && note !== "")
  const at = (width: number, narrow: boolean): Drawing => ({ width, ...draw({ width, narrow }) })
  return {
    kind: "plot",
    id: slug(text.id ?? text.title),
    title: text.title,
    description: text.description ?? [summary, ...remarks].join(" "),
    note: notes.join(" "),
    table,
    wide: at(parts.wideWidth ?? 720, false),
    narrow: at(344, true),
  }
}

/** A plot that says honestly that there is nothing to draw, and why. */
export const emptyPlot = (text: PlotText, reason: string, table: DataTable): Plot =>
  createPlot({
    text,
    summary: `No data: ${reason}`,
    table,
    draw: ({ width }) => ({
      height: 120,
      content:
        `<rect class="void" x="0.5" y="0.5" width="${width - 1}" height="119" rx="6"/>` +
        textAt("No data", width / 2, 48, { anchor: "middle", class: "ink strong" }) +
        textAt(fitText(reason, width - 24), width / 2, 70, { anchor: "middle" }),
    }),
  })

/** Refuses more marks than a page can carry. Throws INVALID_INPUT. */
export const checkMarks = (title: string, marks: number): void => {
  if (marks > maximumMarks)
    throw new RoadmapError(
      "INVALID_INPUT",
      `Plot "${title}" has ${marks} marks; the most is ${maximumMarks}.`,
      { hint: "Bin or sample the data before it is drawn: a histogram, a heat map, or every n-th point." },
    )
}

/** Refuses columns of different lengths. Throws INVALID_INPUT. */
export const checkLengths = (title: string, expected: number, columns: Record<string, number>): void => {
  for (const [name, length] of Object.entries(columns))
    if (length !== expected)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Plot "${title}": ${name} has ${length} values where ${expected} are needed.`,
      )
}

export interface InlineOptions {
  /** Default wide. */
  size?: "wide" | "narrow"
  /** Base of the element ids. Default the plot's id. */
  id?: string
}

/** SVG to put inside a page that has `plotStyle` and the colour variables. */
export const inlineSvg = (plot: Plot, options: InlineOptions = {}): string => {
  const { size = "wide", id = plot.id } = options
  const { width, height, content } = plot[size]
  return svgElement(plot, `${id}-${size}`, `width="${width}" height="${coordinate(height)}"`, {
    box: `0 0 ${width} ${coordinate(height)}`,
    content,
  })
}

/** A whole SVG file: its own colours for light and dark, title drawn above. For Markdown pages. */
export const standaloneSvg = (plot: Plot): string => {
  const { width, height, content } = plot.wide
  const frame = { left: 20, top: 56, bottom: plot.note === "" ? 16 : 36 }
  const outer = { width: width + 2 * frame.left, height: height + frame.top + frame.bottom }
  const drawn =
    `<style>${standaloneColours}${plotStyle}</style>` +
    `<rect class="paper" width="${outer.width}" height="${coordinate(outer.height)}" rx="8"/>` +
    `<text class="ink heading" x="${frame.left}" y="32">${escapeText(fitText(plot.title, width, 17))}</text>` +
    `<g transform="translate(${frame.left} ${frame.top})">${content}</g>` +
    (plot.note === "" ? "" : textAt(fitText(plot.note, width, 12), frame.left, outer.height - 20))
  const size = `xmlns="http://www.w3.org/2000/svg" width="${outer.width}" height="${coordinate(outer.height)}"`
  const box = `0 0 ${outer.width} ${coordinate(outer.height)}`
  return `${svgElement(plot, plot.id, size, { box, content: drawn })}\n`
}

/** Lower-case words joined by hyphens: an id from a title. */
export const slug = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60)
    .replace(/-$/, "") || "plot"

const svgElement = (
  plot: Plot,
  id: string,
  size: string,
  drawn: { box: string; content: string },
): string => {
  const base = escapeText(id)
  return (
    `<svg class="plot" role="img" aria-labelledby="${base}-title ${base}-desc" viewBox="${drawn.box}" ${size}>` +
    `<title id="${base}-title">${escapeText(plot.title)}</title>` +
    `<desc id="${base}-desc">${escapeText(plot.description)}</desc>${drawn.content}</svg>`
  )
}
