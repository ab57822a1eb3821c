import { canonicalJson } from "@roadmap/core/hash"
import { withoutMarkup } from "../chunk/markup.ts"
import type { Chunk } from "../chunk.ts"
import type { Filterable } from "../filter.ts"
import { terms } from "./analyze.ts"
import type { Segment } from "./segment.ts"

/** What a filter can ask of a chunk. */
export const filterableOf = (chunk: Pick<Chunk, "metadata" | "source" | "documentId">): Filterable => ({
  ...chunk.metadata,
  source: chunk.source,
  documentId: chunk.documentId,
})

/** The inverted index of these chunks. */
export const buildSegment = (chunks: readonly Chunk[]): Segment => {
  const count = chunks.length
  const numbers = new Map<string, number>()
  const entries = entryList()
  const textLengths = new Uint32Array(count)
  const contextLengths = new Uint32Array(count)
  const filterables = distinct<Filterable>()
  const filterableNumbers = new Uint32Array(count)

  for (let doc = 0; doc < count; doc++) {
    const chunk = chunks[doc]
    const text = terms(withoutMarkup(chunk.text))
    const context = chunk.context === "" ? [] : terms(chunk.context)
    textLengths[doc] = text.length
    contextLengths[doc] = context.length
    filterableNumbers[doc] = filterables.number(filterableOf(chunk))
    const counts = new Map<string, number>()
    for (const term of text) counts.set(term, (counts.get(term) ?? 0) + 1)
    for (const term of context) counts.set(term, (counts.get(term) ?? 0) + contextUnit)
    for (const [term, value] of counts) {
      let number = numbers.get(term)
      if (number === undefined) numbers.set(term, (number = numbers.size))
      entries.add(number, doc, value % contextUnit, Math.floor(value / contextUnit))
    }
  }
  return {
    ids: chunks.map(chunk => chunk.id).join(""),
    count,
    terms: [...numbers.keys()],
    ...entries.byTerm(numbers.size),
    textLengths,
    contextLengths,
    filterables: filterables.values,
    filterableOf: filterableNumbers,
  }
}

/** Both counts of a term in one number: a chunk has fewer terms than this. */
const contextUnit = 2 ** 26

/** Postings in the order of the chunks, sorted by term at the end: a counting sort, which keeps the chunks' order. */
const entryList = () => {
  let capacity = 1 << 14
  let size = 0
  let termOf = new Uint32Array(capacity)
  let docOf = new Uint32Array(capacity)
  let textOf = new Uint8Array(capacity)
  let contextOf = new Uint8Array(capacity)
  const grow = () => {
    capacity *= 2
    const wider = <T extends Uint32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    termOf = wider(termOf, new Uint32Array(capacity))
    docOf = wider(docOf, new Uint32Array(capacity))
    textOf = wider(textOf, new Uint8Array(capacity))
    contextOf = wider(contextOf, new Uint8Array(capacity))
  }
  return {
    add(term: number, doc: number, inText: number, inContext: number) {
      if (size === capacity) grow()
      termOf[size] = term
      docOf[size] = doc
      textOf[size] = Math.min(inText, 255)
      contextOf[size++] = Math.min(inContext, 255)
    },
    byTerm(terms: number) {
      const offsets = new Uint32Array(terms + 1)
      for (let i = 0; i < size; i++) offsets[termOf[i] + 1]++
      for (let term = 0; term < terms; term++) offsets[term + 1] += offsets[term]
      const next = offsets.slice(0, terms)
      const docs = new Uint32Array(size)
      const inText = new Uint8Array(size)
      const inContext = new Uint8Array(size)
      for (let i = 0; i < size; i++) {
        const at = next[termOf[i]]++
        docs[at] = docOf[i]
        inText[at] = textOf[i]
        inContext[at] = contextOf[i]
      }
      return { offsets, docs, inText, inContext }
    },
  }
}

/** Numbers for values that are equal as JSON. */
export const distinct = <T>() => {
  const numbers = new Map<string, number>()
  const values: T[] = []
  return {
    values,
    number(value: T): number {
      const key = canonicalJson(value)
      let number = numbers.get(key)
      if (number === undefined) {
        numbers.set(key, (number = values.length))
        values.push(value)
      }
      return number
    },
  }
}
