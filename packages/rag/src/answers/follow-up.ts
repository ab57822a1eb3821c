import { terms, words } from "../lexical/analyze.ts"
import type { Turn } from "./question.ts"

/** Turns that a follow-up may look back on. */
export const lookBack = 6

/**
 * The question with what it leaves out, without a model: a question that points back ("and how do I turn it off?") or
 * says next to nothing of its own ("Why?") gets the words of the question before it, itself completed in the same way.
 * A source it names ("and in undici?") takes the place of the one named before. Other questions stay as they are.
 */
export const completeFollowUp = (
  question: string,
  history: readonly Turn[],
  sources: readonly string[] = [],
): string => {
  const before = history.slice(-lookBack).reduce<string | undefined>((earlier, turn) => {
    return earlier === undefined ? turn.question : complete(turn.question, earlier, sources)
  }, undefined)
  return before === undefined ? question : complete(question, before, sources)
}

const complete = (question: string, before: string, sources: readonly string[]): string => {
  if (!pointsBack(question)) return question
  const here = new Set(terms(question))
  const named = new Set(sources.map(name => name.toLowerCase()))
  const replaces = words(question).some(({ text }) => named.has(text.toLowerCase()))
  const carried = words(before)
    .filter(word => word.terms.length > 0 && word.terms.some(term => !here.has(term)))
    .filter(word => !(replaces && named.has(word.text.toLowerCase())))
    .map(({ text }) => text)
  return carried.length === 0 ? question : `${question} (${[...new Set(carried)].join(" ")})`
}

/** Whether a question leans on the one before it. */
export const pointsBack = (question: string): boolean =>
  /^(?:and|but|or|so|then|what about|how about|what if|why|why not|really|ok(?:ay)?)\b/i.test(question) ||
  /\b(?:it|its|this|that|these|those|they|them|their|there|one|ones|the same|instead|the (?:first|second|last|other|latter|former))\b(?!\s+(?:is|are)\s+(?:a|the)\b)/i.test(
    question,
  ) ||
  terms(question).length < 2
