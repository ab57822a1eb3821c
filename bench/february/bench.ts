/** The whole of `roadmap run feb` beside the same work in pandas and scikit-learn; an unchanged run; the start of the command. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"

const peers = ["numpy==2.4.6", "pandas==3.1.1", "pyarrow==26.0.1", "scikit-learn==1.9.1"]
const program = join(import.meta.dirname, "..", "..", "packages", "cli", "bin", "roadmap.js")
const flights = join(import.meta.dirname, "..", "node_modules", "vega-datasets", "data", "flights-3m.parquet")

export const run: BenchRun = async ({ quick, signal }) => {
  const python = await pythonWith(loadConfig().home, peers)
  const sample = quick ? 20 : 1
  const repetitions = quick ? 1 : 2
  const ours: { seconds: number; peakMiB: number; unchanged: number; metrics: Record<string, number> }[] = []
  const theirs: { seconds: number; peakMiB: number; metrics: Record<string, number> }[] = []
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const home = await mkdtemp(join(tmpdir(), "bench-february-"))
    try {
      const args = [program, "run", "feb", "--json", "--sample", String(sample)]
      const env = { ...childEnvironment, ROADMAP_HOME: home }
      const first = await measure(process.execPath, args, { env, signal })
      const second = await measure(process.execPath, args, { env, signal })
      ours.push({ ...first, unchanged: second.seconds, metrics: JSON.parse(first.stdout).labs[0].metrics })
    } finally {
      await rm(home, { recursive: true, force: true })
    }
    const peer = await measure(python, [join(import.meta.dirname, "peer.py"), flights, String(sample)], {
      signal,
    })
    theirs.push({ ...peer, metrics: JSON.parse(peer.stdout) })
  }
  const starts: number[] = []
  for (let i = 0; i < 7; i++)
    starts.push((await measure(process.execPath, [program, "list"], { signal })).seconds)

  const [us, them] = [ours, theirs].map(runs => ({
    seconds: median(runs.map(each => each.seconds)),
    peakMiB: median(runs.map(each => each.peakMiB)),
  }))
  const quality = [
    "delay/boosting/rmse/test",
    "delay/ridge/rmse/test",
    "late/boosting/log_loss/test",
    "late/logistic/log_loss/test",
  ]
  const rows: BenchRow[] = [
    { system: "roadmap", metric: "whole run", value: us.seconds, unit: "s" },
    { system: "pandas + scikit-learn", metric: "whole run", value: them.seconds, unit: "s" },
    { system: "roadmap", metric: "peak memory", value: us.peakMiB, unit: "MiB" },
    { system: "pandas + scikit-learn", metric: "peak memory", value: them.peakMiB, unit: "MiB" },
    {
      system: "roadmap",
      metric: "unchanged run",
      value: median(ours.map(each => each.unchanged)),
      unit: "s",
    },
    { system: "roadmap", metric: "start of `list`", value: median(starts) * 1000, unit: "ms" },
    ...quality.flatMap((name): BenchRow[] => [
      { system: "roadmap", metric: name, value: ours[0].metrics[name], unit: "" },
      { system: "pandas + scikit-learn", metric: name, value: theirs[0].metrics[name], unit: "" },
    ]),
  ]
  return {
    bench: "february",
    machine: thisMachine(),
    rows,
    ratios: {
      "whole run": us.seconds / them.seconds,
      "peak memory": us.peakMiB / them.peakMiB,
      ...Object.fromEntries(quality.map(name => [name, ours[0].metrics[name] / theirs[0].metrics[name]])),
    },
  }
}

/** Only what a program needs to start: no setting of this shell may reach the measured run. */
const childEnvironment = { PATH: process.env.PATH }
