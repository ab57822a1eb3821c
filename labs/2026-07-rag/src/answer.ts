import type { AnswerReport } from "@roadmap/evals/answers/report"
import type { Rate } from "@roadmap/evals/intervals"
import { loadQuestions } from "@roadmap/evals/question-set"
import { defineStep } from "@roadmap/labkit/lab"
import { questionTolerance } from "./ablate.ts"
import { openProjectAssistant } from "./assistant.ts"
import { evaluateAnswers, questionFiles } from "./evaluate.ts"
import { indexDocuments } from "./index-documents.ts"
import { assistantOptions, embedderInputs } from "./neural.ts"

/** Shares of the report that become metrics. */
const named = {
  citations_exist: "citationsExist",
  supported: "supported",
  declined: "declined",
  falsely_declined: "falselyDeclined",
  has_expected: "hasExpected",
} as const satisfies Record<string, keyof AnswerReport>

/**
 * Asks the questions that nothing was tuned on. The answers are the documents' own sentences: a configured chat model costs
 * money and answers otherwise each time; `roadmap eval rag` evaluates it.
 */
export const evaluateAssistant = defineStep({
  id: "answer",
  title: "Ask the questions of the test half: cited, right, or declined?",
  needs: [indexDocuments],
  inputs: embedderInputs,
  async run(context) {
    const { config, signal, progress } = context
    await using project = await openProjectAssistant(config, {
      ...assistantOptions(context),
      refresh: false,
    })
    const { assistant, index } = project
    const questions = await loadQuestions(questionFiles.test)
    const { report, given } = await evaluateAnswers({
      assistant,
      questions,
      index,
      signal,
      onProgress: ({ what, done, total }) => progress({ label: what, done, total, unit: "questions" }),
    })
    const figures = Object.entries(named).flatMap(([name, key]) =>
      rateFigures(`answers/${assistant.answeredBy}/${name}/test`, report[key]),
    )
    return {
      report,
      answeredBy: assistant.answeredBy,
      // Confidence of each question and whether it has an answer: what the threshold divides.
      confidences: given.map(({ question, confidence, status }) => ({
        answerable: question.gold.length > 0,
        answered: status === "answered",
        confidence,
      })),
      metrics: {
        ...Object.fromEntries(figures.map(({ name, value }) => [name, value])),
        "answers/all/questions/test": report.questions,
        "answers/all/brier/test": report.calibration.brier,
      },
      tolerances: {
        ...Object.fromEntries(figures.map(({ name, tolerance }) => [name, tolerance])),
        "answers/all/brier/test": questionTolerance,
      },
      measurements: {
        "answers/all/p50_ms/test": report.latency.p50Milliseconds,
        "answers/all/p95_ms/test": report.latency.p95Milliseconds,
      },
    }
  },
})

interface Figure {
  name: string
  value: number
  tolerance: number
}

/** A share of nothing is no number. One question of a few may turn out otherwise in a run done again. */
const rateFigures = (name: string, { estimate, low, high, total }: Rate): Figure[] => {
  const tolerance = Math.max(questionTolerance, 1.5 / total)
  return total === 0
    ? []
    : [
        { name, value: estimate, tolerance },
        { name: `${name}/low`, value: low, tolerance },
        { name: `${name}/high`, value: high, tolerance },
      ]
}
