import type { LexicalIndex } from "../document-index.ts"
import { terms, words } from "../lexical/analyze.ts"

/** A term that the question is about, and how much it says. */
export interface QuestionTerm {
  term: string
  /** Inverse document frequency in the corpus, as a share of the highest possible: 1 for a term it does not have. */
  weight: number
  /** Whether the corpus has it at all. */
  known: boolean
  /** A name or an identifier by its looks: Peru, trustProxy, FST_ERR_BAD_URL, http2, the jwt of @fastify/jwt. */
  name: boolean
  /** Of the name of a package such as @fastify/jwt: what it does stands on a page of its own. */
  packaged: boolean
  /** As it stands in the question. */
  word: string
}

/**
 * Words of questions that say how the answer should look, not what it is about. BM25 counts them; whether a passage covers
 * a question is not decided by them.
 */
const askingWords = new Set(
  terms(
    "how what when where which who why does do did can could should would will may might must shall make makes made use used using need want get give tell show explain describe find know mean means happen happens work works way ways possible happen there many much any some please way one thing kind exactly actually",
  ),
)

/** The terms of a question with their weights, each once, in order. */
export const questionTerms = (question: string, lexical: LexicalIndex): QuestionTerm[] => {
  const idfs = new Map(lexical.terms(question).map(({ term, idf }) => [term, idf]))
  const unknown = idfOfUnknown(lexical)
  const highest = Math.max(Number.isFinite(unknown) ? unknown : 0, ...idfs.values(), Number.EPSILON)
  const found = new Map<string, QuestionTerm>()
  for (const { text, start, terms: ofWord } of words(question)) {
    const packaged = /@[\w-]+\/(?:[\w-]+-)?$/.test(question.slice(0, start))
    const name = packaged || isName(text, isSentenceStart(question, start))
    for (const term of ofWord) {
      if (askingWords.has(term)) continue
      const idf = idfs.get(term) ?? unknown
      const known = idfs.has(term) && idf < unknown - 1e-9
      const before = found.get(term)
      if (before) before.name ||= name
      else found.set(term, { term, weight: known ? idf / highest : 1, known, name, packaged, word: text })
    }
  }
  return [...found.values()]
}

/** What the corpus gives a term that it does not have; infinite when it leaves such terms out. */
const idfOfUnknown = (lexical: LexicalIndex): number => {
  const probe = lexical.terms("zqxjkvwq")
  return probe.length > 0 ? probe[0].idf : Number.POSITIVE_INFINITY
}

const isName = (word: string, startsSentence: boolean): boolean =>
  // GETs, 404s: the plural of a word that is none.
  !/^(?:\p{Lu}{2,}|\d+)s$/u.test(word) &&
  (/\p{Ll}\p{Lu}|\p{L}[._/:@-]\p{L}|_|\p{L}\d|\d\p{L}|\p{Lu}{2}/u.test(word) ||
    (!startsSentence && /^\p{Lu}\p{Ll}/u.test(word)))

const isSentenceStart = (text: string, at: number): boolean =>
  /(?:^|[.!?:]\s+)["'“(]*$/.test(text.slice(0, at))

/** Share of the weight of the terms that is in one of the sets, 0 to 1. Without terms 0. */
export const coverage = (asked: readonly QuestionTerm[], ...sets: readonly ReadonlySet<string>[]): number => {
  let covered = 0
  let all = 0
  for (const { term, weight } of asked) {
    all += weight
    if (sets.some(set => set.has(term))) covered += weight
  }
  return all === 0 ? 0 : covered / all
}
