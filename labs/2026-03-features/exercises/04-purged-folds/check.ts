import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Options, purgedFolds, Row } from "./solution.ts"

const past = (purge: number, embargo = 0): Options => ({ purge, embargo, train: "past" })
const around = (purge: number, embargo: number): Options => ({ purge, embargo, train: "around" })
const row = (taken: number, known: number): Row => ({ taken, known })

export default defineCheck<typeof purgedFolds>({
  answer: "purgedFolds",
  // Each row is asked which part it plays in each fold.
  reference: (rows, starts, { purge, embargo, train }) => {
    const periodOf = ({ taken }: Row) => starts.findLastIndex(start => start <= taken)
    return starts.map((start, period) => {
      const tested = rows.filter(each => periodOf(each) === period)
      const lastLabel = Math.max(...tested.map(each => each.known))
      const part = (each: Row) => {
        if (periodOf(each) === period) return "test"
        if (periodOf(each) < period) return start - each.known > purge ? "train" : "none"
        return train === "around" && each.taken - lastLabel > embargo ? "train" : "none"
      }
      const numbers = (wanted: string) => rows.flatMap((each, i) => (part(each) === wanted ? [i] : []))
      return { train: numbers("train"), test: numbers("test") }
    })
  },
  cases: ({ random }) => {
    const randomRows = Array.from({ length: 120 }, () => {
      const taken = random.integer(240)
      return row(taken, taken + 1 + random.integer(9))
    })
    return [
      {
        name: "a flight over midnight",
        args: [[row(20, 22), row(23, 26), row(25, 28), row(49, 52)], [24, 48], past(0)],
        expect: [
          { train: [0], test: [2] },
          { train: [0, 1, 2], test: [3] },
        ],
        because: "row 1 left at 23 and arrived at 26: its label was not known when the test began at 24.",
      },
      {
        name: "two hours to train and deploy",
        args: [[row(18, 21), row(18, 22), row(19, 23), row(24, 27), row(25, 30)], [24], past(2)],
        expect: [{ train: [0], test: [3, 4] }],
        because: "labels must be known before 22; exactly at 22 is too late. The test keeps its first hours.",
      },
      {
        name: "rows after the test, which may not train",
        args: [[row(10, 12), row(30, 33), row(60, 62), row(90, 93)], [24, 48, 72], past(0, 6)],
        expect: [
          { train: [0], test: [1] },
          { train: [0, 1], test: [2] },
          { train: [0, 1, 2], test: [3] },
        ],
        because: "a model of the past has seen nothing that comes after its test.",
      },
      {
        name: "rows after the test, which may train",
        args: [
          [row(10, 12), row(30, 33), row(47, 55), row(50, 52), row(58, 60), row(60, 64), row(61, 63)],
          [24, 48],
          around(0, 5),
        ],
        expect: [
          { train: [0, 6], test: [1, 2] },
          { train: [0, 1], test: [3, 4, 5, 6] },
        ],
        because:
          "the test's last label was known at 55; rows taken until 60 are under embargo. Row 2 is known at 55, after the second test began.",
      },
      {
        name: "rows in no order, taken at the very start of a test",
        args: [
          [row(49, 50), row(24, 25), row(3, 5), row(48, 53), row(23, 24), row(24, 30), row(7, 9)],
          [24, 48],
          past(1),
        ],
      },
      { name: "120 random rows, past", args: [randomRows, [100, 150, 200], past(3)] },
      { name: "120 random rows, around", args: [randomRows, [0, 60, 120, 180], around(2, 8)] },
      {
        name: "no row whose label was known in time",
        args: [[row(22, 26), row(23, 25), row(30, 31)], [24], past(0)],
        throws: /train/,
        because: "both earlier flights were still in the air: there is nothing to train on.",
      },
    ]
  },
  mistakes: {
    "not-purged": {
      message:
        "Every row taken before the test trains. Flights in the air at that moment have no label yet; in production the model is trained without them. Compare `known` with the start.",
    },
    "purges-by-departure": {
      message:
        "The purge is measured from when a row was taken. A flight of ten hours that left before the gap still lands inside of the test: measure from when its label was known.",
    },
    "purge-ignored": {
      message:
        "Labels known right before the test train, as if training and deploying took no time: they must be known more than `purge` before it starts.",
    },
    "trains-on-the-future": {
      message:
        'With `train: "past"` rows after the test are in training. That model knows next week\'s weather, and its score is one that nobody will ever see in production.',
    },
    "embargo-from-the-end": {
      message:
        "The embargo is counted from the end of the test period. Its last labels become known later than that, and features made of them reach further: count from the last known of the test rows.",
    },
    "empties-the-test": {
      message:
        "The purge takes rows out of the test. What must be left out is on the training side; production does not skip its first hours either.",
    },
    "tests-twice": {
      message:
        "A row taken at the start of a period is tested in the one before as well: the end of a period belongs to the next one (before the next start, not at it).",
    },
  },
  passed:
    "packages/ml/src/split/purged.ts makes the same folds (a test of this month compares them), and the month's search is judged on them.",
})
