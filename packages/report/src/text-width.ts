import { createRequire } from "node:module"

/** Latin letters, punctuation, arrows, mathematics and box lines: one column each, whatever the terminal. */
const singleColumns =
  /^[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u257f\u2713\u2717]*$/

/** Columns that a text takes in a terminal: wide East Asian letters and emoji take two, accents none. */
export const textWidth = (text: string): number =>
  singleColumns.test(text) ? text.length : loadStringWidth()(text)

/** The text itself if it fits, else as many whole letters as fit before a "…". */
export const truncateText = (text: string, width: number): string => {
  if (textWidth(text) <= width) return text
  if (width < 1) return ""
  let kept = ""
  let used = 1
  for (const letter of letters(text)) {
    used += textWidth(letter)
    if (used > width) break
    kept += letter
  }
  return `${kept.trimEnd()}…`
}

/** Control characters (escape sequences, line breaks, tabs) become spaces: a cell cannot drive the terminal. */
export const plainText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
  text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ")

/** Letters as a reader counts them. */
const letters = (text: string): Iterable<string> =>
  singleColumns.test(text)
    ? text
    : Array.from(
        new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text),
        ({ segment }) => segment,
      )

type StringWidth = typeof import("string-width").default
let stringWidth: StringWidth | undefined

/** Loaded at the first unusual letter: the command line prints tables at its start and must not wait for it. */
const loadStringWidth = (): StringWidth =>
  (stringWidth ??= (createRequire(import.meta.url)("string-width") as { default: StringWidth }).default)
