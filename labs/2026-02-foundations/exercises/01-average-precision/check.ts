import { join } from "node:path"
import { defineCheck } from "@roadmap/labkit/exercises/check"
import { readCsv } from "../read-csv.ts"
import type { averagePrecision } from "./solution.ts"

const june = readCsv(join(import.meta.dirname, "june.csv"))

export default defineCheck<typeof averagePrecision>({
  answer: "averagePrecision",
  // Straight from the definition, one threshold at a time; quadratic.
  reference: (labels, scores) => {
    const positives = labels.reduce((sum, label) => sum + label, 0)
    let recallBefore = 0
    let sum = 0
    for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
      const predicted = labels.filter((_, row) => scores[row] >= threshold)
      const hits = predicted.reduce((count, label) => count + label, 0)
      sum += (hits / predicted.length) * (hits / positives - recallBefore)
      recallBefore = hits / positives
    }
    return sum
  },
  cases: ({ random }) => {
    const labels = Array.from({ length: 300 }, () => (random.next() < 0.2 ? 1 : 0))
    return [
      {
        name: "all scores differ",
        args: [
          [1, 0, 1, 0],
          [0.9, 0.8, 0.7, 0.1],
        ],
        expect: 5 / 6,
        because: "late rows are found at 1 of 1 and at 2 of 3: 1 × 1/2 + 2/3 × 1/2.",
      },
      {
        name: "a tie of a late and a punctual row",
        args: [
          [1, 1, 0],
          [0.9, 0.4, 0.4],
        ],
        expect: 5 / 6,
        because: "the tie is one threshold with 2 late rows of 3: 1 × 1/2 + 2/3 × 1/2.",
      },
      {
        name: "all scores are equal",
        args: [
          [1, 0, 0, 1, 0],
          [0.3, 0.3, 0.3, 0.3, 0.3],
        ],
        expect: 0.4,
        because: "a model that tells nothing apart gets the share of late rows: 2/5.",
      },
      {
        name: "rows in no order",
        args: [
          [0, 1, 0, 1, 1],
          [0.2, 0.1, 0.7, 0.7, 0.9],
        ],
        expect: 1 / 3 + 2 / 9 + 1 / 5,
        because: "thresholds 0.9, 0.7, 0.2, 0.1: 1 × 1/3, then 2/3 × 1/3, then nothing, then 3/5 × 1/3.",
      },
      { name: "300 random scores", args: [labels, labels.map(() => random.next())] },
      {
        name: "300 scores rounded to tenths",
        args: [labels, labels.map(label => Math.round(10 * (0.3 * label + 0.7 * random.next())) / 10)],
      },
      {
        name: `${june.late.length} flights of June`,
        args: [june.late.map(Number), june.percent.map(Number)],
      },
      {
        name: "no late row",
        args: [
          [0, 0],
          [0.1, 0.2],
        ],
        throws: /positive/,
        because: "recall would be 0 / 0.",
      },
    ]
  },
  invariants: [
    {
      name: "An average precision lies in 0..1",
      holds: output => (output >= 0 && output <= 1) || `${output} does not`,
    },
  ],
  mistakes: {
    "ties-by-input-order": {
      message:
        "Rows with equal scores are put in the order in which they came, as if the model had ranked them. Another order of the same file would give another value: let all rows of a tie enter together.",
    },
    trapezoid: {
      message:
        "The area is taken by trapezoids, as for a ROC curve. Between two points of a precision-recall curve precision does not run in a straight line, so this is too kind; average precision takes precision at the threshold itself.",
    },
    "over-all-ranks": {
      message:
        "Precision is averaged over all thresholds. Only those count where recall grows, each by as much as it grows.",
    },
    "divides-by-rows": {
      message:
        "The sum is divided by the number of rows. Recall is a share of the late rows: divide by those, or a rare class can never score well.",
    },
    "interpolated-precision": {
      message:
        "Each precision is replaced by the best one at any higher recall, as older search contests did. That is interpolated precision: it forgives a bad top of the list.",
    },
  },
  passed:
    "packages/ml/src/metrics/ranking.ts does the same on sorted rows, with weights, so that a bootstrap can repeat it 200 times.",
})
