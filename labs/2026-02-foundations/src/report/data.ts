import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatPercent } from "@roadmap/report/format"
import type { Block, Section } from "@roadmap/report/page"
import { barChart } from "@roadmap/report/plots/bar-chart"
import { histogram } from "@roadmap/report/plots/histogram"
import { timeSeries } from "@roadmap/report/plots/time-series"
import type { ingestFlights } from "../ingest.ts"
import type { profileFlights } from "../profile.ts"
import type { SplitSummary } from "../split.ts"

type Ingested = StepResultOf<typeof ingestFlights>
type Profile = StepResultOf<typeof profileFlights>

export const dataQuality = (ingested: Ingested, profile: Profile): Section => ({
  id: "data",
  title: "Data quality",
  text:
    `The file was read under the contract in \`contract.ts\`. Rows that break a rule went to \`quarantine.flights\` with their ` +
    `reasons; ${formatCount(ingested.rows)} of ${formatCount(ingested.received)} rows are in \`silver.flights\`.`,
  blocks: [
    ingested.rejected === 0
      ? { kind: "callout", tone: "good", title: "No row was rejected." }
      : {
          kind: "callout",
          tone: "info",
          title: `${formatCount(ingested.rejected)} rows in quarantine (${formatPercent(ingested.rejected / ingested.received, { decimals: 4 })})`,
          text: ingested.reasons
            .filter(reason => reason.rows > 0)
            .map(reason => `- ${reason.text}`)
            .join("\n"),
        },
    {
      kind: "text",
      text: `No row broke: ${ingested.reasons
        .filter(reason => reason.rows === 0)
        .map(reason => `\`${reason.reason}\``)
        .join(", ")}.`,
    },
    {
      kind: "table",
      caption: "Expectations on the whole file",
      table: {
        columns: [
          { label: "Expectation" },
          { label: "Found" },
          { label: "Least" },
          { label: "Most" },
          { label: "Met" },
        ],
        rows: ingested.expectations.map(({ name, value, min, max, met }) => [
          name,
          value,
          min,
          max,
          met ? "yes" : "no",
        ]),
      },
    },
    profileBlock(profile),
  ],
})

const profileBlock = ({ columns }: Profile): Block => ({
  kind: "table",
  caption: "Columns of silver.flights",
  table: {
    columns: [
      { label: "Column" },
      { label: "Type" },
      { label: "Nulls", format: formatCount },
      { label: "Distinct", format: formatCount },
      { label: "Least" },
      { label: "Mean" },
      { label: "Most" },
    ],
    rows: columns.columns.map(column => [
      column.name,
      column.type,
      column.nulls,
      column.distinct,
      column.min,
      column.mean === null ? null : column.mean.toFixed(2),
      column.max,
    ]),
  },
})

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

export const distributions = (profile: Profile, splits: readonly SplitSummary[]): Section => ({
  id: "distributions",
  title: "Distributions",
  text: "Most flights are a little early; a few are very late. Squared error listens to those few.",
  blocks: [
    histogram({
      title: "Arrival delay",
      x: { label: "Minutes late" },
      edges: profile.delays.edges,
      series: [{ label: "flights", counts: profile.delays.counts }],
      markers: [{ axis: "x", value: 15, label: "late from 15" }],
      note: `${formatCount(profile.delays.below)} flights lie below and ${formatCount(profile.delays.above)} above the picture.`,
    }),
    {
      kind: "pair",
      plots: [
        barChart({
          title: "Mean delay by hour of departure",
          valueLabel: "Mean delay, minutes",
          categoryLabel: "Hour",
          orientation: "vertical",
          bars: profile.byHour.map(({ group, meanDelay }) => ({ label: String(group), value: meanDelay })),
          note: "Few flights leave between 1 and 4 at night, and those that do are late ones.",
        }),
        barChart({
          title: "Mean delay by weekday",
          valueLabel: "Mean delay, minutes",
          categoryLabel: "Weekday",
          orientation: "vertical",
          bars: profile.byWeekday.map(({ group, meanDelay }) => ({
            label: weekdays[group],
            value: meanDelay,
          })),
        }),
      ],
    },
    timeSeries({
      title: "Mean delay by day",
      days: profile.byDay.map(day => day.date),
      y: { label: "Mean delay, minutes" },
      series: [{ label: "mean delay", values: profile.byDay.map(day => day.meanDelay) }],
      periods: splits.map(({ split, first, last }) => ({ from: first, to: last, label: split })),
    }),
    {
      kind: "table",
      caption: "The twenty airports with most departures",
      table: {
        columns: [
          { label: "Airport" },
          { label: "Flights", format: formatCount },
          { label: "Mean delay, minutes", format: value => value.toFixed(1) },
          { label: "Late", format: value => formatPercent(value) },
        ],
        rows: profile.airports.map(({ airport, flights, meanDelay, lateShare }) => [
          airport,
          flights,
          meanDelay,
          lateShare,
        ]),
      },
    },
  ],
})

export const splitSection = (splits: readonly SplitSummary[]): Section => ({
  id: "split",
  title: "Split by time",
  text: "The model learns from the past and is judged on the future, as it will be used. The months differ: that is part of the task.",
  blocks: [
    {
      kind: "table",
      caption: "Training, validation and test rows",
      table: {
        columns: [
          { label: "Part" },
          { label: "Rows", format: formatCount },
          { label: "Days", format: formatCount },
          { label: "From" },
          { label: "To" },
          { label: "Mean delay", format: value => value.toFixed(2) },
          { label: "Late", format: value => formatPercent(value) },
        ],
        rows: splits.map(each => [
          each.split,
          each.rows,
          each.days,
          each.first,
          each.last,
          each.meanDelay,
          each.lateShare,
        ]),
      },
    },
  ],
})
