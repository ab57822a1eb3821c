import { RoadmapError } from "@roadmap/core/errors"
import type { Question } from "./question-set.ts"

/** A part of a document, in UTF-16 units of its text. */
export interface Span {
  document: string
  start: number
  end: number
}

/** What a question needs, as places in documents: any span of `needs[i]` covers need i. */
export interface LocatedGold {
  needs: readonly (readonly Span[])[]
}

/**
 * Finds the quotes of a question in the documents; a quote that stands in a document more than once gives a span for each
 * place. Throws INVALID_INPUT for a quote that is in no place: the document has changed, and the label with it.
 */
export const locateGold = (
  question: Question,
  textOf: (document: string) => string | undefined,
): LocatedGold => ({
  needs: question.gold.map(({ anyOf }) =>
    anyOf.flatMap(({ document, quote }) => {
      const spans = placesOf(document, quote, textOf(document))
      if (spans.length === 0)
        throw new RoadmapError(
          "INVALID_INPUT",
          `Question "${question.id}": "${quote}" is not in ${document}.`,
          {
            hint: "The document was changed or is not in the index. Label the question again.",
          },
        )
      return spans
    }),
  ),
})

const placesOf = (document: string, quote: string, text: string | undefined): Span[] => {
  const spans: Span[] = []
  for (let at = text?.indexOf(quote) ?? -1; at >= 0; at = text?.indexOf(quote, at + 1) ?? -1)
    spans.push({ document, start: at, end: at + quote.length })
  return spans
}

/** Characters that two spans share; 0 when they are of different documents. */
export const overlap = (a: Span, b: Span): number =>
  a.document === b.document ? Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start)) : 0

/** A passage covers a quote when it holds at least half of it: a chunk may end inside of a sentence. */
export const covers = (passage: Span, quote: Span): boolean =>
  2 * overlap(passage, quote) >= quote.end - quote.start

/** For each rank, how many needs its passage is the first to cover. Two passages with one fact gain once. */
export const gainsOf = (ranked: readonly Span[], gold: LocatedGold): number[] => {
  const open = new Set(gold.needs.keys())
  return ranked.map(passage => {
    let gain = 0
    for (const need of open)
      if (gold.needs[need].some(quote => covers(passage, quote))) {
        open.delete(need)
        gain++
      }
    return gain
  })
}

/** For each rank, whether its passage covers any need, also one that was covered before: the labels that a reranker learns from. */
export const relevanceOf = (ranked: readonly Span[], gold: LocatedGold): boolean[] =>
  ranked.map(passage => gold.needs.some(need => need.some(quote => covers(passage, quote))))
