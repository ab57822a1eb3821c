import type { Chunk } from "../chunk.ts"
import { terms } from "../lexical/analyze.ts"
import { splitUnits, type Unit } from "./units.ts"

/** A passage taken apart: its units with their terms, and the terms of what stands around it. */
export interface Passage {
  chunk: Chunk
  units: readonly ReadUnit[]
  /** Terms of the text. */
  inside: ReadonlySet<string>
  /** Terms of title, headings path and source. */
  around: ReadonlySet<string>
}

export interface ReadUnit extends Unit {
  terms: ReadonlySet<string>
  headingTerms: ReadonlySet<string>
}

export type PassageReader = (chunk: Chunk) => Passage

/** Reads each chunk once: what was read last is kept, by the id that stands for its text. */
export const passageReader = (capacity = 2_000): PassageReader => {
  const read = new Map<string, Passage>()
  return chunk => {
    const known = read.get(chunk.id)
    if (known) return known
    const passage = readPassage(chunk)
    if (read.size >= capacity) read.delete(read.keys().next().value!)
    read.set(chunk.id, passage)
    return passage
  }
}

export const readPassage = (chunk: Chunk): Passage => {
  const headingTerms = new Map<string, ReadonlySet<string>>()
  const termsOfHeading = (heading: string): ReadonlySet<string> => {
    let found = headingTerms.get(heading)
    if (!found) headingTerms.set(heading, (found = new Set(terms(heading))))
    return found
  }
  return {
    chunk,
    units: splitUnits(chunk.text).map(unit => ({
      ...unit,
      terms: new Set(terms(unit.text)),
      headingTerms: termsOfHeading(unit.heading),
    })),
    inside: new Set(terms(chunk.text)),
    around: new Set(terms([chunk.source, chunk.title, ...chunk.headings].join(" \n "))),
  }
}
