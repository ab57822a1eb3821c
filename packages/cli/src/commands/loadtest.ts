import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { formatCount, formatNumber, formatPercent } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import type { Arrivals } from "@roadmap/serving/load/arrivals"
import { describeArrivals, loadPage, saturationPage } from "@roadmap/serving/load/page"
import { type LoadReport, runLoad } from "@roadmap/serving/load/run"
import { findSaturation, type Saturation } from "@roadmap/serving/load/saturation"
import type { CommandContext } from "../context.ts"
import { createLiveLine, type LiveLine } from "../live-line.ts"

interface LoadFlags {
  rate?: number
  rates?: string
  stepSeconds: number
  spike?: number
  spikeAt?: number
  spikeFor?: number
  poisson?: boolean
  seconds?: number
  warmup: number
  connections: number
  method?: string
  header?: readonly string[]
  body?: string
  bodies?: string
  timeout: number
  seed: number
  p99?: number
  from?: number
  to?: number
  report?: string
}

/**
 * `loadtest`: one run at the given arrivals, or with --p99 the search for the highest rate. Resolves to 1 when no request was
 * answered well, or no rate was held.
 */
export const loadtest = async (context: CommandContext, url: string, flags: LoadFlags): Promise<number> => {
  const load = {
    url,
    warmupSeconds: flags.warmup,
    connections: flags.connections,
    timeoutMs: flags.timeout,
    seed: flags.seed,
    headers: headersOf(flags.header ?? []),
    bodies: await bodiesOf(flags),
    ...(flags.method !== undefined && { method: flags.method.toUpperCase() }),
  }
  const page = resolve(flags.report ?? join(context.config.home, "reports", "loadtest", "index.html"))
  const generated = { command: "roadmap loadtest", at: new Date().toISOString(), seed: flags.seed }
  if (flags.p99 !== undefined) {
    const { rate, rates, spike } = flags
    if ([rate, rates, spike].some(given => given !== undefined))
      throw new RoadmapError("USAGE", "--p99 searches the rate; --rate, --rates and --spike give it.", {
        hint: "Limit the search with --from and --to.",
      })
    const found = await search(context, load, flags, flags.p99)
    await writeFileAtomic(page, saturationPage(found, generated))
    context.print({ ...found, page }, () => describeSaturation(context, found, page))
    return found.rate === null ? 1 : 0
  }
  const arrivals = arrivalsOf(flags)
  const seconds = flags.seconds ?? defaultSeconds(arrivals)
  const report = await withLine(context, line =>
    runLoad(
      { ...load, arrivals, seconds },
      {
        signal: context.signal,
        onProgress: ({ seconds: at, scheduled, ok, failed, waiting }) =>
          line.show(
            at < 0
              ? "warming up"
              : `${formatNumber(Math.min(at, seconds), { significant: 3 })} of ${formatNumber(seconds)} s: ${formatCount(scheduled)} due, ${formatCount(ok)} answered, ${formatCount(failed)} failed, ${formatCount(waiting)} waiting`,
          ),
      },
    ),
  )
  await writeFileAtomic(page, loadPage(report, generated))
  context.print({ ...report, page }, () => describe(context, report, page))
  return report.requests.ok === 0 ? 1 : 0
}

const withLine = async <T>(context: CommandContext, work: (line: LiveLine) => Promise<T>): Promise<T> => {
  const line = createLiveLine(context)
  try {
    return await work(line)
  } finally {
    line.end()
  }
}

const search = (
  context: CommandContext,
  load: Parameters<typeof findSaturation>[0] extends infer Options ? Omit<Options, "p99Ms"> : never,
  { seconds, from, to, poisson }: LoadFlags,
  p99Ms: number,
): Promise<Saturation> =>
  withLine(context, line =>
    findSaturation(
      {
        ...load,
        p99Ms,
        ...(seconds !== undefined && { probeSeconds: seconds }),
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        ...(poisson && { spacing: "poisson" }),
      },
      {
        signal: context.signal,
        onProbe: ({ rate, p99, limitedBy }) =>
          line.show(
            `${formatNumber(rate)}/s: p99 ${ms(p99)}, ${limitedBy === undefined ? "held" : `not held (${limitedBy})`}`,
          ),
      },
    ),
  )

