import type { Answer, AnswerEvent } from "../../src/answer.ts"
import { type AskOptions, type AssistantParts, createAssistant } from "../../src/answers/assistant.ts"
import type { Calibrations } from "../../src/answers/calibration.ts"
import type { Document } from "../../src/document.ts"
import { pages } from "./documents.ts"
import { type MemoryIndex, memoryIndex, memoryRetriever } from "./memory-index.ts"

/** Declines where less than half of the question is in one passage. */
export const halfCovered: Calibrations = {
  lexical: {
    features: ["passage"],
    intercept: -10,
    coefficients: [20],
    threshold: 0.5,
    fitted: { answerable: 0, unanswerable: 0, falselyDeclined: 0, rightlyDeclined: 0 },
  },
}

export interface Asked {
  events: AnswerEvent[]
  answer: Answer
  index: MemoryIndex
}

/** Asks over the pages of the tests, and gives all events. */
export const askPages = async (
  question: string,
  parts: Partial<AssistantParts> & { documents?: readonly Document[] } & AskOptions = {},
): Promise<Asked> => {
  const { documents = pages, history, filter, signal, ...others } = parts
  const index = (others.index as MemoryIndex | undefined) ?? memoryIndex(documents)
  const assistant = createAssistant({
    retriever: memoryRetriever(index),
    calibration: halfCovered,
    ...others,
    index,
  })
  const events = await Array.fromAsync(assistant.ask(question, { history, filter, signal }))
  const last = events.at(-1)
  if (last?.type !== "done") throw new Error("The answer has no last event.")
  return { events, answer: last.answer, index }
}
