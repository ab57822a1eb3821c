/**
 * The load generator against a server of known behaviour: how late it sends at which rate, from one core; and whether its
 * percentiles are true. The truth of a server that stalls for a second is calculated (the arrivals and the server simulated in
 * virtual time). The peer is the same run seen from when requests were sent, as a closed loop reports it. Generator and
 * server are pinned to a core each where `taskset` is there.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { createRandom } from "@roadmap/core/random"
import { createSchedule } from "@roadmap/serving/load/arrivals"
import { createHistogram, type Percentiles, percentilesOf } from "@roadmap/serving/load/histogram"
import type { LoadOptions, LoadReport } from "@roadmap/serving/load/run"
import type { KnownServer } from "@roadmap/serving/testing/known-server"
import { simulateLoad } from "@roadmap/serving/testing/simulated-load"
import { measure } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"

const work = fileURLToPath(new URL("./work.ts", import.meta.url))
const knownServer = fileURLToPath(import.meta.resolve("@roadmap/serving/testing/known-server"))

export const run: BenchRun = async ({ quick, signal }) => {
  const sizes = quick ? { seconds: 1, repetitions: 1 } : { seconds: 10, repetitions: 3 }
  const pinned = (await succeeds("taskset", ["-c", "1", "true"])) ? ["taskset", "-c"] : undefined
  const load = async (behaviour: KnownServer, options: Omit<LoadOptions, "url">): Promise<LoadReport> => {
    await using server = await startServer(behaviour, pinned && [...pinned, "1"])
    const [program, ...args] = [
      ...(pinned ? [...pinned, "0"] : []),
      process.execPath,
      work,
      JSON.stringify({ ...options, url: server.url }),
    ]
    return JSON.parse((await measure(program, args, { signal })).stdout) as LoadReport
  }
  const rows: BenchRow[] = []
  const system = "roadmap"
  for (const rate of quick ? [5_000] : [5_000, 10_000, 20_000, 30_000, 40_000]) {
    const reports: LoadReport[] = []
    for (let repetition = 0; repetition < sizes.repetitions; repetition++)
      reports.push(
        await load({}, { arrivals: { kind: "poisson", rate }, seconds: sizes.seconds, connections: 64 }),
      )
    const add = (metric: string, unit: string, value: (report: LoadReport) => number | null) =>
      rows.push({
        system,
        metric: `${rate.toLocaleString("en")} requests/s: ${metric}`,
        value: median(reports.map(report => value(report) ?? Number.NaN)),
        unit,
      })
    add("answered", "1/s", report => report.rate.ok)
    add("late, p50", "ms", report => report.generator.lateMs.p50)
    add("late, p99", "ms", report => report.generator.lateMs.p99)
    add("late, largest", "ms", report => report.generator.lateMs.max)
    add("latency, p99", "ms", report => report.latency.corrected.p99)
    process.stderr.write(`${rate} requests/s\n`)
  }

  const stall = quick
    ? { stallAfterMs: 700, stallMs: 300, rate: 500, seconds: 2 }
    : { stallAfterMs: 5_000, stallMs: 1_000, rate: 1_000, seconds: 10 }
  const connections = quick ? 4 : 64
  const arrivals = { kind: "constant", rate: stall.rate } as const
  const found = await load(stall, { arrivals, seconds: stall.seconds, warmupSeconds: 0, connections })
  const truth = stallTruth({ ...stall, connections })
  const shown = ["p50", "p90", "p95", "p99", "p999"] as const
  const what = `${stall.rate} requests/s, one stall of ${stall.stallMs} ms in ${stall.seconds} s`
  const figures: Record<string, Percentiles> = {
    "calculated truth": truth,
    [system]: found.latency.corrected,
    "closed-loop view": found.latency.naive,
  }
  for (const [name, percentiles] of Object.entries(figures))
    for (const which of shown)
      rows.push({
        system: name,
        metric: `${what}: ${which}`,
        value: percentiles[which] ?? Number.NaN,
        unit: "ms",
      })
  const over = (percentiles: Percentiles, which: "p95" | "p99") => percentiles[which]! / truth[which]!
  return {
    bench: "load-generator",
    machine: thisMachine(),
    rows,
    ratios: {
      "stall, p95 / truth": over(found.latency.corrected, "p95"),
      "stall, p99 / truth": over(found.latency.corrected, "p99"),
      "stall, closed-loop p99 / truth": over(found.latency.naive, "p99"),
    },
  }
}

/** What a perfect generator would report of a server that answers at once but for its stall. */
const stallTruth = (stall: {
  stallAfterMs: number
  stallMs: number
  rate: number
  seconds: number
  connections: number
}): Percentiles => {
  const next = createSchedule({ kind: "constant", rate: stall.rate }, createRandom(0))
  const arrivals = Array.from({ length: stall.rate * stall.seconds }, next)
  const end = stall.stallAfterMs + stall.stallMs
  const instant = 0.05
  const histogram = createHistogram()
  const answeredAt = (sent: number) =>
    Math.max(sent, sent >= stall.stallAfterMs && sent < end ? end : sent) + instant
  for (const { intended, ended } of simulateLoad(arrivals, { connections: stall.connections, answeredAt }))
    histogram.record(ended - intended)
  return percentilesOf(histogram)
}

const startServer = async (behaviour: KnownServer, pin: readonly string[] | undefined) => {
  const [program, ...args] = [...(pin ?? []), process.execPath, knownServer, JSON.stringify(behaviour)]
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
  const [{ port }] = (await once(child, "message")) as [{ port: number }]
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL")
      await once(child, "exit")
    },
  }
}

const succeeds = (program: string, args: readonly string[]): Promise<boolean> =>
  measure(program, args).then(
    () => true,
    () => false,
  )
