import { RoadmapError } from "@roadmap/core/errors"

/** Characters of a question that is still a question. */
export const longestQuestion = 4_000

/** A question of the conversation before this one, and what was answered. */
export interface Turn {
  question: string
  answer: string
}

/**
 * The question without control and direction characters, white space in one piece. Throws INVALID_INPUT when nothing
 * readable is left, LIMIT_EXCEEDED above `longestQuestion` characters.
 */
export const checkQuestion = (question: string): string => {
  if (question.length > longestQuestion)
    throw new RoadmapError(
      "LIMIT_EXCEEDED",
      `The question has ${question.length} characters; at most ${longestQuestion} are read.`,
      { hint: "Ask in a few sentences. A document to search in is indexed, not asked." },
    )
  const clean = question
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029\uFFFD]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
  if (!/[\p{L}\p{N}]/u.test(clean))
    throw new RoadmapError("INVALID_INPUT", "The question is empty.", {
      hint: 'Ask with words, for example: roadmap ask "How do I make fastify trust a proxy?"',
    })
  return clean
}
