import { canonicalJson } from "@roadmap/core/hash"
import type { LexicalHit, LexicalIndex } from "../document-index.ts"
import { compileFilter, type Filter } from "../filter.ts"
import { terms } from "./analyze.ts"
import type { LiveSegment } from "./merge.ts"
import { idAt, type Segment } from "./segment.ts"
import { topHits } from "./top-hits.ts"

export interface Bm25Parameters {
  /** How soon a repeated term counts no more. */
  k1: number
  /** How much long chunks are held back: 0 not at all, 1 in proportion. */
  b: number
  /** What an occurrence in the context (title, headings) counts, where one in the text counts 1. */
  contextWeight: number
}

/** Best on the tune half of the project's questions, where anything near is as good: within .02 of hit@5. */
export const defaultBm25: Bm25Parameters = { k1: 1.2, b: 0.6, contextWeight: 2 }

/** Of a longer question the first terms of the first characters are searched: nobody types so many. */
const longestQuery = { characters: 20_000, terms: 256 }

/** A segment made ready for scoring under one state of the whole index. */
interface Scored extends LiveSegment {
  numbers: Map<string, number>
  /** k1 x (1 - b + b x length / average length), one a chunk. */
  norms: Float64Array
  /** How many chunks that are not deleted have a term, where something is deleted; filled as terms are asked for. */
  liveCounts: Map<number, number>
  anyDeleted: boolean
}

/**
 * BM25 over segments, with the statistics of all chunks that are not deleted, so that the scores are those of an index
 * built at once. A term's frequency is its count in the text plus `contextWeight` times that in the context, and the
 * length likewise (a simple BM25F: Robertson, Zaragoza and Taylor, CIKM 2004); the rest is Lucene's form,
 * idf = ln(1 + (N - df + 0.5) / (df + 0.5)), without the constant k1 + 1 (Kamphuis et al., ECIR 2020).
 */
export const bm25 = (
  live: readonly LiveSegment[],
  parameters: Bm25Parameters = defaultBm25,
): LexicalIndex => {
  const { k1, b, contextWeight } = parameters
  let count = 0
  let total = 0
  for (const { segment, deleted } of live)
    for (let doc = 0; doc < segment.count; doc++) {
      if (deleted[doc] === 1) continue
      count++
      total += segment.textLengths[doc] + contextWeight * segment.contextLengths[doc]
    }
  const average = count === 0 ? 1 : total / count || 1
  const segments = live.map(({ segment, deleted }): Scored => {
    const norms = new Float64Array(segment.count)
    for (let doc = 0; doc < segment.count; doc++) {
      const length = segment.textLengths[doc] + contextWeight * segment.contextLengths[doc]
      norms[doc] = k1 * (1 - b + (b * length) / average)
    }
    return {
      segment,
      deleted,
      norms,
      numbers: termNumbers(segment),
      liveCounts: new Map(),
      anyDeleted: deleted.includes(1),
    }
  })
  const longest = segments.reduce((most, { segment }) => Math.max(most, segment.count), 0)
  const scores = new Float64Array(longest)
  const allowedBy = filterCache(segments)

  const documentFrequency = (term: string) =>
    segments.reduce((sum, segment) => sum + liveCount(segment, segment.numbers.get(term)), 0)
  const idf = (frequency: number) => Math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))

  const queryTerms = (query: string) =>
    [...new Set(terms(query.slice(0, longestQuery.characters)))].slice(0, longestQuery.terms).map(term => {
      const df = documentFrequency(term)
      return { term, idf: idf(df), df }
    })

  return {
    terms: queryTerms,
    search(query, { k, filter }): LexicalHit[] {
      const wanted = queryTerms(query).filter(({ df }) => df > 0)
      const best = topHits(Math.min(k, count))
      if (wanted.length === 0 || k <= 0) return []
      for (const scored of segments) {
        const { segment, deleted, norms, numbers } = scored
        const sums = scores.subarray(0, segment.count).fill(0)
        for (const { term, idf } of wanted) {
          const number = numbers.get(term)
          if (number !== undefined) addScores(scored, number, idf, contextWeight, norms, sums)
        }
        const allowed = filter && allowedBy(filter, scored)
        for (let doc = 0; doc < sums.length; doc++) {
          const score = sums[doc]
          if (score === 0 || score < best.least) continue
          if (deleted[doc] === 1 || (allowed && allowed[segment.filterableOf[doc]] === 0)) continue
          best.offer(score, idAt(segment, doc))
        }
      }
      return best.sorted()
    },
  }
}

/** A segment never changes, but the state around it does with every commit. */
const numbersBySegment = new WeakMap<Segment, Map<string, number>>()

const termNumbers = (segment: Segment): Map<string, number> => {
  let numbers = numbersBySegment.get(segment)
  if (!numbers) {
    numbers = new Map(segment.terms.map((term, number) => [term, number]))
    numbersBySegment.set(segment, numbers)
  }
  return numbers
}

/** The hot loop: one pass over a term's postings. */
const addScores = (
  { segment }: Scored,
  term: number,
  idf: number,
  contextWeight: number,
  norms: Float64Array,
  sums: Float64Array,
): void => {
  const { docs, inText, inContext, offsets } = segment
  const end = offsets[term + 1]
  for (let p = offsets[term]; p < end; p++) {
    const doc = docs[p]
    const frequency = inText[p] + contextWeight * inContext[p]
    sums[doc] += (idf * frequency) / (frequency + norms[doc])
  }
}

const liveCount = (scored: Scored, term: number | undefined): number => {
  if (term === undefined) return 0
  const { segment, deleted, anyDeleted, liveCounts } = scored
  const { offsets, docs } = segment
  if (!anyDeleted) return offsets[term + 1] - offsets[term]
  let live = liveCounts.get(term)
  if (live === undefined) {
    live = 0
    for (let p = offsets[term]; p < offsets[term + 1]; p++) if (deleted[docs[p]] === 0) live++
    liveCounts.set(term, live)
  }
  return live
}

/** For each filter and segment: which of the distinct filterables it lets through. The last few filters are kept. */
const filterCache = (segments: readonly Scored[]) => {
  const kept = new Map<string, Map<Scored, Uint8Array>>()
  return (filter: Filter, scored: Scored): Uint8Array => {
    const key = canonicalJson(filter)
    let bySegment = kept.get(key)
    if (!bySegment) {
      const matches = compileFilter(filter)
      bySegment = new Map(
        segments.map(each => [
          each,
          Uint8Array.from(each.segment.filterables, value => (matches(value) ? 1 : 0)),
        ]),
      )
      if (kept.size >= 16) kept.delete(kept.keys().next().value!)
      kept.set(key, bySegment)
    }
    return bySegment.get(scored)!
  }
}
