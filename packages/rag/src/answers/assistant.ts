import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { ChatModel } from "@roadmap/llm/chat-model"
import type { Answer, AnswerEvent, DeclineReason } from "../answer.ts"
import type { DocumentIndex } from "../document-index.ts"
import type { Filter } from "../filter.ts"
import { fuse, type RankedList } from "../retrieve/fusion.ts"
import type { Retrieved, Retriever } from "../retriever.ts"
import shippedCalibrations from "./calibration.json" with { type: "json" }
import { type Calibration, type Calibrations, confidenceOf, modeOf } from "./calibration.ts"
import { createCitations } from "./citations.ts"
import { declineText, reasonOf } from "./decline.ts"
import { extractAnswer } from "./extractive.ts"
import { featuresOf } from "./features.ts"
import { completeFollowUp } from "./follow-up.ts"
import { notice } from "./notices.ts"
import { type Passage, passageReader } from "./passage.ts"
import { checkQuestion, type Turn } from "./question.ts"
import { type QuestionTerm, questionTerms } from "./question-terms.ts"
import { createStopwatch, type Stopwatch } from "./stopwatch.ts"
import { withoutOrders } from "./untrusted.ts"

/** Answers questions from the documents of an index, with their places, or says that it does not know. */
export interface Assistant {
  /** "extractive", or the chat model's id. */
  readonly answeredBy: string
  /**
   * The last event is `done`. Throws INVALID_INPUT for an empty question, LIMIT_EXCEEDED for one that is too long,
   * INTERRUPTED on abort, and what the index and the retriever throw; a failing chat model does not throw.
   */
  ask(question: string, options?: AskOptions): AsyncIterable<AnswerEvent>
}

export interface AskOptions {
  /** Turns before this question, oldest first. */
  history?: readonly Turn[]
  filter?: Filter
  /** Passages to look at. Default: the assistant's. */
  passages?: number
  signal?: AbortSignal
}

export interface AssistantParts {
  index: DocumentIndex
  retriever: Retriever
  /** Without one the answer is made of the documents' own sentences. */
  chatModel?: ChatModel
  /** Default: those fitted on the tuning half of the project's question set. */
  calibration?: Calibrations
  /** Default 6. */
  passages?: number
  /** What happens to a sentence of the chat model that no passage supports. Default "drop". */
  unsupported?: "drop" | "mark"
  /** Further wordings to search for; the lists are fused by rank. */
  expand?: (question: string, signal?: AbortSignal) => Promise<readonly string[]> | readonly string[]
}

/** Composes retrieval, abstention, the extractive answerer or a chat model, and the check of every citation. */
export const createAssistant = (parts: AssistantParts): Assistant => {
  const read = passageReader()
  const calibrations = parts.calibration ?? (shippedCalibrations as Calibrations)
  return {
    answeredBy: parts.chatModel?.id ?? "extractive",
    async *ask(question, options = {}) {
      const stopwatch = createStopwatch()
      const asWritten = checkQuestion(question)
      const state: Asking = {
        parts,
        options,
        question: withoutOrders(asWritten) || asWritten,
        notes: [],
        stopwatch,
      }
      throwIfAborted(options.signal)
      const searchedFor = await stopwatch.time("rewrite", () => queriesOf(state))
      const retrieved = await stopwatch.time("retrieve", () => retrieveAll(searchedFor, state))
      throwIfAborted(options.signal)
      yield { type: "passages", passages: retrieved, searchedFor }
      const passages = retrieved.map(({ chunk }) => read(chunk))
      const asked = questionTerms(searchedFor[0], parts.index.lexical)
      const calibration = calibrationFor(calibrations, modeOf(retrieved))
      const confidence =
        retrieved.length === 0 ? 0 : confidenceOf(calibration, featuresOf(asked, retrieved, passages))
      const evidence: Evidence = { searchedFor, retrieved, passages, asked, confidence }
      if (retrieved.length === 0 || confidence < calibration.threshold || withoutOrders(asWritten) === "")
        yield* decline(state, evidence, await reasonToDecline(state, evidence))
      else if (parts.chatModel) yield* answerByModel(state, evidence, parts.chatModel)
      else yield* answerByExtraction(state, evidence)
    },
  }
}

