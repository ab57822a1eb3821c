/**
 * Point-in-time joins on flights: twelve windowed features of four views; an as-of join of two latest values beside a
 * hand-written ASOF JOIN of DuckDB, pandas merge_asof and Feast's historical retrieval (its DuckDB offline store).
 * Feast gets 300,000 labels and, once, 1,000,000: for 3,000,000 its join spills more than 60 GB to disk.
 * Each task runs in a fresh process that opens its data first; systems alternate, medians over repetitions.
 * DuckDB and the second of ours write a table; pandas and Feast end with a data frame, the first of ours with columns.
 */
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"

const pandas = ["numpy==2.4.6", "pandas==3.1.1", "pyarrow==26.0.1"]
const feast = ["feast[duckdb]==0.67.0"]
const flights = join(import.meta.dirname, "..", "node_modules", "vega-datasets", "data", "flights-3m.parquet")

interface Ran {
  seconds: number
  peakMiB: number
  sum: number
}

export const run: BenchRun = async ({ quick, signal }) => {
  const { home } = loadConfig()
  const pythons = { pandas: await pythonWith(home, pandas), feast: await pythonWith(home, feast) }
  const folder = join(home, "bench", "features")
  await mkdir(folder, { recursive: true })
  const node = async (task: string, labels: number): Promise<Ran> => {
    const args = [join(import.meta.dirname, "work.ts"), task, folder, String(labels), flights]
    const { stdout, peakMiB } = await measure(process.execPath, args, {
      env: { PATH: process.env.PATH },
      signal,
    })
    return { ...JSON.parse(stdout), peakMiB }
  }
  const python = async (task: "pandas" | "feast", labels: number): Promise<Ran> => {
    const args = [join(import.meta.dirname, "peer.py"), task, folder, String(labels)]
    const env = { PATH: process.env.PATH, FEAST_USAGE: "False", HOME: folder }
    const { stdout, peakMiB } = await measure(pythons[task], args, { env, signal })
    return { ...JSON.parse(stdout.trim().split("\n").at(-1)!), peakMiB }
  }
  await node("prepare", 0)

  const all = quick ? 300_000 : 3_000_000
  const some = quick ? 30_000 : 300_000
  const more = quick ? 60_000 : 1_000_000
  const text = (labels: number) => `${labels.toLocaleString("en")} labels`
  const systems: { system: string; metric: string; go: () => Promise<Ran>; repetitions: number }[] = [
    {
      system: "roadmap",
      metric: `twelve windowed features, ${text(all)}`,
      go: () => node("twelve windows", all),
      repetitions: 5,
    },
    {
      system: "roadmap, columns",
      metric: `as-of join, ${text(all)}`,
      go: () => node("as-of join", all),
      repetitions: 5,
    },
    {
      system: "roadmap, table",
      metric: `as-of join, ${text(all)}`,
      go: () => node("as-of join to a table", all),
      repetitions: 5,
    },
    {
      system: "DuckDB ASOF, table",
      metric: `as-of join, ${text(all)}`,
      go: () => node("hand-written ASOF", all),
      repetitions: 5,
    },
    {
      system: "pandas merge_asof",
      metric: `as-of join, ${text(all)}`,
      go: () => python("pandas", all),
      repetitions: 5,
    },
    {
      system: "roadmap, columns",
      metric: `as-of join, ${text(some)}`,
      go: () => node("as-of join", some),
      repetitions: 3,
    },
    { system: "Feast", metric: `as-of join, ${text(some)}`, go: () => python("feast", some), repetitions: 3 },
    {
      system: "roadmap, columns",
      metric: `as-of join, ${text(more)}`,
      go: () => node("as-of join", more),
      repetitions: 3,
    },
    { system: "Feast", metric: `as-of join, ${text(more)}`, go: () => python("feast", more), repetitions: 1 },
  ]
  const runs = systems.map((): Ran[] => [])
  for (let repetition = 0; repetition < (quick ? 1 : 5); repetition++)
    for (const [index, { go, repetitions, system, metric }] of systems.entries()) {
      if (repetition >= repetitions) continue
      signal.throwIfAborted()
      const ran = await go()
      runs[index].push(ran)
      process.stderr.write(`${system}, ${metric}: ${ran.seconds.toFixed(2)} s\n`)
    }
  const of = (system: string, metric: string): Ran => {
    const index = systems.findIndex(each => each.system === system && each.metric === metric)
    return {
      seconds: median(runs[index].map(({ seconds }) => seconds)),
      peakMiB: median(runs[index].map(({ peakMiB }) => peakMiB)),
      sum: runs[index][0].sum,
    }
  }
  checkSameWork(systems.map(({ metric }, index) => ({ metric, sum: runs[index][0].sum })))
  const rows = systems.flatMap(({ system, metric }): BenchRow[] => {
    const { seconds, peakMiB } = of(system, metric)
    return [
      { system, metric, value: seconds, unit: "s" },
      { system, metric: `${metric}: peak memory`, value: peakMiB, unit: "MiB" },
    ]
  })
  const ratio = (a: string, b: string, labels: number) =>
    of(a, `as-of join, ${text(labels)}`).seconds / of(b, `as-of join, ${text(labels)}`).seconds
  return {
    bench: "features",
    machine: thisMachine(),
    rows,
    ratios: {
      "as-of join to columns / DuckDB ASOF": ratio("roadmap, columns", "DuckDB ASOF, table", all),
      "as-of join to a table / DuckDB ASOF": ratio("roadmap, table", "DuckDB ASOF, table", all),
      "as-of join to columns / pandas merge_asof": ratio("roadmap, columns", "pandas merge_asof", all),
      [`as-of join, ${text(some)} / Feast`]: ratio("roadmap, columns", "Feast", some),
      [`as-of join, ${text(more)} / Feast`]: ratio("roadmap, columns", "Feast", more),
    },
  }
}

/** All systems that did one piece of work must have found the same values. */
const checkSameWork = (found: readonly { metric: string; sum: number }[]): void => {
  for (const [metric, same] of Map.groupBy(found, each => each.metric)) {
    const [{ sum }] = same
    if (same.some(each => !(Math.abs(each.sum - sum) <= 1e-6 * Math.abs(sum))))
      throw new RoadmapError(
        "INTERNAL",
        `${metric}: the systems differ: ${same.map(each => each.sum).join(", ")}.`,
      )
  }
}
