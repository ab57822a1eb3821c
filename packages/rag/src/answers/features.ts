import type { LexicalIndex } from "../document-index.ts"
import type { Retrieved } from "../retriever.ts"
import { type Passage, readPassage } from "./passage.ts"
import { coverage, type QuestionTerm, questionTerms } from "./question-terms.ts"

/**
 * What tells whether passages answer a question. All are shares or differences within the question, so that they mean the
 * same in a corpus nobody tuned on. `cosine`, `cosineMean`, `cosineSpread` and `agreement` are 0 without dense search.
 */
export interface AbstentionFeatures {
  /** Share of the question's weight that the corpus has at all. */
  known: number
  /** Best coverage of the question by one passage with its headings. */
  passage: number
  /** Best coverage by one sentence, item or snippet with its heading. */
  unit: number
  /** Coverage by the first passage. */
  first: number
  /** Coverage by all passages together. */
  union: number
  /** Weight of the heaviest term that the best passage lacks. */
  missing: number
  /** Share of the names and identifiers in the best passage (of packages: in its headings); 1 without any. */
  names: number
  /** 1 when the corpus does not have one of the question's names or identifiers at all. */
  strangeName: number
  /** Share of the question's terms, by number, that the corpus does not have. */
  strange: number
  /** Share of the question in titles and headings of the best passage. */
  headings: number
  /** Number of terms, as log2(1 + n). */
  length: number
  /** Highest cosine of a passage. */
  cosine: number
  /** Mean cosine of the passages. */
  cosineMean: number
  /** How much the best cosine stands out of the mean of the passages'. */
  cosineSpread: number
  /** Share of the passages that both ways found. */
  agreement: number
}

/** Needs the passages best first, as the retriever gives them. */
export const abstentionFeatures = (
  question: string,
  passages: readonly Retrieved[],
  lexical: LexicalIndex,
): AbstentionFeatures =>
  featuresOf(
    questionTerms(question, lexical),
    passages,
    passages.map(({ chunk }) => readPassage(chunk)),
  )

/** The same on what is read already. */
export const featuresOf = (
  asked: readonly QuestionTerm[],
  retrieved: readonly Retrieved[],
  passages: readonly Passage[],
): AbstentionFeatures => {
  const coverages = passages.map(({ inside, around }) => coverage(asked, inside, around))
  const best = passages[coverages.indexOf(Math.max(...coverages))]
  const names = asked.filter(({ name }) => name)
  const cosines = retrieved.flatMap(({ scores }) => (scores.dense === undefined ? [] : [scores.dense]))
  const cosine = cosines.length === 0 ? 0 : Math.max(...cosines)
  return {
    known: share(asked, ({ known }) => known),
    passage: Math.max(0, ...coverages),
    unit: Math.max(0, ...passages.flatMap(passage => unitCoverages(asked, passage))),
    first: coverages[0] ?? 0,
    union: coverage(asked, ...passages.flatMap(({ inside, around }) => [inside, around])),
    missing: best ? heaviestMissing(asked, best) : 1,
    names: names.length === 0 ? 1 : best ? namesIn(names, best) : 0,
    strangeName: names.some(({ known }) => !known) ? 1 : 0,
    strange: asked.length === 0 ? 0 : asked.filter(({ known }) => !known).length / asked.length,
    headings: best ? coverage(asked, best.around) : 0,
    length: Math.log2(1 + asked.length),
    cosine,
    cosineMean: cosines.length === 0 ? 0 : mean(cosines),
    cosineSpread: cosines.length === 0 ? 0 : cosine - mean(cosines),
    agreement: share(
      retrieved.map(({ scores }) => ({ weight: 1, both: Boolean(scores.bm25Rank && scores.denseRank) })),
      ({ both }) => both,
    ),
  }
}

const unitCoverages = (asked: readonly QuestionTerm[], passage: Passage): number[] =>
  passage.units.map(unit => coverage(asked, unit.terms, unit.headingTerms, passage.around))

/** A package is mentioned in many lists; what it does is said where a heading names it. */
const namesIn = (names: readonly QuestionTerm[], { inside, around }: Passage): number => {
  const all = names.reduce((sum, { weight }) => sum + weight, 0)
  const there = names.filter(({ term, packaged }) => around.has(term) || (!packaged && inside.has(term)))
  return there.reduce((sum, { weight }) => sum + weight, 0) / all
}

const heaviestMissing = (asked: readonly QuestionTerm[], { inside, around }: Passage): number =>
  Math.max(
    0,
    ...asked.filter(({ term }) => !inside.has(term) && !around.has(term)).map(({ weight }) => weight),
  )

const share = <T extends { weight: number }>(items: readonly T[], counts: (item: T) => boolean): number => {
  const all = items.reduce((sum, { weight }) => sum + weight, 0)
  const counted = items.filter(counts).reduce((sum, { weight }) => sum + weight, 0)
  return all === 0 ? 0 : counted / all
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
