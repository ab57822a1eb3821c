import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import { registeredNames } from "@roadmap/lab-2026-02-foundations/register"
import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatInterval } from "@roadmap/report/format"
import type { Block, Section } from "@roadmap/report/page"
import { barChart } from "@roadmap/report/plots/bar-chart"
import { intervalPlot } from "@roadmap/report/plots/interval-plot"
import { lineChart } from "@roadmap/report/plots/line-chart"
import type { ablateGroups } from "../ablate.ts"
import type { evaluateModels, TaskEvaluation } from "../evaluate.ts"
import type { explainModels } from "../explain.ts"
import type { registerCandidates } from "../register.ts"
import type { searchSpace } from "../search.ts"

export const metricLabels: Record<string, string> = {
  rmse: "RMSE, minutes",
  mae: "MAE, minutes",
  r2: "R²",
  roc_auc: "ROC AUC",
  log_loss: "Log loss",
  brier: "Brier score",
  average_precision: "Average precision",
}

export const taskTitles: Record<Task, string> = { delay: "How late", late: "Late or not" }

const judged = [
  { label: "February, on May", model: "february", part: "validation" },
  { label: "March, on May", model: "boosting", part: "validation" },
  { label: "February, on June", model: "february", part: "test" },
  { label: "March, on June", model: "boosting", part: "test" },
] as const

export const modelsSection = ({ evaluated }: StepResultOf<typeof evaluateModels>): Section => ({
  id: "models",
  title: "February's champions, beaten",
  text:
    "Both months' models answer for the same flights. The gain is measured on the same resampled days for both, so a hard " +
    "day counts for neither; above zero is better than February, for every metric. Brackets are 95 % intervals.",
  blocks: evaluated.flatMap(({ task, scores, comparison }): Block[] => [
    {
      kind: "table",
      caption: `${taskTitles[task]}: validation (May) and test (June)`,
      table: {
        columns: [{ label: "Metric" }, ...judged.map(({ label }) => ({ label, align: "right" as const }))],
        rows: comparison.gains.map(({ metric }) => [
          metricLabels[metric],
          ...judged.map(({ model, part }) => {
            const score = scores.find(
              each => each.model === model && each.metric === metric && each.part === part,
            )
            if (!score) return null
            const interval = formatInterval(score.estimate, score.low, score.high)
            return part === "test" ? interval : interval.split(" ")[0]
          }),
        ]),
      },
    },
    intervalPlot({
      title: `${taskTitles[task]}: gain over February on June`,
      valueLabel: "Gain, in each metric's unit",
      better: "higher",
      reference: { value: 0, label: "no gain" },
      rows: comparison.gains.map(({ metric, estimate, low, high }) => ({
        label: metricLabels[metric],
        point: estimate,
        low,
        high,
      })),
    }),
  ]),
})

export const searchSection = ({ found }: StepResultOf<typeof searchSpace>): Section => ({
  id: "search",
  title: "The search",
  text:
    "Each trial is judged on March and April by models that learned from the months before; a day is left out between, so that " +
    "no label of a training flight was still unknown when the test begins. A trial behind the median after the first period is stopped.",
  blocks: found.flatMap(({ task, trials, parameters, rows }): Block[] => [
    lineChart({
      title: `${taskTitles[task]}: history of the search`,
      x: { label: "Trial" },
      y: { label: metricLabels[task === "delay" ? "rmse" : "log_loss"] },
      series: [
        {
          label: "trial",
          x: trials.map(({ number }) => number),
          y: trials.map(({ value }) => value ?? Number.NaN),
        },
        {
          label: "best so far",
          x: trials.map(({ number }) => number),
          y: trials.map(({ best }) => best ?? Number.NaN),
        },
      ],
      note: `${trials.length} trials on ${formatCount(rows)} flights; ${trials.filter(({ state }) => state === "pruned").length} stopped early.`,
    }),
    {
      kind: "table",
      caption: `${taskTitles[task]}: parameters found`,
      table: {
        columns: [{ label: "Parameter" }, { label: "Value", align: "right" }],
        rows: Object.entries(parameters).map(([name, value]) => [
          name,
          typeof value === "number" ? String(Number(value.toPrecision(3))) : String(value),
        ]),
      },
    },
  ]),
})

