import { stemmer } from "stemmer"
import { stopWords } from "./stop-words.ts"

/** A word of a text as it stands there, with the terms that it is found by. */
export interface Word {
  text: string
  start: number
  end: number
  /** Empty for a stop word. */
  terms: readonly string[]
}

/**
 * The terms of a text, with repetitions, the same way for chunks and questions: Unicode words in lower case without
 * accents, without stop words, stemmed (Porter 1980, https://tartarus.org/martin/PorterStemmer/). Identifiers are kept
 * whole and split as well: `trustProxy`, `trust_proxy` and `trust-proxy` all give trustproxy, trust, proxi;
 * `reply.send()` gives reply.send, repli, send; `--trust-proxy` gives --trust-proxy too; 5.12.8 gives 5.12 and 5 too.
 * Scripts without spaces between words give pairs of characters.
 */
export const terms = (text: string): string[] => {
  const found: string[] = []
  for (const match of text.matchAll(wordPattern)) for (const term of termsOf(match[0])) found.push(term)
  return found
}

/** The words of a text with their places; stop words are among them, without terms. */
export const words = (text: string): Word[] =>
  Array.from(text.matchAll(wordPattern), match => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
    terms: termsOf(match[0]),
  }))

/** A flag of a command line, or letters and digits with single joints between them. */
const wordPattern =
  /(?<![\p{L}\p{N}-])--[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*|[\p{L}\p{M}\p{N}_$]+(?:[.'’-][\p{L}\p{M}\p{N}_$]+)*/gu

/** A document repeats its words: each is analysed once. Bounded, because a hostile text repeats none. */
const known = new Map<string, readonly string[]>()
const knownLimit = 100_000

/** Terms longer than this are keys, hashes and encoded data, which nobody asks for. */
const longestTerm = 64

/** The terms that one word is found by. */
export const termsOf = (word: string): readonly string[] => {
  let found = known.get(word)
  if (!found) {
    found = analyzed(word)
    if (known.size >= knownLimit) known.clear()
    known.set(word, found)
  }
  return found
}

const analyzed = (word: string): string[] => {
  if (/^[a-z]+$/.test(word)) return simple(word)
  const flag = word.startsWith("--")
  const folded = plain(flag ? word.slice(2) : word)
  if (spaceless.test(folded)) return pairs(folded)
  if (/^v?\d+(\.\d+)+$/i.test(folded)) return versions(folded.toLowerCase())
  const base = folded.replace(/['’](?:s|S|t|re|ve|ll|d|m)$/, "").replaceAll(/['’$]/g, "")
  if (/^\p{Lu}?\p{Ll}+$|^\p{Lu}+$|^\p{N}+$/u.test(base))
    return [...(flag ? [word.toLowerCase()] : []), ...simple(base.toLowerCase())]
  const dotted = base.split(".").filter(part => part !== "")
  const compounds = dotted.flatMap(part => [joined(part), ...partsOf(part).flatMap(simple)])
  const all = [
    ...(flag ? [word.toLowerCase()] : []),
    ...(dotted.length > 1 ? [base.toLowerCase()] : []),
    ...compounds,
  ]
  return [...new Set(all)].filter(term => term !== "" && term.length <= longestTerm)
}

const simple = (word: string): string[] => {
  if (stopWords.has(word) || word.length > longestTerm) return []
  return [/^[a-z]+$/.test(word) ? stemmer(word) : word]
}

/** "trustProxy", "trust_proxy" and "trust-proxy" as "trustproxy"; a plain word as its stem. */
const joined = (part: string): string => {
  const whole = part.toLowerCase().replace(/[_-]/g, "")
  return partsOf(part).length > 1 ? whole : (simple(whole)[0] ?? "")
}

/** At `_`, `-`, and where a capital begins: "getHTTPServer" is get, http, server. Single letters are no parts. */
const partsOf = (part: string): string[] =>
  part
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((each, _, all) => each !== "" && (all.length === 1 || each.length > 1 || /\p{N}/u.test(each)))

/** Compatibility forms and accents folded: "ﬁle" is "file", "café" is "cafe". */
const plain = (word: string): string =>
  /^\p{ASCII}*$/u.test(word)
    ? word
    : word
        .normalize("NFKD")
        .replace(/[\p{Mn}\s]/gu, "")
        .normalize("NFC")

/** "v5.12.8" is 5.12.8, 5.12 and 5. */
const versions = (version: string): string[] => {
  const numbers = version.replace(/^v/, "").split(".").slice(0, 4)
  return numbers.map((_, i) => numbers.slice(0, numbers.length - i).join("."))
}

const spaceless = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u

const pairs = (word: string): string[] => {
  const letters = [...word.toLowerCase()].slice(0, 2_000)
  return letters.length === 1 ? letters : letters.slice(1).map((letter, i) => letters[i] + letter)
}
