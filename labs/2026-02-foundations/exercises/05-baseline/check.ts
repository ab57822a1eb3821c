import { join } from "node:path"
import { createRandom } from "@roadmap/core/random"
import { defineCheck } from "@roadmap/labkit/exercises/check"
import { seeded } from "@roadmap/labkit/exercises/prepared"
import { readCsv } from "../read-csv.ts"
import type { Comparison, compareToBaseline, Row } from "./solution.ts"

const june = readCsv(join(import.meta.dirname, "june-errors.csv"))
type Model = "constant" | "ridge" | "boosting"

/** Real flights of June: the absolute errors of two of the lab's models, in minutes. */
const errors = (baseline: Model, model: Model): Row[] =>
  june.day.map((day, row) => ({
    day: Number(day),
    baseline: Number(june[baseline][row]),
    model: Number(june[model][row]),
  }))

/** 1 when the prediction was at most a quarter of an hour off. */
const hits = (baseline: Model, model: Model): Row[] =>
  errors(baseline, model).map(row => ({
    day: row.day,
    baseline: row.baseline <= 15 ? 1 : 0,
    model: row.model <= 15 ? 1 : 0,
  }))

export default defineCheck<typeof compareToBaseline>({
  answer: "compareToBaseline",
  // 20,000 draws of whole lists of rows by day.
  reference: (rows, better) => {
    const sign = better === "higher" ? 1 : -1
    const gains = Map.groupBy(rows, row => row.day)
      .values()
      .map(ofDay => ofDay.map(({ model, baseline }) => sign * (model - baseline)))
      .toArray()
    const sums = gains.map(ofDay => ofDay.reduce((a, b) => a + b, 0))
    const random = createRandom(20)
    const draws = Float64Array.from({ length: 20_000 }, () => {
      let sum = 0
      let count = 0
      for (let draw = 0; draw < gains.length; draw++) {
        const day = random.integer(gains.length)
        sum += sums[day]
        count += gains[day].length
      }
      return sum / count
    }).sort()
    const [low, high] = [draws[500], draws[19_500]]
    return {
      gain: gains.flat().reduce((a, b) => a + b, 0) / rows.length,
      low,
      high,
      decision: low > 0 ? "better" : high < 0 ? "worse" : "not proven",
    }
  },
  compare: (got, expected) => difference(got, expected),
  cases: ({ random }) => {
    const unequal: Row[] = Array.from({ length: 12 }, (_, day) => {
      const flights = 2 + random.integer(3) + (day % 3 === 0 ? 30 : 0)
      const ofTheDay = (day % 3 === 0 ? 0.5 : 3) + random.normal()
      return Array.from({ length: flights }, () => {
        const baseline = 15 + 4 * random.normal()
        return { day, baseline, model: baseline - ofTheDay + 0.3 * random.normal() }
      })
    }).flat()
    return [
      {
        name: "boosting against the mean delay",
        args: [errors("constant", "boosting"), "lower", seeded(1)],
        because: "errors: lower is better, and the gain is positive when the model has the lower ones.",
      },
      {
        name: "boosting against ridge regression",
        args: [errors("ridge", "boosting"), "lower", seeded(2)],
        because: "the flights of 10 days are 10 draws, not 1,671: zero stays inside the interval.",
      },
      {
        name: "the mean delay against boosting",
        args: [errors("boosting", "constant"), "lower", seeded(3)],
        because: "now the model is the worse one, on every resample.",
      },
      {
        name: "predictions within a quarter of an hour",
        args: [hits("constant", "boosting"), "higher", seeded(4)],
        because: "hits: higher is better.",
      },
      {
        name: "days of 2 to 34 flights",
        args: [unequal, "lower", seeded(5)],
        because: "every row counts alike, so the days of many flights, which gain little, weigh more.",
      },
      {
        name: "a single day",
        args: [errors("ridge", "boosting").slice(0, 20), "lower", seeded(6)],
        throws: /day/,
      },
    ]
  },
  mistakes: {
    "resamples-rows": {
      message:
        "Single flights are drawn instead of whole days. Flights of a day share its weather, so the interval comes out too narrow: here boosting seems to beat ridge regression on ten days that do not prove it.",
    },
    "compares-separate-intervals": {
      message:
        "The two models are resampled apart and their intervals compared. What makes a day hard is hard for both, so these intervals are far too wide for the difference: resample the difference on the same days.",
    },
    "decides-by-the-estimate": {
      message:
        "The decision looks at the gain alone. A gain above 0 is what half of all useless models have: the interval must exclude 0.",
    },
    "sign-of-errors": {
      message:
        'The gain has the same sign for errors and for hits. A lower error is better, so for "lower" it is baseline minus model.',
    },
    "averages-days": {
      message:
        "Each day's mean counts the same, however many flights it has. The gain is over rows: add sums and counts over the drawn days, then divide once.",
    },
  },
  passed:
    "The lab's compare step does this with 200 resamples for every metric (packages/ml/src/metrics/bootstrap.ts), and its register step registers no model whose interval holds 0.",
})

const difference = (got: Comparison, expected: Comparison): true | string => {
  if (typeof got !== "object" || got === null) return `expected { gain, low, high, decision }, got ${got}`
  if (!(Math.abs(got.gain - expected.gain) <= 1e-9))
    return `gain: expected ${short(expected.gain)}, got ${short(got.gain)}`
  const slack = 0.15 * (expected.high - expected.low) + 1e-9
  for (const end of ["low", "high"] as const)
    if (!(Math.abs(got[end] - expected[end]) <= slack))
      return `${end}: expected ${short(expected[end])} ± ${short(slack)}, got ${short(got[end])}`
  if (got.decision === expected.decision) return true
  return `decision: expected "${expected.decision}" for ${short(expected.low)} to ${short(expected.high)}, got ${JSON.stringify(got.decision)}`
}

const short = (value: unknown): string => (typeof value === "number" ? value.toPrecision(3) : String(value))
