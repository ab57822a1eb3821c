import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatInterval, formatPercent } from "@roadmap/report/format"
import type { Block, Section } from "@roadmap/report/page"
import { learningCurvePlot } from "@roadmap/report/plots/learning-curve"
import { lineChart } from "@roadmap/report/plots/line-chart"
import { timeSeries } from "@roadmap/report/plots/time-series"
import type { drawLearningCurves } from "../curves.ts"
import type { groupAndScore } from "../group.ts"
import { type Decision, registeredNames } from "../register.ts"
import type { walkIntoTraps } from "../traps.ts"

export const curvesSection = ({
  curves,
  validationRows,
}: StepResultOf<typeof drawLearningCurves>): Section => ({
  id: "curves",
  title: "Learning curves",
  text:
    "A gap between the two lines is variance: more rows, or a stiffer model, close it. Two lines that meet too high are bias: " +
    "more rows of the same do not help.",
  blocks: [
    ...curves.map(({ model, points }) =>
      learningCurvePlot({
        title: `Learning curve of ${model}`,
        sizes: points.map(point => point.size),
        train: { score: points.map(point => point.train) },
        validation: { score: points.map(point => point.validation) },
        metric: "RMSE, minutes",
        note: `Scored on ${formatCount(validationRows)} flights of May.`,
      }),
    ),
  ],
})

export const trapsSection = ({ traps }: StepResultOf<typeof walkIntoTraps>): Section => ({
  id: "traps",
  title: "Two traps of target statistics",
  text:
    "The same model on the same rows; only the delay statistics are built in another way. A trap looks good on the rows " +
    "it was learned from and fails on the months to come.",
  blocks: [
    {
      kind: "table",
      caption: "RMSE in minutes, by how the features were built",
      table: {
        columns: [
          { label: "Features" },
          ...["Training rows", "May", "June"].map(label => ({ label, format: (v: number) => v.toFixed(2) })),
        ],
        rows: traps.map(trap => [trap.recipe, trap.train, trap.validation, trap.test]),
      },
      highlight: [0],
    },
  ],
})

export const groupsSection = (result: StepResultOf<typeof groupAndScore>): Section => ({
  id: "groups",
  title: "Without labels: airports and days",
  text: "k-means groups airports by delay, late share, size and distance; the isolation forest marks days unlike the training days.",
  blocks: [
    {
      kind: "pair",
      plots: [
        lineChart({
          title: "How many groups? Silhouette",
          x: { label: "Groups" },
          y: { label: "Mean silhouette" },
          series: [
            {
              label: "silhouette",
              x: result.clusterChoice.map(each => each.clusters),
              y: result.clusterChoice.map(each => each.silhouette),
            },
          ],
        }),
        lineChart({
          title: "How many groups? Inertia",
          x: { label: "Groups" },
          y: { label: "Sum of squared distances" },
          series: [
            {
              label: "inertia",
              x: result.clusterChoice.map(each => each.clusters),
              y: result.clusterChoice.map(each => each.inertia),
            },
          ],
        }),
      ],
    },
    {
      kind: "table",
      caption: "Groups of airports, training months",
      table: {
        columns: [
          { label: "Airports", format: formatCount },
          { label: "Largest" },
          { label: "Flights a day", format: value => value.toFixed(0) },
          { label: "Mean delay", format: value => value.toFixed(1) },
          { label: "Late", format: value => formatPercent(value) },
          { label: "Mean distance", format: value => value.toFixed(0) },
        ],
        rows: result.groups.map(group => [
          group.airports.length,
          group.airports.slice(0, 5).join(", "),
          group.flightsADay,
          group.meanDelay,
          group.lateShare,
          group.meanDistance,
        ]),
      },
    },
    timeSeries({
      title: "How odd was each day?",
      days: result.days.map(day => day.date),
      y: { label: "Isolation score" },
      series: [{ label: "score", values: result.days.map(day => day.score) }],
      rollingDays: 1,
    }),
    {
      kind: "table",
      caption: "The ten oddest days",
      table: {
        columns: [
          { label: "Day" },
          { label: "Part" },
          { label: "Score", format: value => value.toFixed(3) },
          { label: "Mean delay", format: value => value.toFixed(1) },
          { label: "Late", format: value => formatPercent(value) },
          { label: "Flights", format: formatCount },
        ],
        rows: [...result.days]
          .sort((a, b) => b.score - a.score)
          .slice(0, 10)
          .map(day => [day.date, day.split, day.score, day.meanDelay, day.lateShare, day.flights]),
      },
    },
  ],
})

export const decisionsSection = (decisions: readonly Decision[]): Section => ({
  id: "decisions",
  title: "What was registered, and why",
  text: "May chooses the candidate. June decides: its gain over the baseline must lie above zero with its whole interval.",
  blocks: decisions.map(
    ({ task, candidate, gain, registered, version, reason }): Block => ({
      kind: "callout",
      tone: registered ? "good" : "warning",
      title: registered
        ? `${registeredNames[task]} version ${version}: ${candidate}`
        : `No ${registeredNames[task]}: ${candidate} stays out`,
      text: `Gain in ${gain.metric} on June: ${formatInterval(gain.estimate, gain.low, gain.high)}; ${reason}.`,
    }),
  ),
})
