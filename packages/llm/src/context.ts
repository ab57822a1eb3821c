import { RoadmapError } from "@roadmap/core/errors"
import type { ChatMessage } from "./chat-model.ts"
import { countMessages, countTokens } from "./tokens.ts"

export interface ContextRequest<P extends { text: string }> {
  /** "provider/model": whose tokens are counted. */
  modelId: string
  /** Tokens of prompt and answer together. */
  contextWindow: number
  system: string
  /** Best first: the last ones are left out first. */
  passages: readonly P[]
  /** Oldest first: the oldest ones are left out first. */
  history?: readonly ChatMessage[]
  question: string
  /** Tokens kept free for the answer. */
  reserve: number
  /** What is written around each passage, in tokens: its fence and number. Default 24. */
  perPassage?: number
}

export interface FittedContext<P> {
  passages: readonly P[]
  history: readonly ChatMessage[]
  dropped: { passages: readonly P[]; history: number }
  /** Tokens of all that is kept, and how many there may be. */
  tokens: number
  limit: number
  exact: boolean
}

/** Share by which estimates may be too low: nineteen in twenty are within it. */
const margin = 0.15
/** Of what is left after system and question, history gets at most this share while passages wait for room. */
const historyShare = 0.3

/**
 * Chooses what of a prompt fits. System text, question and room for the answer are never cut. Then, in this order: the
 * newest turns of the history up to 30 % of the rest, the passages from the best on, and older turns into what is left.
 * A turn is kept with all newer ones, so a conversation never has holes; a passage that does not fit is left out whole,
 * and smaller ones behind it may still come. Throws LIMIT_EXCEEDED when system, question and reserve alone are too much.
 */
export const fitContext = <P extends { text: string }>(request: ContextRequest<P>): FittedContext<P> => {
  const { modelId, contextWindow, passages, history = [], reserve, perPassage = 24 } = request
  const always = countMessages(
    [
      { role: "system", content: request.system },
      { role: "user", content: request.question },
    ],
    modelId,
  )
  const limit = Math.floor((contextWindow - reserve) / (always.exact ? 1 : 1 + margin))
  if (always.tokens > limit)
    throw new RoadmapError(
      "LIMIT_EXCEEDED",
      `The question and its instructions are ${always.tokens} tokens; ${modelId} takes ${Math.max(0, limit)} beside ${reserve} for the answer.`,
      { hint: "Ask a shorter question." },
    )
  const turns = history.map(message => countMessages([message], modelId).tokens)
  const costs = passages.map(({ text }) => countTokens(text, modelId).tokens + perPassage)
  const room = limit - always.tokens

  const kept: boolean[] = []
  let used = 0
  const takeTurns = (from: number, upTo: number): number => {
    let first = from
    while (first > 0 && used + turns[first - 1] <= upTo) used += turns[--first]
    return first
  }
  const recent = takeTurns(history.length, room * historyShare)
  for (const [i, tokens] of costs.entries()) {
    kept[i] = used + tokens <= room
    if (kept[i]) used += tokens
  }
  const first = takeTurns(recent, room)
  return {
    passages: passages.filter((_, i) => kept[i]),
    history: history.slice(first),
    dropped: { passages: passages.filter((_, i) => !kept[i]), history: first },
    tokens: always.tokens + used,
    limit,
    exact: always.exact,
  }
}
