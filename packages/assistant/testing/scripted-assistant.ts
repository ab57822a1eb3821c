import { throwIfAborted } from "@roadmap/core/async"
import type { RoadmapError } from "@roadmap/core/errors"
import type { Answer, AnswerEvent, Citation } from "@roadmap/rag/answer"
import type { AskOptions, Assistant } from "@roadmap/rag/answers/assistant"
import type { DocumentIndex } from "@roadmap/rag/document-index"
import type { Retrieved } from "@roadmap/rag/retriever"

/** What the stand-in says to a question. */
export interface Script {
  /** The answer as it comes, with markers such as [1]. */
  pieces?: readonly string[]
  /** Citation 1, 2, …: text that the document has. */
  quotes?: readonly { document: string; quote: string }[]
  decline?: Answer["reason"]
  /** Thrown before the first event. */
  failBefore?: RoadmapError
  /** Thrown after that many pieces. */
  failAfter?: { pieces: number; error: RoadmapError }
  /** Set in the answer, as when a chat model failed. */
  error?: Answer["error"]
  notes?: readonly string[]
  /** Waited for before each piece; the signal ends the wait. */
  gate?: (piece: number) => Promise<void>
  usage?: Answer["usage"]
}

export interface Asked extends AskOptions {
  question: string
}

/**
 * A stand-in for the assistant which says what a test tells it, with passages and citations of the real index. Keeps
 * what it was asked.
 */
export const scriptedAssistant = (
  index: DocumentIndex,
  scriptOf: (question: string) => Script,
): Assistant & { readonly asked: readonly Asked[] } => {
  const asked: Asked[] = []
  return {
    answeredBy: "scripted stand-in",
    asked,
    async *ask(question, options = {}): AsyncGenerator<AnswerEvent> {
      asked.push({ question, ...options })
      const script = scriptOf(question)
      const { pieces = [], quotes = [], failBefore, failAfter, gate } = script
      if (failBefore) throw failBefore
      const found = await Promise.all(quotes.map((each, i) => cite(index, i + 1, each)))
      const passages = found.map(({ passage }) => passage)
      const citations = found.map(({ citation }) => citation)
      yield { type: "passages", passages, searchedFor: [question] }
      for (const [i, text] of pieces.entries()) {
        if (failAfter?.pieces === i) throw failAfter.error
        if (gate) await orAborted(gate(i), options.signal)
        throwIfAborted(options.signal)
        yield { type: "text", text }
        for (const citation of citations)
          if (text.includes(`[${citation.marker}]`)) yield { type: "citation", citation }
      }
      if (failAfter && failAfter.pieces >= pieces.length) throw failAfter.error
      yield { type: "done", answer: answerOf(question, script, passages, citations) }
    },
  }
}

const answerOf = (
  question: string,
  { pieces = [], decline, error, notes = [], usage }: Script,
  passages: Retrieved[],
  citations: Citation[],
): Answer => ({
  status: decline ? "declined" : "answered",
  text: pieces.join(""),
  citations: decline ? [] : citations,
  confidence: decline ? 0.04 : 0.93,
  ...(decline && { reason: decline }),
  passages,
  searchedFor: [question],
  answeredBy: "scripted stand-in",
  ...(usage && { usage }),
  timings: { retrieve: 1.5, total: 2.25 },
  notes,
  ...(error && { error }),
  checks: { citationsDropped: 0, sentencesUnsupported: 0 },
})

const cite = async (
  index: DocumentIndex,
  marker: number,
  { document, quote }: { document: string; quote: string },
): Promise<{ citation: Citation; passage: Retrieved }> => {
  const text = (await index.document(document))?.text ?? ""
  const start = text.indexOf(quote)
  if (start < 0) throw new Error(`${document} has no "${quote}".`)
  const hits = index.lexical.search(quote, { k: 20 })
  const chunks = await index.chunks(hits.map(({ id }) => id))
  const chunk = chunks.find(
    each => each.documentId === document && each.start <= start && each.end >= start + quote.length,
  )
  if (chunk === undefined) throw new Error(`No passage of ${document} holds "${quote}".`)
  const { id: chunkId, documentId, uri, title, headings } = chunk
  const rank = hits.findIndex(({ id }) => id === chunkId)
  return {
    citation: { marker, chunkId, documentId, uri, title, headings, start, end: start + quote.length, quote },
    passage: {
      chunk,
      score: hits[rank].score,
      scores: { bm25: hits[rank].score, bm25Rank: rank + 1, rerank: 1 / (rank + 1) },
    },
  }
}

const orAborted = async (wait: Promise<void>, signal?: AbortSignal): Promise<void> => {
  const aborted = Promise.withResolvers<void>()
  signal?.addEventListener("abort", () => aborted.resolve(), { once: true })
  await Promise.race([wait, aborted.promise])
}