/** The answer that a stream of events ends with. */
export const collectAnswer = async (events: AsyncIterable<AnswerEvent>): Promise<Answer> => {
  let answer: Answer | undefined
  for await (const event of events) if (event.type === "done") answer = event.answer
  if (!answer) throw new RoadmapError("INTERNAL", "An answer ended without its last event.")
  return answer
}

interface Asking {
  parts: AssistantParts
  options: AskOptions
  question: string
  notes: string[]
  stopwatch: Stopwatch
}

interface Evidence {
  searchedFor: readonly string[]
  retrieved: readonly Retrieved[]
  passages: readonly Passage[]
  asked: readonly QuestionTerm[]
  confidence: number
}

/** The question as it is understood, then its further wordings. */
const queriesOf = async ({ parts, options, question, notes }: Asking): Promise<string[]> => {
  const understood = await understand({ parts, options, question, notes })
  const more = parts.expand ? await parts.expand(understood, options.signal) : []
  return [...new Set([understood, ...more])]
}

const understand = async ({
  parts,
  options,
  question,
  notes,
}: Omit<Asking, "stopwatch">): Promise<string> => {
  const { history = [], signal } = options
  if (history.length === 0) return question
  const { bySource } = await parts.index.stats()
  const completed = completeFollowUp(question, history, Object.keys(bySource))
  if (!parts.chatModel || completed === question) return completed
  try {
    const { rewriteByModel } = await import("./rewrite.ts")
    return (await rewriteByModel(parts.chatModel, question, history, signal)) ?? completed
  } catch (error) {
    throwIfAborted(signal)
    notes.push(
      `The chat model did not rewrite the follow-up question (${messageOf(error)}); its words were carried over.`,
    )
    return completed
  }
}

const retrieveAll = async (
  queries: readonly string[],
  { parts, options, stopwatch }: Asking,
): Promise<Retrieved[]> => {
  const { filter, signal, passages: k = parts.passages ?? 6 } = options
  const lists: Retrieved[][] = []
  for (const query of queries)
    lists.push(await parts.retriever.retrieve(query, { k, filter, signal, timings: stopwatch.timings }))
  return lists.length === 1 ? lists[0] : fuseLists(lists, k)
}

/** The lists as one, by reciprocal rank fusion. */
const fuseLists = (lists: readonly Retrieved[][], k: number): Retrieved[] => {
  const passages = new Map<string, Retrieved>()
  for (const list of lists)
    for (const passage of list) if (!passages.has(passage.chunk.id)) passages.set(passage.chunk.id, passage)
  const rankings = lists.map((list): RankedList => {
    return { way: "bm25", hits: list.map(({ chunk, score }) => ({ id: chunk.id, score })) }
  })
  return [...fuse(rankings, { kind: "rrf" })]
    .sort(([, a], [, b]) => b - a)
    .slice(0, k)
    .map(([id, score]) => ({ ...passages.get(id)!, score }))
}

const calibrationFor = (calibrations: Calibrations, mode: keyof Calibrations): Calibration => {
  const found = calibrations[mode] ?? calibrations.lexical
  if (!found)
    throw new RoadmapError("INVALID_INPUT", `There is no calibration for ${mode} retrieval.`, {
      hint: "Fit one with fitCalibration, or leave the option out.",
    })
  return found
}

const reasonToDecline = async (
  { parts }: Asking,
  { asked, passages, retrieved }: Evidence,
): Promise<DeclineReason> =>
  retrieved.length === 0 && (await parts.index.stats()).chunks === 0
    ? "empty-index"
    : reasonOf(asked, passages)

/** What all ways of answering end with. */
const done = (
  { notes, stopwatch }: Asking,
  { searchedFor, retrieved, confidence }: Evidence,
  rest: Rest,
): AnswerEvent => ({
  type: "done",
  answer: {
    ...rest,
    confidence,
    passages: retrieved,
    searchedFor,
    timings: stopwatch.finish(),
    notes,
    checks: { citationsDropped: 0, sentencesUnsupported: 0, ...rest.checks },
  },
})

type Rest = Pick<
  Answer,
  "status" | "text" | "citations" | "answeredBy" | "reason" | "usage" | "prompt" | "error"
> & {
  checks?: Partial<Answer["checks"]>
}

