export interface Request {
  /** Tokens of prompt and answer together. */
  window: number
  /** Tokens kept for the answer. */
  reserve: number
  /** Tokens that each message costs besides its text. */
  overhead: number
  system: string
  question: string
  /** Best first. */
  passages: readonly string[]
  /** Oldest first. */
  turns: readonly string[]
}

export interface Filled {
  /** Indices, ascending. */
  passages: number[]
  /** Indices, ascending. */
  turns: number[]
  promptTokens: number
}

/**
 * What goes into the window.
 * @param count tokens of a text
 * @throws Error when system and question do not fit
 */
export const fill = (request: Request, count: (text: string) => number): Filled => {
  return { passages: [], turns: [], promptTokens: count(request.question) }
}
