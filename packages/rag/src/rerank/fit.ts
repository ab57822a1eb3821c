import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, shuffle } from "@roadmap/core/random"
import type { LexicalIndex } from "../document-index.ts"
import type { Retrieved } from "../retriever.ts"
import { featureNames, rerankFeatures } from "./features.ts"
import type { RerankWeights } from "./weights.ts"

/** A question with the candidates that the retriever found before reranking, and which of them answer it. */
export interface RerankExample {
  query: string
  passages: readonly Retrieved[]
  relevant: readonly boolean[]
  /** Questions of one group (a topic, a document) are never split between fitting and validation. Default: each alone. */
  group?: string
}

export interface FitRerankerOptions {
  lexical: Pick<LexicalIndex, "terms">
  /** Strengths of the L2 penalty that are compared. */
  penalties?: readonly number[]
  /** Default 5. */
  folds?: number
  /** Of the folds. Default 1. */
  seed?: number
}

export interface FittedReranker {
  weights: RerankWeights
  /** Mean reciprocal rank within 10 on folds that were not fitted on: of the order given, and at each penalty. */
  validation: { before: number; after: { penalty: number; mrr: number }[] }
}

/**
 * A linear score, fitted to the whole list: it makes the relevant passages' share of the softmax over all candidates large
 * (as ListNet: Cao et al., ICML 2007). The order of retrieval counts with a fixed weight, from which the other features
 * only correct, each pulled to 0 by an L2 penalty: few questions cannot teach more. The penalty is chosen by
 * cross-validation over groups. Questions without both kinds of passages teach nothing and are left out. Throws
 * INVALID_INPUT when fewer groups are left than folds.
 */
export const fitReranker = (
  examples: readonly RerankExample[],
  options: FitRerankerOptions,
): FittedReranker => {
  const { lexical, penalties = [0.3, 1, 3, 10], folds = 5, seed = 1 } = options
  const rows = examples.map((example, i) => prepared(example, lexical, `${i}`))
  const useful = rows.filter(({ relevant }) => relevant.includes(true) && relevant.includes(false))
  const groups = [...new Set(useful.map(({ group }) => group))].sort()
  if (groups.length < folds)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${groups.length} groups of questions are too few for ${folds} folds.`,
      {
        hint: "Give questions whose candidates hold both passages that answer and passages that do not.",
      },
    )
  const places = shuffle(Int32Array.from(groups.keys()), createRandom(seed))
  const foldOf = new Map(groups.map((group, i) => [group, places[i] % folds]))
  const after = penalties.map(penalty => {
    const ranks: number[] = []
    for (let fold = 0; fold < folds; fold++) {
      const weights = fitWeights(
        useful.filter(({ group }) => foldOf.get(group) !== fold),
        penalty,
      )
      for (const row of useful.filter(({ group }) => foldOf.get(group) === fold))
        ranks.push(reciprocalRank(row, scoresOf(row, weights)))
    }
    return { penalty, mrr: mean(ranks) }
  })
  const best = after.reduce((a, b) => (b.mrr > a.mrr ? b : a))
  const weights = fitWeights(useful, best.penalty)
  return {
    weights: {
      weights: Object.fromEntries(featureNames.map((name, i) => [name, Number(weights[i].toPrecision(6))])),
      fitted: { questions: useful.length, penalty: best.penalty },
    },
    validation: { before: mean(useful.map(row => reciprocalRank(row, row.given))), after },
  }
}

interface Prepared {
  group: string
  features: readonly Float64Array[]
  relevant: readonly boolean[]
  /** Scores that fall with the place in the order given. */
  given: readonly number[]
}

const prepared = (example: RerankExample, lexical: Pick<LexicalIndex, "terms">, alone: string): Prepared => ({
  group: example.group ?? alone,
  features: rerankFeatures(example.query, example.passages, lexical),
  relevant: example.relevant,
  given: example.passages.map((_, i) => -i),
})

/** Weight of the order of retrieval, whose scores are scaled to 0..1: e^8 is the odds of its first against its last. */
const firstWeight = 8
const firstAt = featureNames.indexOf("first")
const steps = 400
/** Features lie within -1..1, so that the gradient changes by less than their number over 4 a unit of weight. */
const stepSize = 4 / featureNames.length

/** Accelerated gradient descent (Nesterov, 1983) from the order of retrieval alone. */
const fitWeights = (rows: readonly Prepared[], penalty: number): Float64Array => {
  const weights = Float64Array.from(featureNames, (_, f) => (f === firstAt ? firstWeight : 0))
  const before = weights.slice()
  const ahead = weights.slice()
  for (let step = 1; step <= steps; step++) {
    const gradient = gradientOf(rows, ahead, penalty)
    const momentum = (step - 1) / (step + 2)
    for (let f = 0; f < weights.length; f++) {
      if (f === firstAt) continue
      weights[f] = ahead[f] - stepSize * gradient[f]
      ahead[f] = weights[f] + momentum * (weights[f] - before[f])
      before[f] = weights[f]
    }
  }
  return weights
}

/** Of the mean over questions of -log(share of the relevant), plus penalty |w|^2 / 2 over their number. */
const gradientOf = (rows: readonly Prepared[], weights: Float64Array, penalty: number): Float64Array => {
  const gradient = weights.map(weight => (penalty * weight) / rows.length)
  for (const row of rows) {
    const scores = scoresOf(row, weights)
    const highest = Math.max(...scores)
    const powers = scores.map(score => Math.exp(score - highest))
    const all = powers.reduce((sum, power) => sum + power, 0)
    const good = powers.reduce((sum, power, i) => sum + (row.relevant[i] ? power : 0), 0)
    for (const [i, features] of row.features.entries()) {
      const change = (powers[i] / all - (row.relevant[i] ? powers[i] / good : 0)) / rows.length
      for (let f = 0; f < gradient.length; f++) gradient[f] += change * features[f]
    }
  }
  return gradient
}

const scoresOf = ({ features }: Prepared, weights: Float64Array): number[] =>
  features.map(row => row.reduce((sum, value, i) => sum + value * weights[i], 0))

/** 1 / rank of the first relevant passage; 0 beyond rank 10. */
const reciprocalRank = ({ relevant }: Prepared, scores: readonly number[]): number => {
  const order = [...relevant.keys()].sort((a, b) => scores[b] - scores[a] || a - b)
  const rank = 1 + order.findIndex(i => relevant[i])
  return rank <= 10 ? 1 / rank : 0
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
