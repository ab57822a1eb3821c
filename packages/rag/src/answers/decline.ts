import type { DeclineReason } from "../answer.ts"
import type { IndexStats } from "../document-index.ts"
import type { Passage } from "./passage.ts"
import { coverage, type QuestionTerm } from "./question-terms.ts"

/** Below this share of the question in any passage it is about something else altogether. */
const sameTopic = 0.45

/** Why a question is declined whose passages do not answer it. */
export const reasonOf = (asked: readonly QuestionTerm[], passages: readonly Passage[]): DeclineReason => {
  const names = asked.filter(({ name }) => name)
  const best = Math.max(0, ...passages.map(({ inside, around }) => coverage(asked, inside, around)))
  const unknownName = names.length > 0 && names.every(({ known }) => !known)
  return best < sameTopic || unknownName ? "off-topic" : "not-covered"
}

export interface Declined {
  reason: DeclineReason
  asked: readonly QuestionTerm[]
  passages: readonly Passage[]
  stats: IndexStats
}

/** What a reader is told: that it is not known, why as far as it can be told, and what is covered. */
export const declineText = ({ reason, asked, passages, stats }: Declined): string => {
  if (reason === "empty-index") return "I don't know: there are no documents to look in yet."
  return [firstSentence(reason), strangers(asked), nearest(reason, passages), covered(stats)]
    .filter(sentence => sentence !== "")
    .join(" ")
}

const firstSentence = (reason: DeclineReason): string =>
  reason === "off-topic"
    ? "I don't know: the documents are about something else."
    : reason === "content-filter"
      ? "I can't answer that: the chat model's provider refused it by its content filter."
      : reason === "unsupported"
        ? "I don't know: nothing that the chat model said stands in the documents."
        : "I don't know: no passage of the documents answers that."

/** Words that occur nowhere, as they were written. */
const strangers = (asked: readonly QuestionTerm[]): string => {
  const words = [
    ...new Set(asked.filter(({ known }) => !known).map(({ word }) => `"${word.slice(0, 40)}"`)),
  ].slice(0, 3)
  return words.length === 0 ? "" : `${listOf(words)} ${words.length === 1 ? "does" : "do"} not occur in them.`
}

const nearest = (reason: DeclineReason, passages: readonly Passage[]): string => {
  if (reason === "off-topic") return ""
  const places = [...new Set(passages.slice(0, 3).map(({ chunk }) => placeOf(chunk.title, chunk.headings)))]
  return places.length === 0 ? "" : `The nearest sections are ${listOf(places)}.`
}

const placeOf = (title: string, headings: readonly string[]): string => {
  const last = headings.at(-1)
  return last === undefined || last === title ? `"${title}"` : `"${last}" of "${title}"`
}

const covered = ({ bySource }: IndexStats): string => {
  const sources = Object.entries(bySource)
    .sort(([, a], [, b]) => b.chunks - a.chunks)
    .map(([name, { documents }]) => `${name} (${documents} ${documents === 1 ? "document" : "documents"})`)
  return sources.length === 0 ? "" : `What they cover: ${sources.join(", ")}.`
}

const listOf = (items: readonly string[]): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`
