import type { Passage, ReadUnit } from "./passage.ts"
import { coverage, type QuestionTerm } from "./question-terms.ts"
import { codeOf, fencedCode, tableRow } from "./reading-text.ts"
import { addressesAssistant } from "./untrusted.ts"

/** A part of an answer that one span of a passage says. */
export interface Statement {
  passage: Passage
  /** Of `passage.chunk.text`. */
  start: number
  end: number
  /** Markdown; `\0` stands where the marker of its citation goes. */
  text: string
}

export interface Wanted {
  question: string
  asked: readonly QuestionTerm[]
  /** Excerpts at most, a snippet of code not counted. Default 3. */
  excerpts?: number
}

/** Neighbouring units of a passage, `from` and `to` included. */
interface Excerpt {
  passage: Passage
  rank: number
  from: number
  to: number
  score: number
}

/** Characters of an excerpt of more than one unit. */
const longestExcerpt = 420
/** Characters of an excerpt with the sentences that follow it. */
const longestContext = 600
/** Lines of the longest snippet that an answer shows. */
const longestSnippet = 40
/** A further excerpt has at least this share of the best one's score; more when the best one says it all. */
const worthSaying = 0.55
const worthAdding = 0.8

/**
 * The extractive answerer: no model writes here. From the passages, best first, it takes the excerpts (neighbouring
 * sentences, list items, table rows of a section) that cover the question's terms best, weighted by how rare they are,
 * with what they cannot be read without, and for a question "how" the section's snippet. Empty when nothing covers
 * anything.
 */
export const extractAnswer = (passages: readonly Passage[], wanted: Wanted): Statement[] => {
  const { question, asked, excerpts = 3 } = wanted
  const found = passages.flatMap((passage, rank) => excerptsOf(passage, rank, wanted))
  const chosen = choose(found, asked, excerpts)
  if (chosen.length === 0) return []
  const snippet = asksHow(question) ? snippetFor(chosen[0], wanted) : undefined
  const named = new Set<string>()
  return inOrder([...chosen, ...(snippet ? [snippet] : [])]).flatMap(excerpt => toStatements(excerpt, named))
}

const excerptsOf = (passage: Passage, rank: number, wanted: Wanted): Excerpt[] => {
  const { units } = passage
  const found: Excerpt[] = []
  for (let from = 0; from < units.length; from++) {
    let length = 0
    for (let to = from; to < units.length && (to === from || joins(units[to - 1], units[to])); to++) {
      if (!sayable(units[to])) break
      length += units[to].text.length
      if (to > from && length > longestExcerpt) break
      const score = scoreOf({ passage, rank, from, to }, wanted)
      if (score > 0) found.push({ passage, rank, from, to, score })
    }
  }
  return found
}

/** Sentences may run on from one paragraph to the next of a section; items and rows stay among themselves. */
const joins = (before: ReadUnit, next: ReadUnit): boolean =>
  before.kind === next.kind && before.heading === next.heading && next.block - before.block <= 2

const sayable = (unit: ReadUnit): boolean => unit.kind !== "code" && !addressesAssistant(unit.text)

