import type { LexicalIndex } from "../document-index.ts"
import { terms, type Word, words } from "../lexical/analyze.ts"
import type { Retrieved } from "../retriever.ts"

/**
 * What the learned reranker knows of a passage; `first` is the score that it was retrieved with. Every feature is scaled within the question or a share, so that it means
 * the same on a corpus that nobody tuned on.
 */
export const featureNames = [
  "first",
  "dense",
  "coverText",
  "coverAll",
  "missingRare",
  "pairs",
  "window",
  "links",
  "sourceAsked",
] as const

/** One row a passage, in the order of the passages; numbers in the order of `featureNames`. */
export const rerankFeatures = (
  query: string,
  passages: readonly Retrieved[],
  lexical: Pick<LexicalIndex, "terms">,
): Float64Array[] => {
  const weights = new Map(lexical.terms(query).map(({ term, idf }) => [term, idf]))
  const pairsAsked = [...pairsOf(words(query), weights)]
  const first = scaled(passages.map(({ scores }) => scores.fused ?? scores.bm25 ?? scores.dense))
  const dense = scaled(passages.map(({ scores }) => scores.dense))
  const sourceAsked = sourceQuestion(passages, weights)
  return passages.map(({ chunk }, i) => {
    const inText = words(chunk.text)
    const textTerms = new Set(inText.flatMap(word => word.terms))
    const context = [chunk.title, ...chunk.headings].flatMap(terms)
    const all = new Set([...textTerms, ...context])
    const pairsThere = pairsOf(inText, weights)
    const hits = inText.filter(word => word.terms.some(term => weights.has(term)))
    const found: Record<(typeof featureNames)[number], number> = {
      first: first[i],
      dense: dense[i],
      coverText: coverage(weights, textTerms),
      coverAll: coverage(weights, all),
      missingRare: missingRare(weights, all),
      pairs: share(pairsAsked, pair => pairsThere.has(pair)),
      window: windowCoverage(weights, hits),
      links: linkShare(chunk.text),
      sourceAsked: sourceAsked(chunk.source),
    }
    return Float64Array.from(featureNames, name => found[name])
  })
}

/** 1 for a source that the question names ("fastify: …"), -1 for another than it names, 0 when it names none. */
const sourceQuestion = (
  passages: readonly Retrieved[],
  weights: ReadonlyMap<string, number>,
): ((source: string) => number) => {
  const sources = [...new Set(passages.map(({ chunk }) => chunk.source))]
  const asked = sources.filter(source => terms(source).some(term => weights.has(term)))
  return source => (asked.length === 0 ? 0 : asked.includes(source) ? 1 : -1)
}

/** Scores scaled so that the best is 1 and the least, or an absent one, 0. */
const scaled = (values: readonly (number | undefined)[]): number[] => {
  const known = values.filter(value => value !== undefined)
  const low = Math.min(...known)
  const range = Math.max(...known) - low
  return values.map(value => (value === undefined ? 0 : range === 0 ? 1 : (value - low) / range))
}

/** Share of the question's terms, weighted by idf, that are there. */
const coverage = (weights: ReadonlyMap<string, number>, there: ReadonlySet<string>): number => {
  let sum = 0
  let found = 0
  for (const [term, idf] of weights) {
    sum += idf
    if (there.has(term)) found += idf
  }
  return sum === 0 ? 0 : found / sum
}

/** 1 when the question's rarest term is absent. */
const missingRare = (weights: ReadonlyMap<string, number>, there: ReadonlySet<string>): number => {
  let rarest: string | undefined
  for (const [term, idf] of weights) if (rarest === undefined || idf > weights.get(rarest)!) rarest = term
  return rarest === undefined || there.has(rarest) ? 0 : 1
}

/** Neighbouring terms of the question, with at most two words between them, in order. */
const pairsOf = (text: readonly Word[], weights: ReadonlyMap<string, number>): Set<string> => {
  const pairs = new Set<string>()
  const recent: { at: number; terms: readonly string[] }[] = []
  for (const [at, word] of text.entries()) {
    const known = word.terms.filter(term => weights.has(term))
    if (known.length === 0) continue
    while (recent.length > 0 && at - recent[0].at > 3) recent.shift()
    for (const before of recent)
      for (const first of before.terms)
        for (const second of known) if (first !== second) pairs.add(`${first} ${second}`)
    recent.push({ at, terms: known })
  }
  return pairs
}

const share = <T>(items: readonly T[], there: (item: T) => boolean): number =>
  items.length === 0 ? 0 : items.filter(there).length / items.length

/** Share of the text that is the words of links: tables of contents say much and answer nothing. */
const linkShare = (text: string): number => {
  const links = text.match(/\[[^\]]*\](?:\([^)]*\)|:)/g) ?? []
  return links.reduce((sum, link) => sum + link.length, 0) / Math.max(1, text.length)
}

/** The best share of the question's terms, weighted by idf, that stand within 200 characters. */
const windowCoverage = (weights: ReadonlyMap<string, number>, hits: readonly Word[]): number => {
  let best = 0
  for (const [i, first] of hits.entries()) {
    const there = new Set<string>()
    for (let j = i; j < hits.length && hits[j].end - first.start <= 200; j++)
      for (const term of hits[j].terms) there.add(term)
    best = Math.max(best, coverage(weights, there))
  }
  return best
}
