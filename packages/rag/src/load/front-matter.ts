import { parseDocument } from "yaml"
import type { Metadata } from "../document.ts"

export interface FrontMatter {
  /** The text after it; the whole text when there is none that can be read. */
  body: string
  title?: string
  metadata: Metadata
}

/**
 * YAML between two lines of `---` at the start of a Markdown file (https://jekyllrb.com/docs/front-matter/). Values
 * that are texts, numbers, booleans, dates or lists of texts and numbers become metadata; others are passed over. What is no YAML
 * mapping is text like the rest.
 */
export const readFrontMatter = (text: string): FrontMatter => {
  const found = /^\ufeff?---[ \t]*\n([\s\S]*?)\n---[ \t]*(?:\n|$)/.exec(text.slice(0, 65_536))
  const values = found && mappingOf(found[1])
  if (!found || !values) return { body: text, metadata: {} }
  const { title, ...rest } = values
  const entries = Object.entries(rest)
    .slice(0, most.keys)
    .flatMap(([key, value]) => {
      const plain = plainValue(value)
      return plain === undefined ? [] : [[key, plain] as const]
    })
  return {
    body: text.slice(found[0].length),
    ...(typeof title === "string" && title.trim() && { title }),
    metadata: Object.fromEntries(entries),
  }
}

/** Metadata is copied to every chunk: larger values are passed over. */
const most = { keys: 50, characters: 1_000, items: 100 }

const mappingOf = (yaml: string): Record<string, unknown> | undefined => {
  const value = contentOf(yaml)
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/**
 * Undefined for what is not YAML (two rules with text between them, which is text), nests deeper than the parser's stack,
 * or has aliases that grow without end.
 */
const contentOf = (yaml: string): unknown => {
  try {
    const document = parseDocument(yaml, { logLevel: "silent" })
    return document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 10 })
  } catch {
    return undefined
  }
}

const plainValue = (value: unknown): Metadata[string] | undefined => {
  if (typeof value === "boolean") return value
  if (typeof value === "string") return value.length <= most.characters ? value : undefined
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined
  if (value instanceof Date) return value.toISOString()
  if (!Array.isArray(value) || value.length > most.items) return undefined
  const isShort = (item: unknown) =>
    typeof item === "number" || (typeof item === "string" && item.length <= 200)
  return value.every(isShort) ? value.map(String) : undefined
}