const arrivalsOf = (flags: LoadFlags): Arrivals => {
  const { rate, rates, stepSeconds, spike, poisson } = flags
  const spacing = poisson ? "poisson" : "constant"
  if ((rate === undefined) === (rates === undefined))
    throw new RoadmapError(
      "USAGE",
      rate === undefined
        ? "How many requests a second?"
        : "--rate and --rates are two ways to say one thing.",
      {
        hint: "For example: --rate 500, or --rates 100,200,400, or --p99 50 to search the highest.",
      },
    )
  if (rates !== undefined) {
    const list = rates.split(",").map(Number)
    if (list.some(each => !(each > 0)))
      throw new RoadmapError("USAGE", `--rates "${rates}" is no list of rates.`, {
        hint: "For example: --rates 100,200,400",
      })
    return { kind: "step", rates: list, stepSeconds, spacing }
  }
  if (spike === undefined) return { kind: spacing, rate: rate! }
  return {
    kind: "spike",
    rate: rate!,
    peak: spike,
    atSeconds: flags.spikeAt ?? 10,
    forSeconds: flags.spikeFor ?? 5,
    spacing,
  }
}

const defaultSeconds = (arrivals: Arrivals): number => {
  if (arrivals.kind === "step") return arrivals.rates.length * arrivals.stepSeconds
  if (arrivals.kind === "spike") return 2 * arrivals.atSeconds + arrivals.forSeconds
  return 30
}

const headersOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map(line => {
      const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
      if (name === undefined)
        throw new RoadmapError("USAGE", "A --header has no name and value.", {
          hint: 'For example: --header "Content-Type: application/json"',
        })
      return [name, value]
    }),
  )

const bodiesOf = async ({ body, bodies }: LoadFlags): Promise<string[]> => {
  if (body !== undefined && bodies !== undefined)
    throw new RoadmapError("USAGE", "--body is one, --bodies are several.", { hint: "Give one of them." })
  const read = (file: string) =>
    readFile(file, "utf8").catch(error => {
      throw toRoadmapError(error)
    })
  if (bodies !== undefined) {
    const lines = (await read(bodies)).split("\n").filter(line => line.trim() !== "")
    if (lines.length === 0)
      throw new RoadmapError("FILE_EMPTY", `${bodies} holds no body.`, { hint: "Write one a line." })
    return lines
  }
  if (body === undefined) return []
  return [body.startsWith("@") ? await read(body.slice(1)) : body]
}

const ms = (value: number | null): string =>
  value === null ? "–" : `${formatNumber(value, { significant: 3 })} ms`

const describe = ({ colors, columns }: CommandContext, report: LoadReport, page: string): string => {
  const { requests, rate, latency, generator, errors } = report
  const paint = requests.failed === 0 ? colors.green : colors.yellow
  const table = textTable(
    {
      columns: [
        { label: "latency, ms" },
        ...(["p50", "p90", "p99", "p99.9", "max"] as const).map(label => ({ label })),
      ],
      rows: (["corrected", "naive"] as const).map(which => [
        which === "corrected" ? "from when it was due" : "from when it was sent",
        ...(["p50", "p90", "p99", "p999", "max"] as const).map(name => latency[which][name]),
      ]),
    },
    { width: columns },
  )
  const failed = Object.entries(errors)
    .filter(([, count]) => count > 0)
    .map(([failure, count]) => `${formatCount(count)} ${failure}`)
  return [
    paint(
      `${formatCount(requests.ok)} of ${formatCount(requests.scheduled)} requests answered well: ${formatNumber(rate.ok)}/s (${describeArrivals(report.arrivals)})`,
    ),
    table,
    failed.length === 0
      ? "No request failed."
      : `Failed: ${failed.join(", ")} (${formatPercent(requests.failed / requests.scheduled, { decimals: 2 })})`,
    `The generator took requests up ${ms(generator.lateMs.p99)} late at p99.`,
    page,
  ].join("\n")
}

const describeSaturation = ({ colors, columns }: CommandContext, found: Saturation, page: string): string => {
  const table = textTable(
    {
      columns: [
        { label: "rate, 1/s" },
        { label: "p50, ms" },
        { label: "p99, ms" },
        { label: "failed, %" },
        { label: "held" },
      ],
      rows: found.probes.map(({ rate, p50, p99, failedShare, limitedBy }) => [
        rate,
        p50,
        p99,
        failedShare * 100,
        limitedBy === undefined ? "yes" : `no: ${limitedBy}`,
      ]),
    },
    { width: columns },
  )
  const limit = `p99 under ${formatNumber(found.p99Ms)} ms`
  const verdict =
    found.rate === null
      ? colors.yellow(`No rate was held with ${limit}.`)
      : colors.green(
          `${formatCount(found.rate)} requests a second with ${limit}${found.limitedBy === "ceiling" ? ": the highest that was allowed" : ""}`,
        )
  return [table, verdict, page].join("\n")
}
