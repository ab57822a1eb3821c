/**
 * Ridge, logistic regression, k-means, isolation forest, PCA, isotonic curve and target encoder beside
 * scikit-learn, with the threads it takes by itself and with one. Systems alternate, each in a fresh process
 * that fits few rows, then all of them twice, and keeps the faster time: the first fit of a process mostly
 * measures how the machine hands out memory. Reading the data is not timed. Medians over processes.
 */
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"
import { makeData, type Shape } from "./data.ts"
import type { Outcome } from "./work.ts"

const peers = ["numpy==2.4.6", "scikit-learn==1.9.1"]
const linear = ["ridge", "logistic"]
const all = [
  ...linear,
  "k-means, given start, 30 iterations",
  "k-means, two k-means++ starts",
  "isolation forest, fit and score",
  "PCA",
  "isotonic curve",
  "target encoder, cross-fitted",
]
const oneThread = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" }
const systems = ["roadmap", "scikit-learn", "scikit-learn, one thread"] as const

export const run: BenchRun = async ({ quick, signal }) => {
  const home = loadConfig().home
  const python = await pythonWith(home, peers)
  const stored: Shape = quick ? { rows: 100_000, columns: 20 } : { rows: 2_000_000, columns: 30 }
  const folder = join(home, "bench", `estimators-${stored.rows}x${stored.columns}`)
  await makeData(folder, stored)
  const cases = quick
    ? [{ ...stored, tasks: all }]
    : [
        { rows: 1_000_000, columns: 20, tasks: all },
        { ...stored, tasks: linear },
      ]
  const rows: BenchRow[] = []
  const ratios: Record<string, number> = {}
  for (const part of cases) {
    const size = `${part.rows.toLocaleString("en")} x ${part.columns}`
    const outcomes = new Map<string, Record<string, Outcome>[]>(systems.map(system => [system, []]))
    for (let repetition = 0; repetition < (quick ? 1 : 2); repetition++) {
      for (const system of systems) {
        signal.throwIfAborted()
        const input = JSON.stringify({ ...part, folder, stored })
        const [program, script] = system === "roadmap" ? [process.execPath, "work.ts"] : [python, "peer.py"]
        const env = { PATH: process.env.PATH, ...(system === "scikit-learn, one thread" ? oneThread : {}) }
        const { stdout } = await measure(program, [join(import.meta.dirname, script), input], { env, signal })
        outcomes.get(system)!.push(JSON.parse(stdout))
      }
      process.stderr.write(`${size}: repetition ${repetition + 1}\n`)
    }
    for (const task of part.tasks) {
      const middle = (system: string, metric: keyof Outcome): number =>
        median(outcomes.get(system)!.map(outcome => outcome[task][metric]))
      for (const system of systems) {
        rows.push({ system, metric: `${task}, ${size}`, value: middle(system, "seconds"), unit: "s" })
        rows.push({
          system,
          metric: `${task}, ${size}: objective`,
          value: middle(system, "objective"),
          unit: "",
        })
        if (system !== "roadmap")
          ratios[`${task}, ${size} / ${system}`] = middle("roadmap", "seconds") / middle(system, "seconds")
      }
      ratios[`${task}, ${size}: objective`] =
        middle("roadmap", "objective") / middle("scikit-learn", "objective")
    }
  }
  return { bench: "estimators", machine: thisMachine(), rows, ratios }
}
