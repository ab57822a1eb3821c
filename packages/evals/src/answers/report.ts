import { RoadmapError } from "@roadmap/core/errors"
import {
  type CalibrationBin,
  calibrationTable,
  expectedCalibrationError,
} from "@roadmap/ml/metrics/calibration"
import { brier } from "@roadmap/ml/metrics/classification"
import { type Rate, wilson } from "../intervals.ts"
import { type Latency, latencyOf } from "../latency.ts"
import type { JudgedAnswer } from "./judge.ts"

export interface AnswerReport {
  questions: number
  answerable: number
  /** Of all citations: those whose words stand at their place. */
  citationsExist: Rate
  /** Of all claims: those whose words stand in what is cited for them. */
  claimsSupported: Rate
  /** Claims without a citation. */
  claimsUncited: number
  /** Of the citations of answered answerable questions: those in a section that holds the answer. */
  citationsInGoldSection: Rate
  /** Of the answered answerable questions: those with at least one citation in such a section. */
  supported: Rate
  /** Of the answered answerable questions: those that cite the very words which a person marked, for at least one need. */
  citesGold: Rate
  /** Of the answered answerable questions that have expected words: those whose answer has them all. */
  hasExpected: Rate
  /** Of the answered questions with several needs: those for which each need is cited. */
  complete: Rate
  /** Of the questions that the documents do not answer: those declined. */
  declined: Rate
  declinedFar: Rate
  declinedNear: Rate
  /** Of the questions that they do answer: those declined. */
  falselyDeclined: Rate
  /** Confidence against whether the question is answerable. */
  calibration: { brier: number; expectedError: number; bins: readonly CalibrationBin[] }
  latency: Latency
  /** Ids, for whoever wants to see what went wrong. */
  wrong: { answeredUnanswerable: string[]; declinedAnswerable: string[]; unsupported: string[] }
}

/** Throws INVALID_INPUT without any answer. */
export const answerReport = (judged: readonly JudgedAnswer[]): AnswerReport => {
  if (judged.length === 0) throw new RoadmapError("INVALID_INPUT", "There is no answer to report on.")
  const answerable = judged.filter(each => each.answerable)
  const unanswerable = judged.filter(each => !each.answerable)
  const answered = answerable.filter(each => each.answered)
  const withWords = answered.filter(each => each.hasExpected !== undefined)
  const several = answered.filter(each => each.needs > 1)
  return {
    questions: judged.length,
    answerable: answerable.length,
    citationsExist: wilson(sum(judged, "citationsThere"), sum(judged, "citations")),
    claimsSupported: wilson(sum(judged, "claimsSupported"), sum(judged, "claims")),
    claimsUncited: sum(judged, "claimsUncited"),
    citationsInGoldSection: wilson(sum(answered, "citationsInGoldSection"), sum(answered, "citations")),
    supported: rate(answered, each => each.citationsInGoldSection > 0),
    citesGold: rate(answered, each => each.needsCited > 0),
    hasExpected: rate(withWords, each => each.hasExpected === true),
    complete: rate(several, each => each.needsCited === each.needs),
    declined: rate(unanswerable, each => !each.answered),
    declinedFar: rate(
      unanswerable.filter(each => each.distance === "far"),
      each => !each.answered,
    ),
    declinedNear: rate(
      unanswerable.filter(each => each.distance !== "far"),
      each => !each.answered,
    ),
    falselyDeclined: rate(answerable, each => !each.answered),
    calibration: calibrationOf(judged),
    latency: latencyOf(judged.map(each => each.milliseconds)),
    wrong: {
      answeredUnanswerable: ids(unanswerable, each => each.answered),
      declinedAnswerable: ids(answerable, each => !each.answered),
      unsupported: ids(answered, each => each.citationsInGoldSection === 0),
    },
  }
}

const calibrationOf = (judged: readonly JudgedAnswer[]): AnswerReport["calibration"] => {
  const labels = Float64Array.from(judged, each => (each.answerable ? 1 : 0))
  const confidence = Float64Array.from(judged, each => each.confidence)
  return {
    brier: brier(labels, confidence),
    expectedError: expectedCalibrationError(labels, confidence, { bins: 5, strategy: "quantile" }),
    bins: calibrationTable(labels, confidence, { bins: 5, strategy: "quantile" }),
  }
}

type Counted =
  | "citations"
  | "citationsThere"
  | "citationsInGoldSection"
  | "claims"
  | "claimsSupported"
  | "claimsUncited"

const rate = (judged: readonly JudgedAnswer[], good: (each: JudgedAnswer) => boolean): Rate =>
  wilson(judged.filter(good).length, judged.length)

const sum = (judged: readonly JudgedAnswer[], key: Counted) =>
  judged.reduce((total, each) => total + each[key], 0)

const ids = (judged: readonly JudgedAnswer[], which: (each: JudgedAnswer) => boolean): string[] =>
  judged.filter(which).map(each => each.id)
