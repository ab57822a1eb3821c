import { formatCount, formatNumber, formatPercent } from "@roadmap/report/format"
import { type Block, renderPage, type Section, type SummaryItem } from "@roadmap/report/page"
import { lineChart } from "@roadmap/report/plots/line-chart"
import type { Arrivals } from "./arrivals.ts"
import { failures } from "./dispatch.ts"
import type { LoadReport } from "./run.ts"
import type { Saturation } from "./saturation.ts"

/** A load run as one page that needs no network. `generated` says where it comes from. */
export const loadPage = (report: LoadReport, generated: Record<string, string | number>): string =>
  renderPage({
    title: "Load test",
    subtitle: `${report.method} ${report.url}: ${describeArrivals(report.arrivals)}, ${formatNumber(report.seconds)} s, ${formatCount(report.connections)} connections.`,
    summary: loadSummary(report),
    sections: loadSections(report),
    generated,
  })

/** A search for saturation as one page. */
export const saturationPage = (found: Saturation, generated: Record<string, string | number>): string =>
  renderPage({
    title: "Saturation",
    subtitle: `${found.url}: the highest rate with a corrected p99 under ${formatNumber(found.p99Ms)} ms.`,
    summary: [
      { label: "Highest rate", value: found.rate === null ? "none" : `${formatCount(found.rate)}/s` },
      { label: "Limited by", value: found.limitedBy },
      { label: "Probes", value: formatCount(found.probes.length) },
    ],
    sections: [saturationSection(found)],
    generated,
  })

export const loadSummary = ({ requests, rate, latency, generator }: LoadReport): SummaryItem[] => [
  {
    label: "Answered",
    value: `${formatNumber(rate.ok)}/s`,
    note: `${formatNumber(rate.scheduled)}/s were due`,
  },
  { label: "p50", value: ms(latency.corrected.p50), note: `from sending: ${ms(latency.naive.p50)}` },
  { label: "p99", value: ms(latency.corrected.p99), note: `from sending: ${ms(latency.naive.p99)}` },
  {
    label: "Failed",
    value: formatCount(requests.failed),
    note:
      requests.scheduled === 0
        ? undefined
        : formatPercent(requests.failed / requests.scheduled, { decimals: 2 }),
  },
  { label: "Generator late, p99", value: ms(generator.lateMs.p99) },
]

/** Sections for pages that tell of more than one run; `id` begins the sections' ids. */
export const loadSections = (report: LoadReport, id = "load"): Section[] => [
  {
    id: `${id}-latency`,
    title: "Latency",
    text: "*Corrected* latency counts from the moment a request was due, *naive* latency from the moment it was sent. When the server is slow, requests that are due must wait for a connection: only the corrected figures hold that wait, as users feel it.",
    blocks: [distributionPlot(report), percentilesTable(report)],
  },
  { id: `${id}-time`, title: "Over time", blocks: overTime(report) },
  { id: `${id}-errors`, title: "Errors and statuses", blocks: errorBlocks(report) },
]

export const saturationSection = (found: Saturation, id = "saturation"): Section => {
  const byRate = found.probes.toSorted((a, b) => a.rate - b.rate)
  return {
    id,
    title: "Rates that were tried",
    blocks: [
      lineChart({
        title: "Latency by rate of arrivals",
        id: `${id}-rates`,
        x: { label: "requests a second", scale: "log" },
        y: { label: "corrected latency, ms", scale: "log" },
        series: (["p50", "p99"] as const).map(which => ({
          label: which,
          x: byRate.map(({ rate }) => rate),
          y: byRate.map(probe => probe[which] ?? Number.NaN),
        })),
        markers: [{ axis: "y", value: found.p99Ms, label: `limit ${formatNumber(found.p99Ms)} ms` }],
      }),
      {
        kind: "table",
        caption: "Probes in the order they were run",
        table: {
          columns: ["Rate, 1/s", "p50, ms", "p99, ms", "Failed, %", "Generator late p99, ms", "Held"].map(
            label => ({ label }),
          ),
          rows: found.probes.map(probe => [
            probe.rate,
            probe.p50,
            probe.p99,
            probe.failedShare * 100,
            probe.lateP99,
            probe.limitedBy === undefined ? "yes" : `no: ${probe.limitedBy}`,
          ]),
        },
      },
    ],
  }
}

