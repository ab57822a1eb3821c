/**
 * Text as documents hold it, before any span counts: line ends are "\n", control characters are gone (tab and line end
 * stay, a form feed is a line end), lone surrogates are U+FFFD, and there is no byte order mark.
 */
export const cleanText = (text: string): string => {
  const unified = text.replace(/\r\n?|[\u0085\u2028\u2029\f\v]/g, "\n")
  return unified.replace(controls, "").toWellFormed()
}

/** One line of cleaned text: for titles and headings. */
export const cleanLine = (text: string): string => cleanText(text).replace(/\s+/g, " ").trim()

// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
const controls = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufeff\ufffe\uffff]/g
