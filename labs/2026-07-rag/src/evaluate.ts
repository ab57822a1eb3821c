import { join } from "node:path"
import { throwIfAborted } from "@roadmap/core/async"
import { type GivenAnswer, type JudgedAnswer, judgeAnswer } from "@roadmap/evals/answers/judge"
import { type AnswerReport, answerReport } from "@roadmap/evals/answers/report"
import { gainsOf, type LocatedGold, locateGold, type Span } from "@roadmap/evals/gold"
import { isAnswerable, type Question } from "@roadmap/evals/question-set"
import { type RetrievalReport, retrievalReport, type SystemRun } from "@roadmap/evals/retrieval/report"
import { type Assistant, collectAnswer } from "@roadmap/rag/answers/assistant"
import { withoutNotices } from "@roadmap/rag/answers/notices"
import type { DocumentIndex } from "@roadmap/rag/document-index"
import type { Retrieved, Retriever } from "@roadmap/rag/retriever"

/** The question sets of this lab. */
export const questionFiles = {
  tune: join(import.meta.dirname, "..", "evaluation", "questions.jsonl"),
  test: join(import.meta.dirname, "..", "evaluation", "questions-test.jsonl"),
  second: join(import.meta.dirname, "..", "evaluation", "second-corpus.jsonl"),
} as const

export interface EvaluationProgress {
  what: string
  done: number
  total: number
}

interface EvaluationOptions {
  signal?: AbortSignal
  onProgress?: (progress: EvaluationProgress) => void
}

/** One way of retrieval, by a name for reports. */
export interface RetrievalSystem {
  name: string
  retriever: Retriever
}

/**
 * Ranks the passages for every answerable question by every system, ten each, and compares the systems with the last one,
 * or the one that is named. Throws INVALID_INPUT when a gold passage is in no document of the index.
 */
export const evaluateRetrieval = async (
  input: {
    systems: readonly RetrievalSystem[]
    questions: readonly Question[]
    index: DocumentIndex
    reference?: string
  } & EvaluationOptions,
): Promise<RetrievalReport> => {
  const { systems, index, signal } = input
  const questions = input.questions.filter(isAnswerable)
  const { gold } = await goldOf(questions, index)
  const runs: SystemRun[] = []
  for (const { name, retriever } of systems) {
    const ranked: SystemRun["questions"][number][] = []
    for (const [done, { id, question }] of questions.entries()) {
      throwIfAborted(signal)
      input.onProgress?.({ what: name, done, total: questions.length })
      const started = performance.now()
      const retrieved = await retriever.retrieve(question, { k: 10, signal })
      const milliseconds = performance.now() - started
      const located = gold.get(id)!
      ranked.push({
        id,
        gains: gainsOf(retrieved.map(spanOf), located),
        needs: located.needs.length,
        milliseconds,
      })
    }
    runs.push({ name, questions: ranked })
  }
  return retrievalReport(runs, { reference: input.reference ?? systems.at(-1)?.name ?? "" })
}

export interface AnswerEvaluation {
  report: AnswerReport
  judged: readonly JudgedAnswer[]
  /** What was answered, in the order of the questions. */
  given: readonly GivenAnswer[]
}

/** Asks every question of the set and holds each answer against its labels. */
export const evaluateAnswers = async (
  input: {
    assistant: Assistant
    questions: readonly Question[]
    index: DocumentIndex
  } & EvaluationOptions,
): Promise<AnswerEvaluation> => {
  const { assistant, questions, index, signal } = input
  const { gold, texts } = await goldOf(questions, index)
  const given: GivenAnswer[] = []
  for (const [done, question] of questions.entries()) {
    throwIfAborted(signal)
    input.onProgress?.({ what: `answers (${assistant.answeredBy})`, done, total: questions.length })
    const started = performance.now()
    const answer = await collectAnswer(assistant.ask(question.question, { signal }))
    const milliseconds = performance.now() - started
    for (const { documentId } of answer.citations)
      if (!texts.has(documentId)) texts.set(documentId, (await index.document(documentId))?.text)
    given.push({
      question,
      gold: gold.get(question.id)!,
      status: answer.status,
      confidence: answer.confidence,
      text: withoutNotices(answer.text),
      citations: answer.citations.map(({ marker, documentId, start, end, quote }) => ({
        marker,
        document: documentId,
        start,
        end,
        quote,
      })),
      milliseconds,
    })
  }
  const judged = given.map(answer => judgeAnswer(answer, document => texts.get(document)))
  return { report: answerReport(judged), judged, given }
}

/** Where a retrieved passage stands. */
export const spanOf = ({ chunk }: Retrieved): Span => ({
  document: chunk.documentId,
  start: chunk.start,
  end: chunk.end,
})

/** The gold passages of the questions, and the texts of the documents that hold them. */
export const goldOf = async (
  questions: readonly Question[],
  index: DocumentIndex,
): Promise<{ gold: Map<string, LocatedGold>; texts: Map<string, string | undefined> }> => {
  const texts = new Map<string, string | undefined>()
  for (const { gold } of questions)
    for (const { anyOf } of gold)
      for (const { document } of anyOf)
        if (!texts.has(document)) texts.set(document, (await index.document(document))?.text)
  const gold = new Map(
    questions.map(question => [question.id, locateGold(question, document => texts.get(document))]),
  )
  return { gold, texts }
}
