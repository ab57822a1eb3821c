import { readFileSync } from "node:fs"
import { join } from "node:path"
import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { encodeInFolds, Row } from "./solution.ts"

const real: { origins: string[]; late: number[]; folds: number[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "flights.json"), "utf8"),
)
const flights = real.origins.map(
  (origin, row): Row => ({ origin, late: real.late[row], fold: real.folds[row] }),
)
const row = (origin: string, late: number, fold: number): Row => ({ origin, late, fold })

export default defineCheck<typeof encodeInFolds>({
  answer: "encodeInFolds",
  // From the definition, a row at a time.
  reference: (rows, folds, smoothing) =>
    Array.from({ length: folds }, (_, tested) =>
      rows.map(({ origin, fold }) => {
        const known = rows.filter(other => other.fold !== tested && other.fold !== fold)
        const mean = known.reduce((sum, other) => sum + other.late, 0) / known.length
        const same = known.filter(other => other.origin === origin)
        return same.reduce((sum, other) => sum + other.late, smoothing * mean) / (same.length + smoothing)
      }),
    ),
  cases: ({ random }) => [
    {
      name: "four rows in three folds",
      args: [[row("ORD", 1, 0), row("ORD", 0, 1), row("ORD", 1, 2), row("ATL", 1, 2)], 3, 1],
      expect: [
        [5 / 9, 1, 0, 0],
        [1, 1, 1, 1],
        [0, 1, 0.5, 0.5],
      ],
      because:
        "with fold 0 tested, row 0 is made from rows 1 to 3, row 1 from fold 2 alone, rows 2 and 3 from fold 1 alone.",
    },
    {
      name: "an origin of the tested fold alone",
      args: [
        [
          row("SFO", 1, 0),
          row("SFO", 1, 0),
          row("ORD", 0, 1),
          row("ORD", 1, 1),
          row("ORD", 0, 2),
          row("ORD", 0, 2),
        ],
        3,
        2,
      ],
      because: "nothing is known of SFO when fold 0 is tested: it gets the mean of the training rows, 1/4.",
    },
    {
      name: "150 random rows in four folds",
      args: [
        Array.from({ length: 150 }, () =>
          row(["ATL", "DFW", "ORD", "SFO", "SEA"][random.integer(5)], random.integer(2), random.integer(4)),
        ),
        4,
        5,
      ],
    },
    { name: `${flights.length} real flights in five folds`, args: [flights, 5, 10] },
  ],
  invariants: [
    {
      name: "The encoding is a share",
      holds: output => {
        const wrong = output.flat().find(value => !(value >= 0 && value <= 1))
        return wrong === undefined || `there is ${wrong}`
      },
    },
  ],
  mistakes: {
    "before-the-split": {
      message:
        "The encoding is made once, from all rows, and is the same in every fold. The test rows' own labels are in it: cross-validation then finds skill in shuffled labels. Make it in each fold, without the tested rows.",
    },
    "cross-fitted-once": {
      message:
        "Each row is encoded from all folds but its own, whatever is tested. So the training rows have met the labels of the tested fold: leave out the tested fold as well.",
    },
    "training-rows-meet-themselves": {
      message:
        "The tested rows are right, but training rows are encoded with their own fold, their own labels included. The model learns to trust the column more than later rows deserve: leave out the row's own fold as well.",
    },
    "leaves-one-out": {
      message:
        "A training row leaves out itself alone. Then its encoding is lower exactly when it is late itself, and a model reads the label off it: leave out its whole fold.",
    },
    "mean-of-all-rows": {
      message:
        "The mean is taken over all rows, the tested ones included: a small leak, and the part of every rare origin. It belongs to the same rows as the origin's own counts.",
    },
    "unseen-is-zero": {
      message:
        'An origin without known rows gets 0, which says "never late". Nothing is known of it: it gets the mean of the known rows, as the formula gives by itself.',
    },
    "not-smoothed": {
      message:
        "An origin of one row is encoded as 0 or 1: `smoothing` is not used. Add that many rows with the mean, so that few rows say little.",
    },
  },
  passed:
    "packages/ml does this in every cross-validation: a target encoder inside a pipeline is fitted on the training rows of a fold and cross-fits those (src/preprocessing/target-encoder.ts).",
})
