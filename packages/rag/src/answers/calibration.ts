import { RoadmapError } from "@roadmap/core/errors"
import { createFeatures } from "@roadmap/ml/features"
import { fitLogistic, logisticProbability, sigmoid } from "@roadmap/ml/linear/logistic"
import type { Retrieved } from "../retriever.ts"
import type { AbstentionFeatures } from "./features.ts"

export { type AbstentionFeatures, abstentionFeatures } from "./features.ts"

/** A fitted judgement of whether passages answer a question, as data. */
export interface Calibration {
  features: readonly (keyof AbstentionFeatures)[]
  intercept: number
  coefficients: readonly number[]
  /** Below this probability the question is declined. */
  threshold: number
  fitted: {
    answerable: number
    unanswerable: number
    /** Shares at the threshold, each question judged by a fit that had not seen it. */
    falselyDeclined: number
    rightlyDeclined: number
  }
}

/** One for each way of retrieval: without dense vectors their features say nothing. */
export interface Calibrations {
  lexical?: Calibration
  hybrid?: Calibration
}

export interface CalibrationExample {
  features: AbstentionFeatures
  answerable: boolean
}

export interface CalibrationOptions {
  /** Highest share of answerable questions that may be declined. Default 0.05. */
  maxFalseDeclines?: number
  /** Inverse strength of the penalty; few examples want a strong one. Default 0.3. */
  C?: number
}

const lexicalFeatures = [
  "known",
  "passage",
  "unit",
  "union",
  "missing",
  "names",
  "headings",
  "strangeName",
  "strange",
] as const
const denseFeatures = ["cosine", "cosineMean", "cosineSpread", "agreement"] as const

/** Which calibration passages need. */
export const modeOf = (passages: readonly Retrieved[]): keyof Calibrations =>
  passages.some(({ scores }) => scores.dense !== undefined) ? "hybrid" : "lexical"

/**
 * Fits a logistic regression with a penalty, and the threshold on its probabilities. The threshold is chosen on
 * probabilities from fits that left the question out, in ten parts: among those that decline at most
 * `maxFalseDeclines` of the answerable questions, the one that declines most unanswerable ones, in the middle of its gap.
 * Throws INVALID_INPUT with fewer than ten questions of a kind.
 */
export const fitCalibration = (
  examples: readonly CalibrationExample[],
  { maxFalseDeclines = 0.05, C = 0.3 }: CalibrationOptions = {},
): Calibration => {
  const answerable = examples.filter(example => example.answerable).length
  const unanswerable = examples.length - answerable
  if (answerable < 10 || unanswerable < 10)
    throw new RoadmapError(
      "INVALID_INPUT",
      `A calibration needs ten answerable and ten unanswerable questions; there are ${answerable} and ${unanswerable}.`,
      { hint: "Add questions of the missing kind to the question set." },
    )
  const names = examples.some(({ features }) => features.cosine !== 0)
    ? [...lexicalFeatures, ...denseFeatures]
    : [...lexicalFeatures]
  const unseen = leftOut(examples, names, C)
  const threshold = chooseThreshold(examples, unseen, maxFalseDeclines)
  const declined = (kind: boolean) =>
    examples.filter(({ answerable }, i) => answerable === kind && unseen[i] < threshold).length
  return {
    features: names,
    ...fitOn(examples, names, C).weights,
    threshold,
    fitted: {
      answerable,
      unanswerable,
      falselyDeclined: declined(true) / answerable,
      rightlyDeclined: declined(false) / unanswerable,
    },
  }
}

/** Probability that the passages answer the question. */
export const confidenceOf = (calibration: Calibration, features: AbstentionFeatures): number =>
  sigmoid(
    calibration.features.reduce(
      (sum, name, i) => sum + calibration.coefficients[i] * features[name],
      calibration.intercept,
    ),
  )

const fitOn = (
  examples: readonly CalibrationExample[],
  names: readonly (keyof AbstentionFeatures)[],
  C: number,
) => {
  const model = fitLogistic({
    features: toColumns(examples, names),
    target: Float64Array.from(examples, ({ answerable }) => (answerable ? 1 : 0)),
    parameters: { C },
  })
  return {
    weights: { intercept: model.intercept, coefficients: [...model.coefficients] },
    probabilities: (of: readonly CalibrationExample[]) => logisticProbability(model, toColumns(of, names)),
  }
}

const toColumns = (examples: readonly CalibrationExample[], names: readonly (keyof AbstentionFeatures)[]) =>
  createFeatures(
    names.map(name => ({
      name,
      kind: "numeric",
      values: Float64Array.from(examples, ({ features }) => features[name]),
    })),
  )

/** Each example's probability from a fit without its tenth; each tenth has its share of both kinds. */
const leftOut = (
  examples: readonly CalibrationExample[],
  names: readonly (keyof AbstentionFeatures)[],
  C: number,
): Float64Array => {
  const parts = 10
  const part = new Int32Array(examples.length)
  const seen = { true: 0, false: 0 }
  examples.forEach(({ answerable }, i) => {
    part[i] = seen[`${answerable}`]++ % parts
  })
  const probabilities = new Float64Array(examples.length)
  for (let fold = 0; fold < parts; fold++) {
    const { probabilities: predict } = fitOn(
      examples.filter((_, i) => part[i] !== fold),
      names,
      C,
    )
    const held = [...examples.keys()].filter(i => part[i] === fold)
    const predicted = predict(held.map(i => examples[i]))
    held.forEach((i, place) => {
      probabilities[i] = predicted[place]
    })
  }
  return probabilities
}

const chooseThreshold = (
  examples: readonly CalibrationExample[],
  probabilities: Float64Array,
  maxFalseDeclines: number,
): number => {
  const order = [...examples.keys()].sort((a, b) => probabilities[a] - probabilities[b])
  const answerable = examples.filter(example => example.answerable).length
  const allowed = Math.floor(maxFalseDeclines * answerable)
  let falsely = 0
  // Declined are those before `cut`. The last cut that an unanswerable question ends is the best one allowed.
  let cut = 0
  for (let place = 0; place < order.length; place++) {
    if (examples[order[place]].answerable && ++falsely > allowed) break
    if (!examples[order[place]].answerable) cut = place + 1
  }
  const below = cut === 0 ? 0 : probabilities[order[cut - 1]]
  const above = cut === order.length ? 1 : probabilities[order[cut]]
  return (below + above) / 2
}
