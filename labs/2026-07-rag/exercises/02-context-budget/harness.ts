import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { Filled, fill, Request } from "./solution.ts"

/**
 * A stand-in for a tokenizer, with what matters of one: words cost by their length, each sign costs, and letters outside
 * ASCII cost as many tokens as they have bytes.
 */
export const countTokens = (text: string): number => {
  let tokens = 0
  for (const [piece] of text.matchAll(/[A-Za-z]+|\d|[^\sA-Za-z\d]/gu))
    tokens += /^[A-Za-z]/.test(piece) ? Math.ceil(piece.length / 5) : new TextEncoder().encode(piece).length
  return tokens
}

/** (request) => what was filled in. */
export default defineHarness(
  (answer: typeof fill) =>
    (request: Request): Filled =>
      answer(request, countTokens),
)
