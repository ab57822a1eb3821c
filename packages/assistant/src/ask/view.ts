import type { Answer, AnswerEvent } from "@roadmap/rag/answer"
import type { Retrieved, Scores } from "@roadmap/rag/retriever"

/** A retrieved passage as clients see it. */
export interface PassageView {
  chunkId: string
  documentId: string
  source: string
  uri: string
  title: string
  headings: readonly string[]
  /** The characters `start` to `end` of the document. */
  text: string
  start: number
  end: number
  score: number
  scores: Scores
}

export type AnswerView = Omit<Answer, "passages"> & { passages: PassageView[] }

export const viewPassage = ({ chunk, score, scores }: Retrieved): PassageView => ({
  chunkId: chunk.id,
  documentId: chunk.documentId,
  source: chunk.source,
  uri: chunk.uri,
  title: chunk.title,
  headings: chunk.headings,
  text: chunk.text,
  start: chunk.start,
  end: chunk.end,
  score,
  scores,
})

export const viewAnswer = (answer: Answer): AnswerView => ({
  ...answer,
  passages: answer.passages.map(viewPassage),
})

/** The data of each event: its type is the event's name. */
export const viewEvent = (event: AnswerEvent): Record<string, unknown> => {
  switch (event.type) {
    case "passages":
      return { passages: event.passages.map(viewPassage), searchedFor: event.searchedFor }
    case "text":
      return { text: event.text }
    case "citation":
      return { citation: event.citation }
    case "done":
      return { answer: viewAnswer(event.answer) }
  }
}
