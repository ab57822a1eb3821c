import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { isAnswerable, loadQuestions, type Question } from "@roadmap/evals/question-set"
import type { RetrievalReport } from "@roadmap/evals/retrieval/report"
import type { Embedder } from "@roadmap/llm/embedder"
import { type Assistant, createAssistant } from "@roadmap/rag/answers/assistant"
import type { Source } from "@roadmap/rag/load/source"
import { defaultRetriever } from "@roadmap/rag/retrieve/default"
import { lexicalOnly } from "./assistant.ts"
import { projectCorpus } from "./corpus.ts"
import {
  type AnswerEvaluation,
  type EvaluationProgress,
  evaluateAnswers,
  evaluateRetrieval,
  questionFiles,
} from "./evaluate.ts"
import { openEvaluatedIndex } from "./evaluation/open.ts"
import { secondCorpus } from "./evaluation/second-corpus.ts"
import { createSystem, lexicalSystems, type SystemName, systemNames } from "./evaluation/systems.ts"

export interface ProjectEvaluationOptions {
  /** "tune" and "test": halves of the project's questions; "second": another corpus. Default "test". */
  split?: "tune" | "test" | "second"
  /** Questions of one's own, over the project's documents, instead of a half. */
  questions?: string
  /** Default: all that the index allows. */
  systems?: readonly SystemName[]
  /** Default "if-installed". */
  neural?: "if-installed" | "never"
  /** Who answers: "extractive" (default), or the chat model that is configured. */
  answerer?: "extractive" | "chat-model"
  signal?: AbortSignal
  onProgress?: (progress: EvaluationProgress) => void
  say?: (line: string) => void
}

export interface ProjectEvaluation {
  split: string
  questions: readonly Question[]
  corpus: { documents: number; chunks: number; embedder: string }
  retrieval: RetrievalReport
  answers: AnswerEvaluation
  /** What a reader of the figures has to know. */
  notes: readonly string[]
}

/**
 * Retrieval by several ways and the answers, against the labels of a question set. Works with words alone where there is
 * no embedding model, and says so. Throws PART_MISSING when a way is asked for by name that needs one, and what index,
 * embedder and the second corpus throw.
 */
export const evaluateProject = async (
  config: Config,
  options: ProjectEvaluationOptions = {},
): Promise<ProjectEvaluation> => {
  const { split = "test", signal, onProgress } = options
  await using stack = new AsyncDisposableStack()
  const questions = await loadQuestions(options.questions ?? questionFiles[split])
  const embedder =
    options.neural === "never" ? undefined : await (await import("@roadmap/llm/open")).openEmbedder(config)
  if (embedder) stack.use(embedder)
  const systems = chooseSystems(options.systems, embedder)
  const sources = await sourcesOf(config, options)
  const open = async (context: boolean) =>
    stack.use(
      await openEvaluatedIndex(config, {
        name: split === "second" ? "second" : "project",
        sources,
        ...(embedder && { embedder }),
        context,
        signal,
        onProgress: ({ what, done }) => onProgress?.({ what, done, total: 0 }),
      }),
    )
  const { index } = await open(true)
  const withoutHeaders = systems.includes("no-headers") ? (await open(false)).index : undefined
  const retrieval = await evaluateRetrieval({
    systems: systems.map(name => createSystem(name, index, withoutHeaders)),
    questions,
    index,
    reference: referenceOf(systems),
    signal,
    onProgress,
  })
  const chatModel = options.answerer === "chat-model" ? await chatModelOf(config) : undefined
  const assistant = createAssistant({
    index,
    retriever: defaultRetriever(index),
    ...(chatModel && { chatModel }),
  })
  const answers = await evaluateAnswers({ assistant, questions, index, signal, onProgress })
  const stats = await index.stats()
  return {
    split: options.questions ?? split,
    questions,
    corpus: { documents: stats.documents, chunks: stats.chunks, embedder: index.binding.embedder },
    retrieval,
    answers,
    notes: [...(embedder ? [] : [lexicalOnly]), ...notesOf(split, assistant, questions)],
  }
}

const sourcesOf = async (
  config: Config,
  { split, questions, signal, say }: ProjectEvaluationOptions,
): Promise<readonly Source[]> =>
  split === "second" && questions === undefined
    ? [await secondCorpus(config, { signal, say })]
    : // Model cards depend on what was run in this home: the same questions should meet the same documents everywhere.
      projectCorpus(config).filter(({ name }) => name !== "models")

const chooseSystems = (
  asked: readonly SystemName[] | undefined,
  embedder: Embedder | undefined,
): readonly SystemName[] => {
  if (embedder) return asked ?? systemNames
  const missing = asked?.filter(name => !lexicalSystems.includes(name)) ?? []
  if (missing.length > 0)
    throw new RoadmapError(
      "PART_MISSING",
      `${missing.join(", ")}: without an embedding model there are no vectors.`,
      {
        hint: "Install it: npx -y pnpm@12 roadmap setup neural. Or ask for lexical modes.",
      },
    )
  return asked ?? lexicalSystems
}

/** What the others are compared with: the way that the assistant retrieves. */
const referenceOf = (systems: readonly SystemName[]): SystemName =>
  (["hybrid+rerank", "lexical+rerank"] as const).find(name => systems.includes(name)) ?? systems.at(-1)!

const chatModelOf = async (config: Config) => {
  const model = await (await import("@roadmap/llm/open")).openChatModel(config)
  if (model === undefined)
    throw new RoadmapError("CONFIG_INVALID", "No chat model is configured.", {
      hint: "Set OPENAI_BASE_URL (roadmap services up llm prints it), OPENAI_MODEL or AZURE_OPENAI_ENDPOINT.",
    })
  return model
}

const notesOf = (split: string, { answeredBy }: Assistant, questions: readonly Question[]): string[] => [
  ...(split === "tune"
    ? [
        "Reranker and abstention were fitted on these very questions: the figures are better than others will be.",
      ]
    : []),
  ...(split === "test" ? ["These questions took part in no fit."] : []),
  ...(split === "second" ? ["Neither these questions nor these documents took part in any fit."] : []),
  `Answered by ${answeredBy}: ${questions.filter(isAnswerable).length} questions with an answer in the documents, ${questions.filter(question => !isAnswerable(question)).length} without.`,
]
