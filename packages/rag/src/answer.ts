import type { ErrorCode } from "@roadmap/core/errors"
import type { Usage } from "@roadmap/llm/chat-model"
import type { Retrieved } from "./retriever.ts"

/** An answer as it grows; the last event is `done`. The `text` events joined are the answer's text. */
export type AnswerEvent =
  | { type: "passages"; passages: readonly Retrieved[]; searchedFor: readonly string[] }
  | { type: "text"; text: string }
  | { type: "citation"; citation: Citation }
  | { type: "done"; answer: Answer }

export interface Answer {
  status: "answered" | "declined"
  /** Citations stand in it as [1], [2]. */
  text: string
  citations: readonly Citation[]
  /** Probability that the passages answer the question, by the calibrated model. */
  confidence: number
  /** Why it was declined. */
  reason?: DeclineReason
  passages: readonly Retrieved[]
  /** What was looked up: the question, or what it means after the turns before it. */
  searchedFor: readonly string[]
  /** "extractive", or the chat model's id. */
  answeredBy: string
  usage?: Usage
  /** Which prompt file the chat model was given. */
  prompt?: { name: string; version: number; hash: string }
  /** Milliseconds by stage: rewrite, retrieve, answer, total; embed and rerank where the retriever tells them. */
  timings: Record<string, number>
  /** What a reader should know of how it came about, as plain sentences: another way was taken, it was cut. */
  notes: readonly string[]
  /** Set when the chat model failed: the answer is what could be kept, or the extractive one. */
  error?: { code: ErrorCode; message: string; hint?: string; retryable: boolean }
  checks: AnswerChecks
}

/**
 * off-topic: the corpus does not know what the question is about. not-covered: it is about known things, and no passage
 * answers it. empty-index: nothing to search. unsupported: no sentence of the chat model is in the passages.
 * content-filter: the provider refused.
 */
export type DeclineReason = "off-topic" | "not-covered" | "empty-index" | "unsupported" | "content-filter"

/** What the checks before an answer leaves have found. */
export interface AnswerChecks {
  /** Citations whose quote is not in its document: they were taken out. */
  citationsDropped: number
  /** Sentences of the chat model that no passage supports: left out, or marked. */
  sentencesUnsupported: number
}

/** A span of a document which supports a sentence of the answer. `quote` is `document.text.slice(start, end)`, checked. */
export interface Citation {
  /** The number in the text: 1 for [1]. */
  marker: number
  chunkId: string
  documentId: string
  uri: string
  title: string
  headings: readonly string[]
  start: number
  end: number
  quote: string
}
