import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatNumber } from "@roadmap/report/format"
import type { Section } from "@roadmap/report/page"
import { lineChart } from "@roadmap/report/plots/line-chart"
import { type loadTest, promisedMs, type WayLoad, ways } from "../load.ts"

/** By rate. A rate that failed was tried twice: the better one counts, because one slow second is not a limit. */
const probesOf = ({ saturation }: WayLoad) =>
  [...Map.groupBy(saturation.probes, ({ rate }) => rate).values()]
    .map(
      tries =>
        tries.toSorted(
          (a, b) => (a.p99 ?? Number.POSITIVE_INFINITY) - (b.p99 ?? Number.POSITIVE_INFINITY),
        )[0],
    )
    .sort((a, b) => a.rate - b.rate)

const curve = (measured: readonly WayLoad[], which: "p50" | "p99") =>
  lineChart({
    title: `Latency over rates: ${which}`,
    x: { label: "requests a second", scale: "log", format: formatCount },
    y: { label: "corrected latency, ms", scale: "log" },
    series: measured.map(one => ({
      label: ways[one.way],
      x: probesOf(one).map(({ rate }) => rate),
      y: probesOf(one).map(probe => probe[which] ?? Number.NaN),
    })),
    markers: which === "p99" ? [{ axis: "y", value: promisedMs, label: `promised: ${promisedMs} ms` }] : [],
    note: "Constant arrivals; each point is a probe of its own. Those above the promise are rates that were not held.",
  })

export const loadSection = ({
  model,
  processors,
  probeSeconds,
  measured,
}: StepResultOf<typeof loadTest>): Section => ({
  id: "load",
  title: "How fast, and until when?",
  text:
    `${model} behind one server process with its prediction log on; requests come when they come, whether or not the server keeps up, ` +
    `and latency counts from when they were due. The load generator and the server shared ${processors} processors; probes of ${probeSeconds} s.`,
  blocks: [
    curve(measured, "p99"),
    curve(measured, "p50"),
    {
      kind: "table",
      caption: `The highest rate with a p99 of at most ${promisedMs} ms, and latency at half of it`,
      table: {
        columns: [
          { label: "Way" },
          { label: "Requests a second", format: formatCount },
          { label: "Rows a second", format: formatCount },
          { label: "Limited by" },
          { label: "p50, ms" },
          { label: "p99, ms" },
          { label: "p99 from sending, ms" },
          { label: "Failed", format: formatCount },
        ],
        rows: measured.map(({ way, rowsEach, saturation, half }) => [
          ways[way],
          saturation.rate,
          saturation.rate === null ? null : saturation.rate * rowsEach,
          saturation.limitedBy,
          half.latency.corrected.p50,
          half.latency.corrected.p99,
          half.latency.naive.p99,
          half.requests.failed,
        ]),
      },
      note: "Latency at half load is of Poisson arrivals. From sending: what a generator sees that waits for answers before it sends on.",
    },
  ],
})

export const overloadSection = ({ spike, logged }: StepResultOf<typeof loadTest>): Section => {
  const { slices, requests, statuses, latency } = spike
  const x = slices.map(({ fromSeconds }) => fromSeconds)
  return {
    id: "overload",
    title: "A second of too much",
    text:
      "Half of the rate that was held, and for one second three times as much as was held. A server that queues everything stays slow long after; " +
      "one that refuses what it cannot do answers the rest in time.",
    blocks: [
      lineChart({
        title: "Latency in and after the spike",
        x: { label: "seconds" },
        y: { label: "corrected latency, ms", scale: "log" },
        series: (["p50", "p99"] as const).map(which => ({
          label: which,
          x,
          y: slices.map(slice => slice[which] ?? Number.NaN),
        })),
      }),
      {
        kind: "table",
        caption: "Answers by status",
        table: {
          columns: [{ label: "Status" }, { label: "Answers", format: formatCount }],
          rows: Object.entries(statuses),
        },
        note: `${formatCount(requests.scheduled)} requests, ${formatCount(requests.failed)} without a prediction; p99 of all ${formatNumber(latency.corrected.p99 ?? Number.NaN)} ms.`,
      },
      {
        kind: "callout",
        tone: logged.lost === 0 ? "info" : "bad",
        title: `Of all probes together the prediction log took ${formatCount(logged.recorded)} rows and dropped ${formatCount(logged.dropped)}`,
        text: "Dropped rows were answered; there was no room to keep them. They are counted, and no request waited for the log.",
      },
    ],
  }
}
