/** A part of an answer and the numbers of the citations that it ends with. */
export interface Claim {
  text: string
  /** Empty: nothing is cited for it. */
  markers: readonly number[]
}

/**
 * Cuts an answer at its citations: "A is B. [1] C is D. [2][3]" makes two claims. A fence of code that follows a citation
 * with a colon ("For example [1]:") belongs to it.
 */
export const claimsOf = (answer: string): Claim[] => {
  const claims: Claim[] = []
  let from = 0
  for (const group of answer.matchAll(/((?:\s*\[\d+\])+)(?::\s*(`{3,}[\s\S]*?`{3,}))?/g)) {
    const [, numbers, code = ""] = group
    const text = answer.slice(from, group.index) + code
    const markers = Array.from(numbers.matchAll(/\d+/g), Number)
    from = group.index + group[0].length
    if (wordsOf(text).length > 0) claims.push({ text: text.trim(), markers })
  }
  const rest = answer.slice(from)
  if (wordsOf(rest).length > 0) claims.push({ text: rest.trim(), markers: [] })
  return claims
}

/**
 * Whether a claim says what its source says: at least 80 % of its words stand in what is cited for it. Words are compared,
 * not meanings, so a good paraphrase may fail, and a "not" that was left out passes.
 */
export const isSupported = (claim: Claim, quoteOf: (marker: number) => string | undefined): boolean => {
  const there = new Set(claim.markers.flatMap(marker => wordsOf(quoteOf(marker) ?? "")))
  const words = wordsOf(claim.text)
  return 5 * words.filter(word => there.has(word)).length >= 4 * words.length
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
