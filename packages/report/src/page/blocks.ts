import type { Plot } from "../plots/plot.ts"
import type { DataTable } from "../table.ts"

export interface TableBlock {
  kind: "table"
  caption: string
  table: DataTable
  note?: string
  /** Rows to stand out, by index: the chosen model. */
  highlight?: readonly number[]
}

export interface ListBlock {
  kind: "list"
  /** Markdown-lite, one line each. */
  items: readonly string[]
  ordered?: boolean
}

export interface CalloutBlock {
  kind: "callout"
  tone: "info" | "good" | "warning" | "bad"
  title: string
  /** Markdown-lite. */
  text?: string
}

export interface CodeBlock {
  kind: "code"
  code: string
  caption?: string
}

export interface TextBlock {
  kind: "text"
  /** Markdown-lite: paragraphs, "- " and "1. " lists, **strong**, *emphasis*, `code`, [text](address). */
  text: string
}

/** Two plots side by side where there is room, one above the other where there is not. */
export interface PairBlock {
  kind: "pair"
  plots: readonly [Plot, Plot]
}

export type Block = Plot | PairBlock | TableBlock | ListBlock | CalloutBlock | CodeBlock | TextBlock

export interface Section {
  /** Letters, digits and hyphens; the address of the section in the page. Unique. */
  id: string
  title: string
  /** Markdown-lite under the heading. */
  text?: string
  blocks: readonly Block[]
}

export interface SummaryItem {
  label: string
  value: string
  note?: string
}

export interface Page {
  title: string
  /** Language of the text. Default en. */
  language?: string
  subtitle?: string
  /** The few numbers that a reader came for. */
  summary?: readonly SummaryItem[]
  sections: readonly Section[]
  /** Where the page comes from: run, data hash, versions, time. Shown in the footer, in this order. */
  generated: Readonly<Record<string, string | number>>
}
