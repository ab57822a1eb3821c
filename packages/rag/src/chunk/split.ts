import type { Measure } from "./chunker.ts"

export interface Range {
  start: number
  end: number
}

/** Positions inside of the range (not its edges), ascending, at which it may be cut. */
export type Cuts = (text: string, range: Range) => number[]

/**
 * Parts of a range, each at most `size` and as long as the cuts allow; together they are the range. Cuts are tried in
 * order: the next kind is used only on what is still too long, and the last resort is between any two characters.
 */
export const splitRange = (
  text: string,
  range: Range,
  options: { size: number; measure: Measure; cuts: readonly Cuts[] },
): Range[] => {
  const { size, measure, cuts } = options
  const fits = (start: number, end: number) => end - start <= 1 || measure.of(text.slice(start, end)) <= size
  if (fits(range.start, range.end)) return [range]
  if (cuts.length === 0) return splitAnywhere(text, range, fits, 16 * size)

  const edges = [...cuts[0](text, range), range.end]
  const parts: Range[] = []
  let start = range.start
  let end = range.start
  for (const edge of edges) {
    if (end > start && !fits(start, edge)) {
      parts.push({ start, end })
      start = end
    }
    end = edge
    if (fits(start, end)) continue
    // One unit that is too long alone: by the next kind of cut; its last part may still take what follows.
    const inner = splitRange(text, { start, end }, { ...options, cuts: cuts.slice(1) })
    start = inner.pop()!.start
    for (const part of inner) parts.push(part)
  }
  if (end > start) parts.push({ start, end })
  return parts
}

/** Between characters, never inside of a surrogate pair; the longest fit of at most `longest` characters by bisection. */
const splitAnywhere = (
  text: string,
  range: Range,
  fits: (start: number, end: number) => boolean,
  longest: number,
): Range[] => {
  const parts: Range[] = []
  let { start } = range
  while (start < range.end) {
    let low = start + 1
    let high = Math.min(range.end, start + longest)
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (fits(start, middle)) low = middle
      else high = middle - 1
    }
    const end = low < range.end && isLowSurrogate(text, low) ? (low - 1 > start ? low - 1 : low + 1) : low
    parts.push({ start, end })
    start = end
  }
  return parts
}

const isLowSurrogate = (text: string, index: number): boolean => {
  const code = text.charCodeAt(index)
  return code >= 0xdc00 && code <= 0xdfff
}

const cutsAfter =
  (pattern: RegExp): Cuts =>
  (text, { start, end }) => {
    const cuts: number[] = []
    const within = text.slice(start, end)
    for (const match of within.matchAll(pattern)) {
      const cut = start + match.index + match[0].length
      if (cut > start && cut < end) cuts.push(cut)
    }
    return cuts
  }

/** After blank lines. */
export const atParagraphs: Cuts = cutsAfter(/\n[ \t]*\n+/g)
/** After line ends. */
export const atLines: Cuts = cutsAfter(/\n/g)
/** After the white space between words. */
export const atWords: Cuts = cutsAfter(/\s+/g)

/**
 * After sentences: a mark that ends one, white space, and a start that looks like one. Abbreviations that are common in
 * technical English do not end a sentence; neither does a line of a list or table, which ends by its line end.
 */
export const atSentences: Cuts = (text, range) => {
  const cuts: number[] = []
  const within = text.slice(range.start, range.end)
  for (const match of within.matchAll(sentenceEnd)) {
    if (match[1] === "." && abbreviation.test(within.slice(Math.max(0, match.index - 8), match.index + 1)))
      continue
    const cut = range.start + match.index + match[0].length
    if (cut < range.end) cuts.push(cut)
  }
  return cuts
}

const sentenceEnd =
  /(?:([.!?…])["'”’)\]*_`]*|([。！？]))(?:\s+(?=["'“‘([*_`<]*[\p{Lu}\p{N}\p{Lo}])|(?<=[。！？]))|\n[ \t]*\n\s*/gu
const abbreviation = /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|resp|approx|Mr|Mrs|Dr|Fig|No|[A-Z])\.$/
