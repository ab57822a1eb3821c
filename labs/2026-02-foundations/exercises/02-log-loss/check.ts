import { defineCheck, type Observation } from "@roadmap/labkit/exercises/check"
import type { logLoss } from "./solution.ts"

const missCost = -Math.log(1e-15)
const certainHit = "0 and 1, and both right"
const certainMiss = "a certain miss"

const outputOf = (seen: readonly Observation<typeof logLoss>[], name: string) =>
  seen.find(one => one.name === name)?.output

export default defineCheck<typeof logLoss>({
  answer: "logLoss",
  // 1 - (1 - 1e-15) is not quite 1e-15 in floating point.
  tolerance: { relative: 1e-4, absolute: 1e-9 },
  // Each row repeated as often as its weight says; the likelihood of the class that the row has.
  reference: (labels, probabilities, weights) => {
    const losses = labels.flatMap((label, row) => {
      const ofTheClass = label === 1 ? probabilities[row] : 1 - probabilities[row]
      const kept = Math.min(Math.max(ofTheClass, 1e-15), 1 - 1e-15)
      return Array.from({ length: weights?.[row] ?? 1 }, () => Math.log(1 / kept))
    })
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  },
  cases: ({ random }) => {
    const labels = Array.from({ length: 200 }, () => (random.next() < 0.2 ? 1 : 0))
    const probabilities = labels.map(label => 0.05 + 0.9 * (0.3 * label + 0.7 * random.next()))
    return [
      {
        name: "two fair coins",
        args: [
          [1, 0],
          [0.5, 0.5],
        ],
        expect: Math.LN2,
        because: "−ln 0.5 for each row.",
      },
      {
        name: "a late and a punctual flight",
        args: [
          [1, 0],
          [0.8, 0.4],
        ],
        expect: -(Math.log(0.8) + Math.log(0.6)) / 2,
        because: "−ln 0.8 for the late one, −ln(1 − 0.4) for the punctual one, divided by 2.",
      },
      {
        name: certainHit,
        args: [
          [0, 1],
          [0, 1],
        ],
        expect: 0,
        because: "a certain hit costs nothing (1e-15, to be exact).",
      },
      {
        name: certainMiss,
        args: [
          [1, 0],
          [0, 0.5],
        ],
        expect: (missCost + Math.LN2) / 2,
        because: "p = 0 counts as 1e-15: −ln 1e-15 = 34.54.",
      },
      {
        name: "certain of lateness, and wrong",
        args: [
          [0, 0],
          [1, 0.5],
        ],
        expect: (missCost + Math.LN2) / 2,
        because: "p = 1 counts as 1 − 1e-15: −ln(1 − p) = 34.54.",
      },
      {
        name: "a very small probability, above the clip",
        args: [
          [1, 0],
          [1e-9, 0.3],
        ],
        because: "1e-9 is larger than 1e-15 and stays as it is.",
      },
      {
        name: "weights 3 and 1",
        args: [
          [1, 0],
          [0.8, 0.4],
          [3, 1],
        ],
        expect: -(3 * Math.log(0.8) + Math.log(0.6)) / 4,
        because: "the first row counts three times among four.",
      },
      { name: "200 random rows", args: [labels, probabilities] },
      {
        name: "200 random rows with weights",
        args: [labels, probabilities, labels.map(() => 1 + random.integer(4))],
      },
      { name: "a probability of 1.2", args: [[1], [1.2]], throws: /probabilit/i },
      { name: "a probability that is NaN", args: [[1], [Number.NaN]], throws: /probabilit/i },
    ]
  },
  invariants: [
    {
      name: "A log loss is a finite number and not negative",
      holds: output => (Number.isFinite(output) && output >= -1e-12) || `${output} is not`,
    },
  ],
  mistakes: {
    "not-clipped": {
      message:
        "Nothing is clipped, so a probability of exactly 0 or 1 gives Infinity or NaN (0 × −Infinity). Clip before taking logarithms.",
      // A label moved off 0 makes a certain hit infinite; without any clip it is 0 or NaN.
      when: seen =>
        seen.some(({ output }) => output !== undefined && !Number.isFinite(output)) &&
        outputOf(seen, certainHit) !== Number.POSITIVE_INFINITY,
    },
    "clips-too-much": {
      message:
        "The clip is far from 0 and 1, so that bold and careful predictions look alike: a certain miss must cost 34.54, not 6.9 or 16.1. The task says 1e-15.",
      when: seen => {
        const cost = 2 * (outputOf(seen, certainMiss) ?? 0) - Math.LN2
        return seen[0].passed && seen[1].passed && cost > 1 && cost < 34.4
      },
    },
    "clips-labels": {
      message:
        "The labels are moved away from 0 and 1 instead of the probabilities. The logarithm is taken of the probability; labels are exact.",
    },
    "forgets-the-punctual": {
      message:
        "Rows with label 0 cost nothing here, so a model that calls every flight late gets a perfect score. They cost −ln(1 − p).",
    },
    "logarithm-to-base-2": {
      message: "The logarithm has base 2: this counts bits. Log loss is in nats, with Math.log.",
    },
    "divides-by-rows": {
      message:
        "The weighted sum is divided by the number of rows. A weight of 3 is the row three times: divide by the sum of the weights.",
    },
  },
  passed:
    "packages/ml/src/metrics/classification.ts clips at 2^-52 instead, as scikit-learn does for double precision: a certain miss then costs 36.04.",
})
