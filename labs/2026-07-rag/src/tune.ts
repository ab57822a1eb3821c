import { createRandom, shuffle } from "@roadmap/core/random"
import { gainsOf, relevanceOf } from "@roadmap/evals/gold"
import { isAnswerable, type Question } from "@roadmap/evals/question-set"
import { type RetrievalReport, retrievalReport, type SystemRun } from "@roadmap/evals/retrieval/report"
import {
  abstentionFeatures,
  type Calibration,
  type CalibrationExample,
  fitCalibration,
} from "@roadmap/rag/answers/calibration"
import type { DocumentIndex } from "@roadmap/rag/document-index"
import { fitReranker, type RerankExample } from "@roadmap/rag/rerank/fit"
import { learnedReranker } from "@roadmap/rag/rerank/learned"
import type { RerankWeights } from "@roadmap/rag/rerank/weights"
import { defaultFusion } from "@roadmap/rag/retrieve/default"
import { createRetriever, type RetrievalMode } from "@roadmap/rag/retrieve/retriever"
import { goldOf, spanOf } from "./evaluate.ts"

export interface TunedMode {
  weights: RerankWeights
  calibration: Calibration
  /**
   * Without and with reranking, on the tuning questions: each topic ranked by weights that were fitted on the other topics.
   * This, and not the fit itself, says what to expect of questions nobody has seen.
   */
  unseen: RetrievalReport
}

const folds = 5
const candidates = 50
/** Passages that the assistant looks at. */
const looked = 6

/**
 * Fits reranker and abstention for one way of retrieval, on questions of the tuning half alone. The same questions and
 * index give the same numbers. Abstention is fitted on what rerankers of the other topics give: on questions that the
 * reranker has seen, passages look better than they will ever again.
 */
export const tuneMode = async (
  index: DocumentIndex,
  mode: Exclude<RetrievalMode, "dense">,
  questions: readonly Question[],
  signal?: AbortSignal,
): Promise<TunedMode> => {
  const { gold } = await goldOf(questions, index)
  const plain = createRetriever(index, { mode, fusion: defaultFusion, candidates })
  const asked: Asked[] = []
  for (const question of questions) {
    const passages = await plain.retrieve(question.question, { k: candidates, signal })
    const spans = passages.map(spanOf)
    asked.push({
      question,
      example: {
        query: question.question,
        passages,
        relevant: relevanceOf(spans, gold.get(question.id)!),
        group: question.topic,
      },
    })
  }
  const fit = (of: readonly Asked[]): RerankWeights =>
    fitReranker(
      of.filter(({ question }) => isAnswerable(question)).map(({ example }) => example),
      { lexical: index.lexical },
    ).weights

  const foldOf = foldsByTopic(questions)
  const examples: CalibrationExample[] = []
  const before: SystemRun["questions"][number][] = []
  const after: SystemRun["questions"][number][] = []
  for (let fold = 0; fold < folds; fold++) {
    const weights = fit(asked.filter(({ question }) => foldOf.get(question.topic) !== fold))
    const reranker = learnedReranker(index, weights)
    for (const { question, example } of asked.filter(each => foldOf.get(each.question.topic) === fold)) {
      const passages = await reranker.rerank(question.question, example.passages, signal)
      examples.push({
        features: abstentionFeatures(question.question, passages.slice(0, looked), index.lexical),
        answerable: isAnswerable(question),
      })
      if (!isAnswerable(question)) continue
      const located = gold.get(question.id)!
      const ranked = (of: RerankExample["passages"]) => ({
        id: question.id,
        gains: gainsOf(of.slice(0, 10).map(spanOf), located),
        needs: located.needs.length,
        milliseconds: 0,
      })
      before.push(ranked(example.passages))
      after.push(ranked(passages))
    }
  }
  return {
    weights: fit(asked),
    calibration: fitCalibration(examples),
    unseen: retrievalReport(
      [
        { name: mode, questions: before },
        { name: `${mode} + rerank`, questions: after },
      ],
      { reference: `${mode} + rerank` },
    ),
  }
}

interface Asked {
  question: Question
  example: RerankExample
}

/** Whole topics, so that no fold is judged by a reranker that has seen the same question in other words. */
const foldsByTopic = (questions: readonly Question[]): Map<string, number> => {
  const topics = [...new Set(questions.map(({ topic }) => topic))].sort()
  const places = shuffle(Int32Array.from(topics.keys()), createRandom(7))
  return new Map(topics.map((topic, index) => [topic, places[index] % folds]))
}
