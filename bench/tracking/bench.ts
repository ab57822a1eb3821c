/**
 * Tracking: 100,000 metric points on a real MLflow server, through this project's client and through MLflow's own Python
 * client (both in batches of 1,000), one call each, and in the embedded store; and the memory of an upload of 1 GB.
 * Systems alternate, each in a fresh process; one server, started here. Medians over repetitions.
 */
import { closeSync, mkdirSync, openSync, rmSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { startService, stopService } from "@roadmap/services/service"
import { measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"
import type { Work } from "./work.ts"

const peers = ["mlflow-skinny==3.17.2"]

export const run: BenchRun = async ({ quick, signal }) => {
  const home = join(loadConfig().home, "bench", "tracking")
  const python = await pythonWith(loadConfig().home, peers)
  const [metrics, singles, repetitions] = quick ? [5_000, 100, 1] : [100_000, 1_000, 3]
  const bytes = quick ? 50_000_000 : 1_000_000_000
  const running = await startService("mlflow", { home, starter: "native", signal })
  try {
    const server = running.variables.MLFLOW_TRACKING_URI
    const measured = async (
      system: "here" | "python",
      work: Work,
    ): Promise<{ seconds: number; peakMiB: number }> => {
      signal.throwIfAborted()
      const [program, script] = system === "here" ? [process.execPath, "work.ts"] : [python, "peer.py"]
      const args = [join(import.meta.dirname, script), JSON.stringify(work)]
      const { stdout, peakMiB } = await measure(program, args, { signal })
      return { seconds: JSON.parse(stdout).seconds, peakMiB }
    }
    const times: Record<string, number[]> = { batches: [], python: [], singles: [], embedded: [] }
    for (let repetition = 0; repetition < repetitions; repetition++) {
      times.batches.push((await measured("here", { server, metrics, batch: 1_000 })).seconds)
      times.python.push((await measured("python", { server, metrics, batch: 1_000 })).seconds)
      times.embedded.push((await measured("here", { metrics, batch: 1_000 })).seconds)
      times.singles.push((await measured("here", { server, metrics: singles, batch: 1 })).seconds)
      process.stderr.write(`repetition ${repetition + 1}\n`)
    }
    const memory = await uploadMemory(home, bytes, upload => measured("here", { server, upload }))
    const [batches, viaPython, embedded] = [times.batches, times.python, times.embedded].map(median)
    const single = median(times.singles) / singles
    const points = `${metrics.toLocaleString("en")} points`
    const rows: BenchRow[] = [
      { system: "roadmap, MLflow server, 1,000 a call", metric: points, value: batches, unit: "s" },
      { system: "MlflowClient (Python), 1,000 a call", metric: points, value: viaPython, unit: "s" },
      { system: "roadmap, MLflow server, one a call", metric: "one point", value: single * 1000, unit: "ms" },
      { system: "roadmap, embedded store", metric: points, value: embedded, unit: "s" },
      ...memory.rows,
    ]
    return {
      bench: "tracking",
      machine: thisMachine(),
      rows,
      ratios: {
        "batches / MlflowClient": batches / viaPython,
        "batches / one call each, a point": batches / metrics / single,
        "embedded / server": embedded / batches,
        "memory of the upload / 100 MB": memory.extraMiB / 95.4,
      },
    }
  } finally {
    await stopService("mlflow", { home })
    rmSync(home, { recursive: true, force: true })
  }
}

/** Peak memory of a process that uploads a file of so many bytes, less that of one that uploads a single byte. */
const uploadMemory = async (
  home: string,
  bytes: number,
  upload: (file: string) => Promise<{ seconds: number; peakMiB: number }>,
): Promise<{ rows: BenchRow[]; extraMiB: number }> => {
  mkdirSync(home, { recursive: true })
  const fileOf = (size: number) => {
    const file = join(home, `upload-${size}.bin`)
    closeSync(openSync(file, "w"))
    truncateSync(file, size)
    return file
  }
  const small = await upload(fileOf(1))
  const large = await upload(fileOf(bytes))
  const extraMiB = large.peakMiB - small.peakMiB
  const system = "roadmap, MLflow server"
  const what = `upload of ${(bytes / 1e6).toLocaleString("en")} MB`
  return {
    extraMiB,
    rows: [
      { system, metric: `${what}, hashed first`, value: large.seconds, unit: "s" },
      { system, metric: `${what}: memory above an upload of one byte`, value: extraMiB, unit: "MiB" },
    ],
  }
}
