import { createRandom } from "@roadmap/core/random"
import { formatCount, formatInterval, formatSeconds } from "../src/format.ts"
import type { Page } from "../src/page.ts"
import { barChart } from "../src/plots/bar-chart.ts"
import { type CalibrationBin, calibrationPlot } from "../src/plots/calibration-plot.ts"
import { heatmap } from "../src/plots/heatmap.ts"
import { histogram } from "../src/plots/histogram.ts"
import { intervalPlot } from "../src/plots/interval-plot.ts"
import { learningCurvePlot } from "../src/plots/learning-curve.ts"
import { lineChart } from "../src/plots/line-chart.ts"
import { scatter } from "../src/plots/scatter.ts"
import { timeSeries } from "../src/plots/time-series.ts"

/** A page of a month's size with every plot and block. Its numbers are drawn from a seed, not measured. */
export const samplePage = (): Page => ({
  title: "February: foundations",
  subtitle:
    "Three million flights, six models, and what each of them is worth. Synthetic numbers for the tests.",
  summary: [
    { label: "Flights ingested", value: formatCount(2_998_796), note: "1,204 in quarantine" },
    { label: "Best RMSE, test", value: "29.81 min", note: "baseline 35.47 min" },
    { label: "Best ROC AUC, test", value: "0.771", note: "15 or more minutes late" },
    { label: "Time", value: formatSeconds(74.2), note: "two cores" },
  ],
  sections: [dataQuality(), models(), errors(), decisions()],
  generated: {
    Run: "b41c7a90",
    Data: "flights-3m.parquet, sha256 6f1d0a3c5be2417b8a90f7c62f2d55e61b0a8f3e9d7c4b2a1908f7e6d5c4b3a2",
    Seed: 7,
    Node: "24.21.0",
    Made: "2026-02-28T18:04:11Z",
  },
})

const random = createRandom(2001)

const dataQuality = () => ({
  id: "data",
  title: "Data quality",
  text: "Every row passes the contract or is in **quarantine** with a reason. Nothing is dropped silently; see `quarantine.flights`.",
  blocks: [
    delayHistogram(),
    {
      kind: "table" as const,
      caption: "Rows in quarantine by reason",
      table: {
        columns: [
          { label: "Reason" },
          { label: "Column" },
          { label: "Rows" },
          { label: "Share of all rows, %" },
        ],
        rows: [
          ["outside the range -120 to 2,000", "delay", 1_117, 0.0372],
          ["origin equals destination", "destination", 64, 0.0021],
          ["duplicate of an earlier row", "date, origin, destination", 23, 0.0008],
        ],
      },
      note: "The contract allows 0.1 % of rejected rows; above it the load stops.",
    },
    dailyDelay(),
    hours(),
  ],
})

const models = () => ({
  id: "models",
  title: "Models",
  text: "All models saw the same rows: trained on January to April, tuned on May, judged once on June.",
  blocks: [
    {
      kind: "callout" as const,
      tone: "good" as const,
      title: "Boosting is registered as flight-delay version 1",
      text: "Its interval lies below that of every other model, and below the baseline by more than the interval's width.",
    },
    modelIntervals(),
    {
      kind: "table" as const,
      caption: "Test scores with 95 % intervals",
      table: {
        columns: [
          { label: "Model" },
          { label: "RMSE, min", align: "right" as const },
          { label: "MAE, min" },
          { label: "R2" },
          { label: "Fit, s" },
          { label: "Predict, µs a row" },
          { label: "Size, kB" },
        ],
        rows: [
          ["Boosted trees", formatInterval(29.81, 29.7, 29.93), 17.42, 0.294, 3.4, 0.9, 412],
          ["Ridge", formatInterval(32.05, 31.92, 32.18), 19.03, 0.184, 1.2, 0.2, 9],
          ["Constant", formatInterval(35.47, 35.31, 35.6), 21.66, 0, 0.1, 0.1, 1],
        ],
      },
      highlight: [0],
    },
    {
      kind: "pair" as const,
      plots: [learning("Ridge: bias", 0.3, 31.6), learning("Boosting: variance", 1.9, 28.6)] as const,
    },
    losses(),
    importance(),
  ],
})

const errors = () => ({
  id: "errors",
  title: "Errors",
  blocks: [calibration(), residualsByHour(), predictedAgainstActual(), airports()],
})

