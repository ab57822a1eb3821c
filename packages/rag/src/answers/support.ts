import type { Embedder } from "@roadmap/llm/embedder"
import type { LexicalIndex } from "../document-index.ts"
import { terms } from "../lexical/analyze.ts"
import type { Passage, ReadUnit } from "./passage.ts"
import { coverage, questionTerms } from "./question-terms.ts"
import { addressesAssistant, addressesIn } from "./untrusted.ts"

/** Where a sentence of a model stands in the passages. */
export interface Support {
  passage: Passage
  /** Of `passage.chunk.text`: one unit, or two that follow each other. */
  start: number
  end: number
  /** 0 to 1. */
  score: number
}

export interface SupportCheck {
  passages: readonly Passage[]
  lexical: LexicalIndex
  embedder?: Embedder
  signal?: AbortSignal
}

/** Share of a sentence's weighted terms that must be in its source, its headings counted half; and without them. */
const enoughWords = 0.7
const enoughInside = 0.6
/** With a cosine of at least this, half as many words are enough: the sentence says it in other words. */
const enoughMeaning = 0.72
const enoughWordsWithMeaning = 0.3

interface Candidate {
  passage: Passage
  units: readonly ReadUnit[]
  words: number
  inside: number
}

/**
 * Finds the place that says what a sentence says: most of its terms (by weight) are there or, with an embedder, its
 * meaning is near and some of its terms are there. Numbers, identifiers and addresses must be in the place literally, and
 * a denial is no support for a claim. Undefined when no passage supports it.
 */
export const findSupport = async (sentence: string, check: SupportCheck): Promise<Support | undefined> => {
  const asked = questionTerms(sentence, check.lexical)
  if (asked.length === 0) return undefined
  const candidates = check.passages
    .flatMap(passage =>
      windows(passage).map(units => ({ passage, units, ...wordsIn(asked, passage, units) })),
    )
    .filter(
      candidate => holdsLiterally(sentence, candidate) && denies(sentence) === denies(textOf(candidate)),
    )
    .sort((a, b) => b.words - a.words || a.units.length - b.units.length)
  const inWords = candidates.find(({ words, inside }) => words >= enoughWords && inside >= enoughInside)
  if (inWords) return toSupport(inWords, inWords.words)
  if (!check.embedder) return undefined
  const near = candidates.filter(({ words }) => words >= enoughWordsWithMeaning).slice(0, 6)
  if (near.length === 0) return undefined
  const [own, ...theirs] = await check.embedder.embed([sentence, ...near.map(textOf)], check.signal)
  const cosines = theirs.map(vector => dot(own, vector))
  const closest = cosines.indexOf(Math.max(...cosines))
  return cosines[closest] >= enoughMeaning ? toSupport(near[closest], cosines[closest]) : undefined
}

/** Each unit alone, and each two neighbours: a model likes to join two sentences. What gives orders to it supports nothing. */
const windows = ({ units }: Passage): ReadUnit[][] =>
  units.flatMap((unit, place) => {
    if (addressesAssistant(unit.text)) return []
    const next = units[place + 1]
    const joins = next?.block - unit.block <= 2 && next.kind !== "code" && !addressesAssistant(next.text)
    return joins ? [[unit], [unit, next]] : [[unit]]
  })

/** Terms in the units; those of the heading above them count half, because a sentence may name its subject. */
const wordsIn = (
  asked: ReturnType<typeof questionTerms>,
  { around }: Passage,
  units: readonly ReadUnit[],
): Pick<Candidate, "words" | "inside"> => {
  const sets = units.map(unit => unit.terms)
  const inside = coverage(asked, ...sets)
  const headed = coverage(asked, ...sets, ...units.map(unit => unit.headingTerms), around)
  return { inside, words: inside === 0 ? 0 : inside + 0.5 * (headed - inside) }
}

const textOf = ({ units }: Pick<Candidate, "units">): string => units.map(({ text }) => text).join(" ")

const toSupport = ({ passage, units }: Candidate, score: number): Support => ({
  passage,
  start: units[0].start,
  end: units.at(-1)!.end,
  score: Math.min(1, score),
})

/** Whether what cannot be said in other words is there: numbers, `code`, identifiers, addresses. */
const holdsLiterally = (sentence: string, { passage, units }: Candidate): boolean => {
  const place = units.map(({ start, end }) => passage.chunk.text.slice(start, end)).join(" ")
  const around = `${place} ${units[0].heading} ${passage.chunk.title} ${passage.chunk.headings.join(" ")}`
  const wanted = [
    ...Array.from(sentence.matchAll(/`([^`]+)`/g), ([, code]) => code),
    ...(sentence.match(/\b\w*\p{Ll}\p{Lu}\w*\b|\b\p{Lu}[\p{Lu}\d]*_[\p{Lu}\d_]+\b/gu) ?? []),
  ]
  return (
    addressesIn(sentence).every(address => place.includes(address)) &&
    numbersIn(sentence).every(number => numbersIn(around).includes(number)) &&
    wanted.every(word => sameLetters(around).includes(sameLetters(word)))
  )
}

const numbersIn = (text: string): string[] =>
  (text.match(/(?<![\p{L}\d])\d[\d,.]*\d|(?<![\p{L}\d])\d/gu) ?? []).map(number => number.replaceAll(",", ""))

const sameLetters = (text: string): string => text.replace(/[\s"'`]+/g, "").toLowerCase()

const denies = (text: string): boolean =>
  /\b(?:not|never|cannot|no longer|without|neither|nor|isn't|doesn't|don't|can't|won't|aren't)\b/i.test(
    text.replaceAll("’", "'"),
  )

const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** Whether most of the lines of a snippet are in a passage's snippets, however they are indented. */
export const findSnippet = (code: string, passages: readonly Passage[]): Support | undefined => {
  const lines = linesOf(code)
  if (lines.length === 0) return undefined
  let best: Support | undefined
  for (const passage of passages)
    for (const unit of passage.units) {
      const theirs = unit.kind === "code" ? new Set(linesOf(unit.text)) : new Set<string>()
      const score = lines.filter(line => theirs.has(line)).length / lines.length
      if (score >= 0.8 && score > (best?.score ?? 0))
        best = { passage, start: unit.start, end: unit.end, score }
    }
  return best
}

const linesOf = (code: string): string[] =>
  code
    .split("\n")
    .map(line => line.replace(/\s+/g, ""))
    .filter(line => line !== "" && !line.startsWith("```"))

/** "Sure!" claims nothing, and "Here is how:" only announces: they need no support. */
export const claimsNothing = (sentence: string): boolean =>
  terms(sentence).length < 2 ||
  /^(?:sure|certainly|of course|here(?: is|'s| are)|yes|no|okay|great)\b[^.]{0,60}[:!.]?$/i.test(sentence) ||
  (sentence.endsWith(":") && sentence.length <= 60 && !/[`\d/]|\p{Ll}\p{Lu}/u.test(sentence))