async function* decline(
  asking: Asking,
  evidence: Evidence,
  reason: DeclineReason,
  rest: Partial<Rest> = {},
): AsyncGenerator<AnswerEvent> {
  const stats = await asking.parts.index.stats()
  const text = declineText({ reason, asked: evidence.asked, passages: evidence.passages, stats })
  yield { type: "text", text }
  const answeredBy = asking.parts.chatModel?.id ?? "extractive"
  yield done(asking, evidence, { answeredBy, ...rest, status: "declined", text, citations: [], reason })
}

async function* answerByExtraction(
  asking: Asking,
  evidence: Evidence,
  { before = "", ...rest }: { before?: string } & Partial<Rest> = {},
): AsyncGenerator<AnswerEvent> {
  const { parts, stopwatch, options } = asking
  const citations = createCitations(parts.index)
  const { asked, passages, searchedFor } = evidence
  let text = ""
  stopwatch.start("answer")
  for (const statement of extractAnswer(passages, { question: searchedFor[0], asked })) {
    throwIfAborted(options.signal)
    const cited = await citations.cite({ chunk: statement.passage.chunk, ...statement })
    if (!cited) continue
    if (cited.isNew) yield { type: "citation", citation: cited.citation }
    const isItem = statement.text.startsWith("- ") && text.split("\n").at(-1)?.startsWith("- ")
    const piece = `${text === "" ? before : isItem ? "\n" : "\n\n"}${statement.text.replace("\0", ` [${cited.citation.marker}]`)}`
    text += piece
    yield { type: "text", text: piece }
  }
  stopwatch.stop("answer")
  const checks = { ...rest.checks, citationsDropped: citations.dropped }
  if (text === "") yield* decline(asking, evidence, "not-covered", { ...rest, checks })
  else
    yield done(asking, evidence, {
      ...rest,
      status: "answered",
      text,
      citations: citations.all,
      answeredBy: "extractive",
      checks,
    })
}

async function* answerByModel(
  asking: Asking,
  evidence: Evidence,
  chatModel: ChatModel,
): AsyncGenerator<AnswerEvent> {
  const { parts, stopwatch, options, notes } = asking
  const citations = createCitations(parts.index)
  let text = ""
  stopwatch.start("answer")
  // Only whoever has a chat model pays for the code that talks to it.
  const { generateAnswer } = await import("./generated.ts")
  const events = generateAnswer({
    chatModel,
    question: evidence.searchedFor[0],
    passages: evidence.passages,
    citations,
    unsupported: parts.unsupported ?? "drop",
    lexical: parts.index.lexical,
    embedder: parts.index.dense?.embedder,
    signal: options.signal,
  })
  let step = await events.next()
  for (; !step.done; step = await events.next()) {
    if (step.value.type === "text") text += step.value.text
    yield step.value
  }
  stopwatch.stop("answer")
  const { error, usage, prompt, finish, ...outcome } = step.value
  const checks = { citationsDropped: citations.dropped, sentencesUnsupported: outcome.unsupported }
  const rest = { usage, prompt, checks, ...(error && { error: plainError(error) }) }
  if (error?.code === "CONTENT_FILTERED" && outcome.kept === 0)
    yield* decline(asking, evidence, "content-filter", rest)
  else if (error && outcome.kept === 0) {
    notes.push(`The chat model ${chatModel.id} failed: ${error.message}`)
    const before = `${notice.failed(chatModel.id)}\n\n`
    yield* answerByExtraction(asking, evidence, { before, ...rest })
  } else if (outcome.kept === 0)
    yield* decline(
      asking,
      evidence,
      outcome.declined || outcome.unsupported === 0 ? "not-covered" : "unsupported",
      rest,
    )
  else {
    const cut = error
      ? notice.cut("the chat model failed in the middle")
      : finish === "length"
        ? notice.cut("it reached its limit of length")
        : undefined
    if (cut) {
      notes.push(cut.slice(1, -1))
      const piece = `\n\n${cut}`
      text += piece
      yield { type: "text", text: piece }
    }
    yield done(asking, evidence, {
      ...rest,
      status: "answered",
      text,
      citations: citations.all,
      answeredBy: chatModel.id,
    })
  }
}

const plainError = ({ code, message, hint, retryable }: RoadmapError): Answer["error"] => ({
  code,
  message,
  ...(hint && { hint }),
  retryable,
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