const decisions = () => ({
  id: "decisions",
  title: "Decisions and limits",
  blocks: [
    {
      kind: "list" as const,
      items: [
        "The split is by time: a random one would let the model see the same storm in training and test.",
        "Delays beyond 3 hours are **underestimated**; see [Errors](#errors).",
        "Weather is not in the data.",
      ],
    },
    {
      kind: "callout" as const,
      tone: "warning" as const,
      title: "Six months are one season",
      text: "Nothing here says how the models do in autumn.",
    },
    {
      kind: "callout" as const,
      tone: "info" as const,
      title: "A run can be repeated",
      text: "The same seed and data give the same models, bit for bit.",
    },
    {
      kind: "callout" as const,
      tone: "bad" as const,
      title: "Two airports drift",
      text: "Their delay distribution in June differs from training.",
    },
    {
      kind: "code" as const,
      caption: "The same again",
      code: "roadmap run feb --seed 7\nroadmap models --json | jq '.models[] | select(.name == \"flight-delay\") | .versions[0].metrics'",
    },
    {
      kind: "text" as const,
      text: "Next month replaces these features by feature views.\n\n1. Rolling delays\n2. Calendar",
    },
  ],
})

const delayHistogram = () => {
  const edges = Array.from({ length: 62 }, (_, i) => -60 + i * 5)
  const shape = (shift: number) =>
    edges.slice(1).map((edge, i) => {
      const x = edge - 2.5 - shift
      return Math.round(
        420_000 * Math.exp(-((x / 11) ** 2) / 2) + 60_000 * Math.exp(-Math.max(0, x) / 38) + (i % 7),
      )
    })
  return histogram({
    title: "Most flights arrive within a quarter of an hour; the tail is long",
    x: { label: "Arrival delay, minutes" },
    edges,
    series: [{ label: "Flights", counts: shape(-4) }],
    markers: [{ axis: "x", value: 15, label: "late: 15 min" }],
  })
}

const days = Array.from({ length: 181 }, (_, i) =>
  new Date(Date.UTC(2001, 0, 1 + i)).toISOString().slice(0, 10),
)

const dailyDelay = () =>
  timeSeries({
    title: "Mean delay by day of departure",
    days,
    y: { label: "Mean delay, minutes" },
    series: [
      {
        label: "mean delay",
        values: days.map((_, i) =>
          i === 70 ? Number.NaN : 7 + 4 * Math.sin(i / 17) + 3.4 * random.normal(),
        ),
      },
    ],
    events: [
      { day: "2001-03-12", label: "source renamed a column" },
      { day: "2001-03-20", label: "repaired" },
      { day: "2001-05-08", label: "new airports" },
    ],
    periods: [
      { from: "2001-01-01", to: "2001-04-30", label: "train" },
      { from: "2001-05-01", to: "2001-05-31", label: "validation" },
      { from: "2001-06-01", to: "2001-06-30", label: "test" },
    ],
  })

const hours = () =>
  barChart({
    title: "Delays build up over the day",
    valueLabel: "Mean delay, minutes",
    categoryLabel: "Scheduled hour of departure",
    orientation: "vertical",
    bars: Array.from({ length: 24 }, (_, h) => ({
      label: String(h),
      value: h < 4 ? 3 - h : -1.5 + 0.9 * h - 0.022 * h * h,
    })),
  })

const modelIntervals = () =>
  intervalPlot({
    title: "Boosting is better than ridge, and ridge than the mean",
    valueLabel: "RMSE on June, minutes",
    better: "lower",
    rows: [
      { label: "Boosted trees", point: 29.81, low: 29.7, high: 29.93, chosen: true },
      { label: "Ridge, target statistics", point: 32.05, low: 31.92, high: 32.18 },
      { label: "Ridge, one-hot", point: 32.31, low: 32.18, high: 32.45 },
      { label: "Constant", point: 35.47, low: 35.31, high: 35.6 },
    ],
    reference: { value: 35.47, label: "baseline" },
    note: "Intervals: 95 %, bootstrap over days, 1,000 resamples.",
  })

const sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000]

