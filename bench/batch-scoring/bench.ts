/**
 * Batch scoring beside LightGBM with pandas: flights with a key and eleven numbers, from one Parquet file to Parquet, by 200
 * trees of 31 leaves on all cores. Each system has a model of its own of this shape, fitted on the same 300,000 rows
 * (not measured), because neither reads the other's. Fresh processes, alternating, medians. "Job" is from loaded
 * libraries to the finished output; this project's holds the manifest, checksums and fsync too. "Process" is all of it.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { type Measured, measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"

const requirements = ["lightgbm==4.7.0", "numpy==2.4.6", "pandas==3.1.1", "pyarrow==25.0.0"]
const flights = join(import.meta.dirname, "..", "node_modules", "vega-datasets", "data", "flights-3m.parquet")
const systems = ["roadmap", "LightGBM and pandas"] as const

interface Outcome {
  job: number
  process: number
  peakMiB: number
}

export const run: BenchRun = async ({ quick, signal }) => {
  const sizes = quick
    ? { rows: 200_000, trees: 20, repetitions: 1 }
    : { rows: 3_000_000, trees: 200, repetitions: 5 }
  const home = await mkdtemp(join(tmpdir(), "bench-batch-"))
  try {
    const python = await pythonWith(loadConfig().home, requirements)
    const settings = { ...sizes, home, flights, source: join(home, "source.parquet") }
    const start = (system: (typeof systems)[number], task: string, more = {}): Promise<Measured> => {
      const isOurs = system === "roadmap"
      const script = join(import.meta.dirname, isOurs ? "work.ts" : "peer.py")
      const argument = JSON.stringify({ ...settings, ...more, task })
      return measure(isOurs ? process.execPath : python, [script, argument], { signal })
    }
    await start("roadmap", "prepare")
    for (const system of systems) await start(system, "fit")
    const outcomes = new Map<string, Outcome[]>(systems.map(system => [system, []]))
    for (let repetition = 0; repetition < sizes.repetitions; repetition++) {
      for (const system of systems) {
        signal.throwIfAborted()
        const measured = await start(system, "score", { out: join(home, `${system[0]}-${repetition}`) })
        const { seconds, rows } = JSON.parse(measured.stdout) as { seconds: number; rows: number }
        if (rows !== sizes.rows) throw new RoadmapError("INTERNAL", `${system} wrote ${rows} rows.`)
        outcomes.get(system)!.push({ job: seconds, process: measured.seconds, peakMiB: measured.peakMiB })
      }
      process.stderr.write(`repetition ${repetition + 1} of ${sizes.repetitions}\n`)
    }
    const middle = (system: string, which: keyof Outcome) =>
      median(outcomes.get(system)!.map(outcome => outcome[which]))
    const what = `${sizes.rows.toLocaleString("en")} rows, ${sizes.trees} trees`
    const ratio = (which: keyof Outcome) => middle(systems[0], which) / middle(systems[1], which)
    return {
      bench: "batch-scoring",
      machine: thisMachine(),
      rows: systems.flatMap((system): BenchRow[] => [
        { system, metric: `${what}: job`, value: middle(system, "job"), unit: "s" },
        { system, metric: `${what}: process`, value: middle(system, "process"), unit: "s" },
        { system, metric: `${what}: rows scored`, value: sizes.rows / middle(system, "job"), unit: "rows/s" },
        { system, metric: `${what}: peak memory`, value: middle(system, "peakMiB"), unit: "MiB" },
      ]),
      ratios: {
        "job / LightGBM and pandas": ratio("job"),
        "process / LightGBM and pandas": ratio("process"),
        "peak memory / LightGBM and pandas": ratio("peakMiB"),
      },
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}
