import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Comparison, compareScores } from "./solution.ts"

export default defineCheck<typeof compareScores>({
  answer: "compareScores",
  // The variance from all pairs of folds, without a mean.
  reference: (first, second, { train, test }, critical): Comparison => {
    const folds = first.length
    let difference = 0
    let squares = 0
    for (let a = 0; a < folds; a++) {
      difference += (first[a] - second[a]) / folds
      for (let b = 0; b < a; b++) squares += (first[a] - second[a] - first[b] + second[b]) ** 2
    }
    const variance = squares / (folds * (folds - 1))
    const error = Math.sqrt(variance / folds + (variance * test) / train)
    const [low, high] = [difference - critical * error, difference + critical * error]
    return { difference, low, high, decision: low > 0 ? "first" : high < 0 ? "second" : "not proven" }
  },
  cases: ({ random }) => {
    /** Scores on folds that are easy or hard for both models. */
    const scores = (folds: number, lead: number) => {
      const first: number[] = []
      const second: number[] = []
      for (let fold = 0; fold < folds; fold++) {
        const ease = 0.75 + 0.05 * random.normal()
        first.push(ease + lead + 0.01 * random.normal())
        second.push(ease + 0.01 * random.normal())
      }
      return [first, second] as const
    }
    return [
      {
        name: "five folds of 200 rows",
        args: [
          [0.74, 0.78, 0.71, 0.8, 0.77],
          [0.73, 0.75, 0.7, 0.75, 0.72],
          { train: 800, test: 200 },
          2.776,
        ],
        because:
          "mean 0.03, standard deviation 0.02, standard error 0.02 × √(1/5 + 1/4): 0 lies inside of the interval.",
      },
      {
        name: "a clear lead of the second model",
        args: [[0.7, 0.69, 0.72, 0.71], [0.75, 0.75, 0.77, 0.75], { train: 900, test: 300 }, 3.182],
        because: "the second model is better by 0.05 on average; the whole interval is below 0.",
      },
      { name: "30 random splits", args: [...scores(30, 0.005), { train: 90, test: 10 }, 2.045] },
      { name: "ten folds, no lead", args: [...scores(10, 0), { train: 900, test: 100 }, 2.262] },
      {
        name: "two models that are one",
        args: [[0.7, 0.8, 0.75], [0.7, 0.8, 0.75], { train: 200, test: 100 }, 4.303],
        expect: { difference: 0, low: 0, high: 0, decision: "not proven" },
      },
      {
        name: "a single fold",
        args: [[0.8], [0.7], { train: 80, test: 20 }, 12.7],
        throws: /fold/,
        because: "one fold does not say how far folds vary.",
      },
    ]
  },
  mistakes: {
    "plain-t-test": {
      message:
        "The variance is divided by the number of folds, as if these were independent. Their training sets overlap: this test calls equal models different in about a third of all cases. Add test / train to 1 / folds.",
    },
    "not-paired": {
      message:
        "The variances of the two models' scores are added. A hard fold is hard for both, and cancels out in the difference: take the difference of each fold first, then the variance.",
    },
    "divides-by-folds": {
      message:
        "The variance has the number of folds below. The mean was taken from the same folds, so it lies too near to them: divide by folds − 1.",
    },
    "upside-down": {
      message:
        "The correction is train / test. More test rows for each training row mean that the folds tell less: it is test / train.",
    },
    "share-of-all-rows": {
      message:
        "The correction is the share of the test rows in all rows. The formula has test rows over training rows: for five folds 1/4, not 1/5.",
    },
    "decides-by-the-difference": {
      message:
        "The decision looks at the difference alone. One of two equal models always leads: it is proven when the interval lies on one side of 0.",
    },
    "second-minus-first": {
      message:
        "The difference is second minus first. It is positive when the first model is better: first minus second.",
    },
  },
  passed:
    "packages/ml/src/selection/compare.ts has this test, with the quantile from Student's distribution, beside a paired bootstrap for models that were tested once.",
})
