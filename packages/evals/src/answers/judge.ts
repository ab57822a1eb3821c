import { type LocatedGold, overlap, type Span } from "../gold.ts"
import { isAnswerable, type Question } from "../question-set.ts"
import { sectionOf } from "../sections.ts"
import { claimsOf, isSupported } from "./claims.ts"

/** A span that an answer gives as its source, and the words it says stand there. */
export interface CitedSpan extends Span {
  /** The number in the answer's text: 1 for [1]. */
  marker: number
  quote: string
}

/** What was answered to a question of the set. */
export interface GivenAnswer {
  question: Question
  gold: LocatedGold
  status: "answered" | "declined"
  /** Probability that the documents answer the question, as the answerer sees it. */
  confidence: number
  text: string
  citations: readonly CitedSpan[]
  milliseconds: number
}

/** One answer, held against its labels. */
export interface JudgedAnswer {
  id: string
  kind: Question["kind"]
  distance?: "far" | "near"
  answerable: boolean
  answered: boolean
  confidence: number
  /** Citations whose words stand at their place in the document. */
  citationsThere: number
  citations: number
  /** Parts of the answer that end with a citation, or should. */
  claims: number
  /** Claims whose words stand in what is cited for them. */
  claimsSupported: number
  /** Claims without a citation. */
  claimsUncited: number
  /** Citations that lie in a section which holds a gold passage. */
  citationsInGoldSection: number
  /** Needs of the question for which a gold passage is cited: the very words, at least 20 characters or half of the quote. */
  needsCited: number
  needs: number
  /** Whether all expected words are in the text or the citations; undefined when the label names none. */
  hasExpected?: boolean
  milliseconds: number
}

/**
 * Judges one answer by its labels. No model takes part: what is counted is whether cited words stand where the answer
 * says, and whether they are those that a person marked as the answer.
 */
export const judgeAnswer = (
  answer: GivenAnswer,
  textOf: (document: string) => string | undefined,
): JudgedAnswer => {
  const { question, gold, citations } = answer
  const claims = answer.status === "answered" ? claimsOf(answer.text) : []
  const quoteOf = (marker: number) => citations.find(each => each.marker === marker)?.quote
  const sections = gold.needs.flat().map(quote => sectionOf(textOf(quote.document) ?? "", quote))
  return {
    id: question.id,
    kind: question.kind,
    ...(question.distance && { distance: question.distance }),
    answerable: isAnswerable(question),
    answered: answer.status === "answered",
    confidence: answer.confidence,
    citations: citations.length,
    citationsThere: citations.filter(each => isThere(each, textOf(each.document))).length,
    claims: claims.length,
    claimsSupported: claims.filter(claim => isSupported(claim, quoteOf)).length,
    claimsUncited: claims.filter(({ markers }) => markers.length === 0).length,
    citationsInGoldSection: citations.filter(each =>
      sections.some(section => 2 * overlap(each, section) >= each.end - each.start),
    ).length,
    needs: gold.needs.length,
    needsCited: gold.needs.filter(need => need.some(quote => citations.some(each => cites(each, quote))))
      .length,
    ...(question.expect && { hasExpected: hasAll(answer, question.expect) }),
    milliseconds: answer.milliseconds,
  }
}

const isThere = (citation: CitedSpan, text: string | undefined): boolean =>
  text !== undefined && citation.quote !== "" && text.slice(citation.start, citation.end) === citation.quote

const cites = (citation: CitedSpan, quote: Span): boolean =>
  overlap(citation, quote) >= Math.min(20, (quote.end - quote.start) / 2)

const hasAll = (answer: GivenAnswer, words: readonly string[]): boolean => {
  const said = plain([answer.text, ...answer.citations.map(each => each.quote)].join("\n"))
  return words.every(word => said.includes(plain(word)))
}

/** Line ends and capitals do not count. */
const plain = (text: string): string => text.replace(/\s+/g, " ").toLowerCase()
