/**
 * Gradient boosting beside LightGBM, XGBoost and scikit-learn on the flights features: every fit in a fresh
 * process, systems alternating, medians. Growth over rows, features and threads against LightGBM.
 */
import { existsSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"
import { rowPredictions } from "./single-row.ts"
import { type Outcome, type System, systems, type Work } from "./work.ts"

const peers = [
  "numpy==2.4.6",
  "scikit-learn==1.9.1",
  "lightgbm==4.7.0",
  "xgboost-cpu==3.2.0",
  "duckdb==2.0.0",
]
const flights = join(import.meta.dirname, "..", "node_modules", "vega-datasets", "data", "flights-3m.parquet")

interface Case {
  name: string
  work: Omit<Work, "folder" | "system">
  systems: readonly System[]
}

export const run: BenchRun = async ({ quick, signal }) => {
  const home = loadConfig().home
  const python = await pythonWith(home, peers)
  const folder = join(home, "bench", "boosting")
  await mkdir(folder, { recursive: true })
  if (!existsSync(join(folder, "shape.json"))) {
    process.stderr.write("Making the flights features …\n")
    await measure(python, [join(import.meta.dirname, "flights.py"), flights, folder], { signal })
  }
  const repetitions = quick ? 1 : 3
  const rows: BenchRow[] = []
  const ratios: Record<string, number> = {}
  for (const { name, work, systems: compared } of cases(quick)) {
    const outcomes = new Map<System, Outcome[]>(compared.map(system => [system, []]))
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const system of compared) {
        signal.throwIfAborted()
        outcomes.get(system)!.push(await fitOnce(python, { ...work, folder, system }, signal))
      }
      process.stderr.write(`${name}: ${repetition + 1} of ${repetitions}\n`)
    }
    const middle = (system: System, metric: keyof Outcome): number =>
      median(outcomes.get(system)!.map(outcome => outcome[metric] ?? Number.NaN))
    for (const [metric, unit] of metrics) {
      for (const system of compared) {
        const value = middle(system, metric)
        if (!Number.isNaN(value)) rows.push({ system, metric: `${name}: ${metric}`, value, unit })
      }
      for (const system of compared) {
        const ratio = middle("roadmap", metric) / middle(system, metric)
        if (system !== "roadmap" && !Number.isNaN(ratio)) ratios[`${name}: ${metric} / ${system}`] = ratio
      }
    }
  }
  rows.push(...(await rowPredictions(folder)))
  return { bench: "boosting", machine: thisMachine(), rows, ratios }
}

const metrics: [keyof Outcome, string][] = [
  ["fit", "s"],
  ["predict", "s"],
  ["peakMiB", "MiB"],
  ["quality", ""],
]

const cases = (quick: boolean): Case[] => {
  const plain = { features: 11, threads: 2, trees: quick ? 10 : 100, variant: "plain" } as const
  const all = quick ? 100_000 : 2_400_000
  const some = quick ? 30_000 : 300_000
  const pair = ["roadmap", "lightgbm"] as const
  const squared = { ...plain, loss: "squared" } as const
  const logistic = { ...plain, loss: "logistic" } as const
  return [
    {
      name: "squared",
      work: { ...squared, rows: all },
      systems: systems.filter(name => name !== "roadmap typescript"),
    },
    {
      name: "logistic",
      work: { ...logistic, rows: all },
      systems: systems.filter(name => name !== "roadmap typescript"),
    },
    {
      name: "one thread",
      work: { ...squared, rows: all, threads: 1 },
      systems: ["roadmap", "roadmap typescript", "lightgbm", "scikit-learn"],
    },
    ...[10_000, 30_000, 100_000, 300_000, 1_000_000]
      .filter(rows => rows < all)
      .map(rows => ({ name: `${rows} rows`, work: { ...squared, rows }, systems: pair })),
    ...[5, 50, 200].flatMap(features => [
      { name: `${features} features`, work: { ...squared, features, rows: some }, systems: pair },
      { name: `${features} features, logistic`, work: { ...logistic, features, rows: some }, systems: pair },
    ]),
    { name: "4 threads", work: { ...squared, rows: all, threads: 4 }, systems: pair },
    ...(["weights", "sampling", "missing", "categories"] as const).map(variant => ({
      name: variant,
      work: { ...squared, variant, rows: some },
      systems: pair,
    })),
  ]
}

const fitOnce = async (python: string, work: Work, signal: AbortSignal): Promise<Outcome> => {
  const isOurs = work.system.startsWith("roadmap")
  const script = join(import.meta.dirname, isOurs ? "fit.ts" : "peer.py")
  const { stdout } = await measure(isOurs ? process.execPath : python, [script, JSON.stringify(work)], {
    signal,
  })
  return JSON.parse(stdout) as Outcome
}