export const describeArrivals = (arrivals: Arrivals): string => {
  const rate = (value: number) => `${formatNumber(value)}/s`
  switch (arrivals.kind) {
    case "constant":
      return `constant arrivals at ${rate(arrivals.rate)}`
    case "poisson":
      return `Poisson arrivals at ${rate(arrivals.rate)}`
    case "step":
      return `steps of ${formatNumber(arrivals.stepSeconds)} s: ${arrivals.rates.map(rate).join(", ")}`
    case "spike":
      return `${rate(arrivals.rate)} with a spike of ${rate(arrivals.peak)} from ${formatNumber(arrivals.atSeconds)} s on, ${formatNumber(arrivals.forSeconds)} s long`
  }
}

const ms = (value: number | null): string => (value === null ? "–" : `${formatNumber(value)} ms`)

/** Rarity on a log axis: every decade of it is one more nine. */
const distributionPlot = ({ distribution }: LoadReport): Block => {
  const shown = distribution.filter(({ share }) => share < 1)
  const rarity = shown.map(({ share }) => 1 / (1 - share))
  return lineChart({
    title: "Latency by percentile",
    id: "latency-by-percentile",
    x: {
      label: "one request in … is slower",
      scale: "log",
      format: value => formatCount(value),
    },
    y: { label: "latency, ms", scale: "log" },
    series: [
      { label: "corrected", x: rarity, y: shown.map(point => point.corrected) },
      { label: "naive", x: rarity, y: shown.map(point => point.naive) },
    ],
    note: "10 is p90, 100 is p99, 1,000 is p99.9.",
  })
}

const percentilesTable = ({ latency }: LoadReport): Block => {
  const rows = (["min", "mean", "p50", "p75", "p90", "p95", "p99", "p999", "max"] as const).map(name => [
    name === "p999" ? "p99.9" : name,
    latency.corrected[name],
    latency.naive[name],
  ])
  return {
    kind: "table",
    caption: "Latency in milliseconds",
    table: { columns: [{ label: "" }, { label: "corrected" }, { label: "naive" }], rows },
    note: "Known to 0.4 %. Requests without an answer in time count with the time they were waited for.",
  }
}

const overTime = ({ slices }: LoadReport): Block[] => {
  const x = slices.map(({ fromSeconds }) => fromSeconds)
  const perSecond = (count: "scheduled" | "ok") =>
    slices.map(slice => slice[count] / (slice.toSeconds - slice.fromSeconds))
  return [
    lineChart({
      title: "Corrected latency by when requests were due",
      id: "latency-over-time",
      x: { label: "seconds" },
      y: { label: "latency, ms", scale: "log" },
      series: (["p50", "p99", "max"] as const).map(which => ({
        label: which,
        x,
        y: slices.map(slice => slice[which] ?? Number.NaN),
      })),
    }),
    lineChart({
      title: "Requests a second by when they were due",
      id: "rate-over-time",
      x: { label: "seconds" },
      y: { label: "requests a second" },
      series: [
        { label: "due", x, y: perSecond("scheduled") },
        { label: "answered well", x, y: perSecond("ok") },
      ],
    }),
  ]
}

const errorBlocks = ({ errors, statuses, requests }: LoadReport): Block[] => {
  const statusTable: Block = {
    kind: "table",
    caption: "Answers by status",
    table: {
      columns: [{ label: "Status" }, { label: "Answers" }],
      rows: Object.entries(statuses).map(([status, count]) => [status, count]),
    },
  }
  if (requests.failed === 0)
    return [{ kind: "callout", tone: "good", title: "No request failed." }, statusTable]
  return [
    {
      kind: "table",
      caption: "Failed requests by kind",
      table: {
        columns: [{ label: "Kind" }, { label: "Requests" }, { label: "What it means" }],
        rows: failures.flatMap(failure =>
          errors[failure] > 0 ? [[failure, errors[failure], meanings[failure]]] : [],
        ),
      },
    },
    statusTable,
  ]
}

const meanings: Record<(typeof failures)[number], string> = {
  connect: "no connection could be made",
  timeout: "sent, and not answered in time",
  unsent: "no connection came free in time",
  status: "an answer outside 200 to 299",
  reset: "the connection ended before the whole answer",
  protocol: "what came was no HTTP/1.1 answer",
}
