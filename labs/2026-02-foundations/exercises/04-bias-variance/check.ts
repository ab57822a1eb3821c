import { join } from "node:path"
import { type Case, defineCheck } from "@roadmap/labkit/exercises/check"
import { createRecordStore } from "@roadmap/labkit/records"
import { readCsv } from "../read-csv.ts"
import type { CurvePoint, Goal, readCurve, Verdict } from "./solution.ts"

const table = readCsv(join(import.meta.dirname, "curves.csv"))
const curveOf = (model: string): CurvePoint[] =>
  table.model.flatMap((name, row) =>
    name === model
      ? [
          {
            size: Number(table.size[row]),
            train: Number(table.train[row]),
            validation: Number(table.validation[row]),
          },
        ]
      : [],
  )

const error: Goal = { better: "lower", wanted: 25.4, worthwhile: 0.2 }
const auc: Goal = { better: "higher", wanted: 0.75, worthwhile: 0.01 }

interface Curve {
  model: string
  points: CurvePoint[]
}

/** The curves of the learner's own last run; none before it. */
const ownCurves = async (home: string | undefined): Promise<Case<typeof readCurve>[]> => {
  const record = home === undefined ? undefined : await createRecordStore(home, "2026-02").read("curves")
  const curves = (record?.result.curves ?? []) as Curve[]
  return curves
    .filter(({ points }) => points.length >= 2)
    .map(({ model, points }) => ({ name: `${model} in your last run`, args: [points, error] }))
}

export default defineCheck<typeof readCurve>({
  answer: "readCurve",
  // Scores turned into losses first, then a table of the three questions.
  reference: (points, { better, wanted, worthwhile }) => {
    const sign = better === "lower" ? 1 : -1
    const size = Math.max(...points.map(point => point.size))
    const smaller = Math.max(...points.filter(point => point.size < size).map(point => point.size))
    const lossAt = (wantedSize: number) => {
      const { train, validation } = points.find(point => point.size === wantedSize)!
      return { train: sign * train, validation: sign * validation }
    }
    const loss = lossAt(size)
    const answers = [
      loss.validation <= sign * wanted,
      loss.train > sign * wanted,
      lossAt(smaller).validation - loss.validation >= worthwhile,
      true,
    ]
    const verdicts: Verdict[] = ["done", "more flexible model", "more rows", "simpler model or regularise"]
    return { verdict: verdicts[answers.indexOf(true)], gap: loss.validation - loss.train }
  },
  cases: async ({ home }) => [
    {
      name: "deep boosting on two sizes",
      args: [curveOf("deep boosting").slice(1, 3), error],
      because: "it describes its rows (10.8), not May (27.0), and gained 2.3 minutes from the last rows.",
    },
    {
      name: "ridge on all sizes",
      args: [curveOf("ridge"), error],
      because: "28.3 on its own rows is worse than 25.4: more rows of the same would not change that.",
    },
    { name: "boosting on all sizes", args: [curveOf("boosting"), error], because: "25.25 on May is good." },
    {
      name: "deep boosting, when less than a minute is not worth it",
      args: [curveOf("deep boosting"), { ...error, worthwhile: 1 }],
      because: "it learns its rows better than May, and the last 96,000 rows brought half a minute.",
    },
    {
      name: "the sizes in reverse",
      args: [curveOf("deep boosting").reverse(), error],
      because:
        "the largest size is the first of the list: 23.6 and 25.5, better by 0.5 than the size before.",
    },
    {
      name: "ROC AUC that still grows",
      args: [
        [
          { size: 1_000, train: 0.97, validation: 0.66 },
          { size: 4_000, train: 0.91, validation: 0.7 },
        ],
        auc,
      ],
      because: "higher is better: 0.91 on its own rows is good, 0.70 on others is not, and it gained 0.04.",
    },
    {
      name: "ROC AUC of a stiff model",
      args: [
        [
          { size: 1_000, train: 0.71, validation: 0.68 },
          { size: 4_000, train: 0.7, validation: 0.69 },
        ],
        auc,
      ],
      because: "even on its own rows it has 0.70 of the wanted 0.75.",
    },
    {
      name: "ROC AUC that stands still",
      args: [
        [
          { size: 4_000, train: 0.96, validation: 0.71 },
          { size: 1_000, train: 0.99, validation: 0.715 },
        ],
        auc,
      ],
      because: "it got worse by 0.005 with more rows: they are not what is missing.",
    },
    {
      name: "exactly what is wanted",
      args: [
        [
          { size: 100, train: 20, validation: 30 },
          { size: 200, train: 24, validation: 25 },
        ],
        { better: "lower", wanted: 25, worthwhile: 1 },
      ],
      because: "equal is good enough.",
    },
    ...(await ownCurves(home)),
  ],
  mistakes: {
    "judges-by-training": {
      message:
        "The training score decides whether the work is done. A model that has learnt its rows by heart scores best there; only rows it has not seen tell how it will do.",
    },
    "takes-lower-for-better": {
      message:
        "Every score is read as an error. For ROC AUC and its like a higher value is the better one: look at goal.better.",
    },
    "takes-the-list-order": {
      message: "The last point of the list is taken for the largest size. The points come in any order.",
    },
    "judges-by-the-gap-alone": {
      message:
        "A wide gap is answered with more rows, whatever the last rows brought. When the validation score stands still, more of the same will not move it.",
    },
    "flattens-the-gap": {
      message:
        "The gap has lost its sign. Training months can be harder than the validation month; a negative gap says so.",
    },
  },
  passed:
    "The lab's report draws the same three curves: section Learning curves of .roadmap/reports/2026-02/index.html.",
})