const learning = (title: string, gap: number, floor: number) => {
  const validation = sizes.map(size => floor + gap * (10_000 / size) ** 0.35 + 0.6)
  const train = sizes.map(size => floor - gap * (10_000 / size) ** 0.35 + 0.5)
  return learningCurvePlot({
    title,
    sizes,
    metric: "RMSE, minutes",
    validation: {
      score: validation,
      low: validation.map(v => v - 0.25),
      high: validation.map(v => v + 0.25),
    },
    train: { score: train, low: train.map(v => v - 0.15), high: train.map(v => v + 0.15) },
  })
}

const losses = () => {
  const trees = Array.from({ length: 100 }, (_, i) => i + 1)
  return lineChart({
    title: "Loss by number of trees",
    x: { label: "Trees" },
    y: { label: "RMSE, minutes" },
    series: [
      { label: "training", x: trees, y: trees.map(t => 28.4 + 7 * Math.exp(-t / 22)) },
      { label: "validation", x: trees, y: trees.map(t => 29.7 + 5.7 * Math.exp(-t / 19) + t * 0.001) },
      {
        label: "validation, half the rows",
        x: trees,
        y: trees.map(t => 29.9 + 5.6 * Math.exp(-t / 18) + t * 0.004),
      },
    ],
    markers: [
      { axis: "x", value: 83, label: "stopped at 83" },
      { axis: "y", value: 35.4, label: "baseline" },
    ],
  })
}

const importance = () =>
  barChart({
    title: "The hour and the origin's last hour carry most of the gain",
    valueLabel: "Rise of RMSE when the column is shuffled, minutes",
    categoryLabel: "Feature",
    bars: [
      ["departure minute", 2.61],
      ["mean delay at origin, last hour", 2.18],
      ["destination", 0.71],
      ["day of week", 0.33],
      ["distance", 0.12],
      ["month", -0.02],
    ].map(([label, value]) => ({
      label: String(label),
      value: Number(value),
      low: Number(value) - 0.08,
      high: Number(value) + 0.08,
    })),
  })

const calibration = () => {
  const bins = (bend: number, scale: number): CalibrationBin[] =>
    Array.from({ length: 10 }, (_, i) => ({
      predicted: 0.05 + i * 0.1,
      observed: Math.min(1, (0.05 + i * 0.1) ** bend),
      count: Math.round(scale * 220_000 * Math.exp(-i / 2)) + 40,
    }))
  return calibrationPlot({
    title: "Boosted probabilities can be taken at their word",
    models: [
      { label: "Boosted trees", bins: bins(1.03, 1) },
      { label: "Logistic", bins: bins(1.3, 0.8) },
    ],
  })
}

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

const residualsByHour = () =>
  heatmap({
    title: "Where the model is wrong: mean residual by weekday and hour",
    xLabel: "Scheduled hour",
    yLabel: "Weekday",
    valueLabel: "Mean residual, minutes",
    colours: "diverging",
    columns: Array.from({ length: 18 }, (_, h) => String(h + 5)),
    rows: weekdays,
    values: weekdays.map((_, d) =>
      Array.from({ length: 18 }, (_, h) =>
        d === 5 && h > 15
          ? Number.NaN
          : Number((2.2 * Math.sin((h + d) / 3) + 0.7 * random.normal()).toFixed(2)),
      ),
    ),
    format: value => value.toFixed(1),
  })

const predictedAgainstActual = () => {
  const x = Array.from({ length: 1_200 }, () => 14 * random.normal() + 9)
  return scatter({
    title: "Actual against predicted delay, a sample of 1,200 flights",
    x: { label: "Predicted delay, minutes" },
    y: { label: "Actual delay, minutes" },
    series: [{ label: "flights", x, y: x.map(v => v * 0.9 + 16 * random.normal()) }],
    diagonal: true,
  })
}

const airports = () =>
  scatter({
    title: "Odd airports: few flights, long delays",
    x: { label: "Flights a day", scale: "log" },
    y: { label: "Mean delay, minutes" },
    series: ["ordinary", "odd"].map((label, s) => ({
      label,
      x: Array.from(
        { length: s === 0 ? 90 : 8 },
        () => 10 ** (s === 0 ? 0.6 + 2.2 * random.next() : 0.2 + random.next()),
      ),
      y: Array.from({ length: s === 0 ? 90 : 8 }, () => (s === 0 ? 7 : 22) + 3 * random.normal()),
    })),
  })