export const ablationSection = ({
  ablations,
  complete,
  rows,
}: StepResultOf<typeof ablateGroups>): Section => ({
  id: "ablation",
  title: "What each group of features is worth",
  text:
    `The model again, on ${formatCount(rows)} flights, without one group at a time. A group may be worth nothing beside the others ` +
    "and much without them: groups share what they know.",
  blocks: (["delay", "late"] as const).flatMap((task): Block[] => {
    const own = ablations.filter(each => each.task === task)
    return [
      intervalPlot({
        title: `${taskTitles[task]}: worth of each group`,
        valueLabel: `${metricLabels[own[0].metric]} lost without it`,
        better: "higher",
        reference: { value: 0, label: "nothing" },
        rows: [...own]
          .sort((a, b) => b.worth.estimate - a.worth.estimate)
          .map(({ group, worth }) => ({
            label: group,
            point: worth.estimate,
            low: worth.low,
            high: worth.high,
          })),
      }),
      {
        kind: "table",
        caption: `${taskTitles[task]}: ${metricLabels[own[0].metric]} on June`,
        table: {
          columns: [{ label: "Features" }, { label: "Score", format: value => value.toFixed(4) }],
          rows: [
            ["all", complete[task]],
            ...own.map(({ group, score }): [string, number] => [`without ${group}`, score]),
          ],
        },
        highlight: [0],
      },
    ]
  }),
})

export const importanceSection = ({ importance }: StepResultOf<typeof explainModels>): Section => ({
  id: "importance",
  title: "What the models use",
  text:
    "Permutation: how much worse May's metric gets when the feature is shuffled. Gain: its part of what training gained. " +
    "Shapley: how far it moves an answer, on average.",
  blocks: importance.flatMap(({ task, metric, features }): Block[] => [
    barChart({
      title: `${taskTitles[task]}: permutation importance`,
      valueLabel: `Rise of ${metricLabels[metric]}`,
      categoryLabel: "Feature",
      bars: features.slice(0, 15).map(({ name, permutation, low, high }) => ({
        label: name,
        value: permutation,
        low,
        high,
      })),
    }),
    {
      kind: "table",
      caption: `${taskTitles[task]}: three looks at the same features`,
      table: {
        columns: [
          { label: "Feature" },
          { label: "Permutation", format: value => value.toFixed(4) },
          { label: "Gain", format: value => `${(100 * value).toFixed(1)} %` },
          { label: "Shapley", format: value => value.toFixed(3) },
        ],
        rows: features.map(({ name, permutation, gain, shap }) => [name, permutation, gain, shap]),
      },
    },
  ]),
})

const sliceTitles: Record<string, string> = {
  airport: "airport of origin",
  hour: "hour",
  distance: "distance",
  month: "month",
}

export const slicesSection = ({ evaluated }: StepResultOf<typeof evaluateModels>): Section => ({
  id: "slices",
  title: "Better for whom?",
  text: "May and June together, by slice. A gain overall may hide a loss for some; the worst slices stand first among the airports.",
  blocks: evaluated.flatMap(evaluation => sliceBlocks(evaluation)),
})

const shownAirports = 12

const sliceBlocks = ({ task, slices }: TaskEvaluation): Block[] =>
  [...new Set(slices.map(({ slice }) => slice))].map((slice): Block => {
    const own = slices.filter(each => each.slice === slice)
    const shown =
      slice === "airport"
        ? own.toSorted((a, b) => a.gain.estimate - b.gain.estimate).slice(0, shownAirports)
        : own.toSorted((a, b) => a.value.localeCompare(b.value, "en", { numeric: true }))
    return {
      kind: "table",
      caption: `${taskTitles[task]} by ${sliceTitles[slice] ?? slice}: ${metricLabels[own[0].metric]}`,
      table: {
        columns: [
          { label: sliceTitles[slice] ?? slice },
          { label: "Flights", format: formatCount },
          { label: "February", format: value => value.toFixed(3) },
          { label: "March", format: value => value.toFixed(3) },
          { label: "Gain", align: "right" },
        ],
        rows: shown.map(({ value, rows, champion, candidate, gain }) => [
          value,
          rows,
          champion,
          candidate,
          formatInterval(gain.estimate, gain.low, gain.high),
        ]),
      },
      ...(slice === "airport" && own.length > shownAirports
        ? { note: `The ${shownAirports} airports with the smallest gain of ${own.length}.` }
        : {}),
    }
  })

export const decisionsSection = ({ decisions }: StepResultOf<typeof registerCandidates>): Section => ({
  id: "decisions",
  title: "What was registered, and why",
  text: "A candidate that is not worse becomes a version. It takes the alias champion only when its whole gain lies above zero.",
  blocks: decisions.map(
    ({ task, version, alias, reason }): Block => ({
      kind: "callout",
      tone: alias === "champion" ? "good" : "warning",
      title: `${registeredNames[task]}${version === undefined ? "" : ` version ${version}`}: ${alias ?? "not registered"}`,
      text: `${reason}.`,
    }),
  ),
})