/** Rank of the passage times what the excerpt says of the question; what its heading says for it counts less. */
const scoreOf = (
  { passage, rank, from, to }: Omit<Excerpt, "score">,
  { asked, question }: Wanted,
): number => {
  const units = passage.units.slice(from, to + 1)
  const inside = units.map(unit => unit.terms)
  const said = coverage(asked, ...inside)
  const { headingTerms } = units[0]
  const headed = coverage(asked, ...inside, headingTerms)
  const placed = coverage(asked, ...inside, headingTerms, passage.around)
  const covered = said + 0.7 * (headed - said) + 0.3 * (placed - headed)
  const isAbout = asked.every(({ term }) => headingTerms.has(term) || passage.around.has(term))
  const asksWhat = isAbout && /^what(?:'s| is| are| does| do)\b/i.test(question)
  const first = isFirstOfSection(passage, from) ? (asksWhat ? 1.5 : 1.15) : 1
  return ((covered + 0.1) * fit(units, first)) / (1 + 0.2 * rank)
}

/** How well units of this kind read as an answer. */
const fit = (units: readonly ReadUnit[], first: number): number => {
  const text = units.map(unit => unit.text).join(" ")
  let factor = units[0].kind === "row" ? 0.8 : 1
  factor *= first
  if (text.endsWith("?")) factor *= 0.5
  if (/^(?:for more|see\b|refer to|more (?:details|information))/i.test(text)) factor *= 0.4
  if (text.length < 25 && units[0].kind === "sentence") factor *= 0.8
  // A list is taken as far as it answers; sentences are read better together.
  return factor * (units[0].kind === "sentence" ? 0.97 : 0.88) ** (units.length - 1)
}

/** The first sentence below a heading defines what the section is about; before it may stand a list of facts. */
const isFirstOfSection = ({ units }: Passage, place: number): boolean => {
  const { kind, heading } = units[place]
  for (let before = place - 1; before >= 0 && units[before].heading === heading; before--)
    if (units[before].kind === kind) return false
  return true
}

/** The best excerpt, then those that are nearly as good and say something else. */
const choose = (excerpts: readonly Excerpt[], asked: readonly QuestionTerm[], limit: number): Excerpt[] => {
  const order = [...excerpts].sort((a, b) => b.score - a.score)
  const chosen: Excerpt[] = []
  const complete = order.length > 0 && coverage(asked, termsOf(order[0]), order[0].passage.around) > 0.95
  const least = (complete ? worthAdding : worthSaying) * order[0]?.score
  for (const excerpt of order) {
    if (chosen.length === limit || excerpt.score < least) break
    if (!chosen.some(each => saysTheSame(each, excerpt))) chosen.push(withContext(excerpt))
  }
  return asked.length === 0 ? chosen.slice(0, 1) : chosen
}

const saysTheSame = (a: Excerpt, b: Excerpt): boolean => overlap(a, b) || sameSection(a, b) || sameWords(a, b)

const overlap = (a: Excerpt, b: Excerpt): boolean =>
  a.passage.chunk.id === b.passage.chunk.id && a.from <= b.to && b.from <= a.to

/** What a section's sentences say was taken with the first of them. */
const sameSection = (a: Excerpt, b: Excerpt): boolean =>
  a.passage.chunk.id === b.passage.chunk.id &&
  a.passage.units[a.from].kind === "sentence" &&
  b.passage.units[b.from].kind === "sentence" &&
  a.passage.units[a.from].heading === b.passage.units[b.from].heading

const sameWords = (a: Excerpt, b: Excerpt): boolean => {
  const [mine, theirs] = [termsOf(a), termsOf(b)]
  const common = [...mine].filter(term => theirs.has(term)).length
  return common >= 0.75 * Math.min(mine.size, theirs.size)
}

const termsOf = ({ passage, from, to }: Excerpt): Set<string> =>
  new Set(passage.units.slice(from, to + 1).flatMap(unit => [...unit.terms]))

const asksHow = (question: string): boolean =>
  /\bhow\b(?!\s+(?:many|much|often|long|old|big|fast)\b)|\b(?:example|snippet|code|configure|enable|set up|write|create|use)\b/i.test(
    question,
  )

/**
 * An excerpt with what it cannot be read without: the sentence "it" refers to, the list or code that a colon announces;
 * and with the sentences that follow it in its section, because documentation names the problem first and then the remedy.
 */
const withContext = (excerpt: Excerpt): Excerpt => {
  const { units } = excerpt.passage
  let { from, to } = excerpt
  const before = units[from - 1]
  if (before?.block === units[from].block && sayable(before) && refersBack(units[from].text)) from--
  let length = units.slice(from, to + 1).reduce((sum, { text }) => sum + text.length, 0)
  while (units[to].kind === "sentence" && to + 1 < units.length && joins(units[to], units[to + 1])) {
    length += units[to + 1].text.length
    if (length > longestContext || !sayable(units[to + 1])) break
    to++
  }
  if (units[to].text.endsWith(":")) {
    const { heading } = units[to]
    const next = units[to + 1]
    if (next?.heading === heading && next.kind !== "sentence") {
      const { kind } = next
      const last = kind === "code" ? to + 1 : to + 8
      while (to < last && units[to + 1]?.kind === kind && units[to + 1].heading === heading) to++
    }
  }
  return { ...excerpt, from, to }
}

const refersBack = (text: string): boolean =>
  /^(?:it|its|this|these|they|that|those|such|otherwise|however|also|then|if (?:so|not|it|this)|when (?:set|it|this|enabled|disabled)|in (?:this|that) case|the (?:latter|former|same)|to do so|by doing so)\b/i.test(
    text,
  )

/** A snippet of the section that the best excerpt is from. */
const snippetFor = ({ passage, rank, from, to }: Excerpt, { asked }: Wanted): Excerpt | undefined => {
  const { heading } = passage.units[from]
  const found = passage.units.flatMap((unit, place): Excerpt[] => {
    if (unit.kind !== "code" || unit.text.split("\n").length > longestSnippet + 2) return []
    if (place >= from && place <= to) return []
    const near = (unit.heading === heading ? 0.5 : 0) + (place > to ? 0.3 / (place - to) : 0)
    const score = coverage(asked, unit.terms) + near
    return score >= 0.5 ? [{ passage, rank, from: place, to: place, score }] : []
  })
  return found.sort((a, b) => b.score - a.score)[0]
}

/** In the order of the best excerpt of each document, and within one in the document's order. */
const inOrder = (chosen: readonly Excerpt[]): Excerpt[] => {
  const first = new Map<string, number>()
  for (const [i, { passage }] of chosen.entries())
    if (!first.has(passage.chunk.documentId)) first.set(passage.chunk.documentId, i)
  return [...chosen].sort(
    (a, b) =>
      first.get(a.passage.chunk.documentId)! - first.get(b.passage.chunk.documentId)! ||
      startOf(a) - startOf(b),
  )
}

const startOf = ({ passage, from }: Excerpt): number => passage.chunk.start + passage.units[from].start

/** One statement for each run of units of a kind. */
const toStatements = ({ passage, from, to }: Excerpt, named: Set<string>): Statement[] => {
  const statements: Statement[] = []
  for (let at = from; at <= to; ) {
    const { kind } = passage.units[at]
    let last = at
    while (last < to && passage.units[last + 1].kind === kind && kind !== "code") last++
    statements.push(toStatement(passage, passage.units.slice(at, last + 1), named))
    at = last + 1
  }
  return statements
}

const toStatement = (passage: Passage, units: readonly ReadUnit[], named: Set<string>): Statement => {
  const span = { passage, start: units[0].start, end: units.at(-1)!.end }
  const [{ kind, text, head }] = units
  if (kind === "code") return { ...span, text: `For example\0:\n\n${fencedCode(codeOf(text))}` }
  if (kind === "row" && head !== undefined) {
    const rows = [...head.split("\n"), ...units.map(unit => unit.text)].map(tableRow)
    return { ...span, text: `From a table\0:\n\n${rows.join("\n")}` }
  }
  if (kind === "sentence") return { ...span, text: `${units.map(unit => unit.text).join(" ")}\0` }
  return { ...span, text: `${subjectOf(units, named)}${units.map(unit => `- ${unit.text}`).join("\n")}\0` }
}

/** "Default: `false`" says nothing without the heading it stands below; that is said once. */
const subjectOf = (units: readonly ReadUnit[], named: Set<string>): string => {
  const [{ heading, headingTerms }] = units
  const said = units.some(unit => [...headingTerms].every(term => unit.terms.has(term)))
  if (heading === "" || said || named.has(heading)) return ""
  named.add(heading)
  return `${heading.replace(/:$/, "")}:\n`
}
