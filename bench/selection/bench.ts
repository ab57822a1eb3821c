/**
 * Model selection: how much faster cross-validation is on two workers than on one, beside scikit-learn with
 * LightGBM (one thread a fit in both), and how near TPE comes to the least value of four functions in as many
 * trials as Optuna's TPE and as random search. Quality is the mean over functions and seeds of the logarithm
 * of the regret, so a ratio of regrets is a geometric mean.
 */
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { makeData } from "../estimators/data.ts"
import { measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"
import type { Outcome, Work } from "./work.ts"

const peers = ["numpy==2.4.6", "scikit-learn==1.9.1", "lightgbm==4.7.0", "optuna==5.0.0"]

export const run: BenchRun = async ({ quick, signal }) => {
  const home = loadConfig().home
  const python = await pythonWith(home, peers)
  const stored = { rows: quick ? 20_000 : 150_000, columns: 20 }
  const folder = join(home, "bench", `selection-${stored.rows}x${stored.columns}`)
  await makeData(folder, stored)
  const both = async (work: Work): Promise<[Outcome, Outcome]> => {
    const input = JSON.stringify(work)
    const env = { PATH: process.env.PATH, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" }
    const run = async (program: string, script: string): Promise<Outcome> => {
      const { stdout } = await measure(program, [join(import.meta.dirname, script), input], { env, signal })
      return JSON.parse(stdout)
    }
    return [await run(process.execPath, "work.ts"), await run(python, "peer.py")]
  }
  const rows: BenchRow[] = []
  const ratios: Record<string, number> = {}

  const part = { ...stored, folder, stored }
  const folds = await both({ task: "cross-validate", part, folds: 6, trees: quick ? 20 : 100 })
  folds.forEach(({ seconds, rmse }, i) => {
    const system = ["roadmap", "scikit-learn with lightgbm"][i]
    for (const workers of [1, 2])
      rows.push({ system, metric: `6 folds, ${workers} workers`, value: seconds![workers], unit: "s" })
    rows.push({ system, metric: "6 folds: rmse", value: rmse!, unit: "" })
  })
  const [own, other] = folds.map(({ seconds }) => seconds!)
  ratios["cross-validation: two workers / one"] = own[2] / own[1]
  ratios["cross-validation on two workers / scikit-learn with lightgbm"] = own[2] / other[2]

  const [ours, theirs] = await both({ task: "search", trials: quick ? 40 : 100, seeds: quick ? 5 : 30 })
  const systems = {
    random: ours.regrets!.random,
    roadmap: ours.regrets!.tpe,
    optuna: theirs.regrets!.tpe,
  }
  const logs: Record<string, number> = {}
  for (const [system, regrets] of Object.entries(systems)) {
    for (const [name, values] of Object.entries(regrets))
      rows.push({ system, metric: `${name}: median regret`, value: median(values), unit: "" })
    logs[system] = meanLog(Object.values(regrets).flat())
  }
  rows.push({ system: "roadmap", metric: "TPE trial", value: ours.trialMs!.tpe, unit: "ms" })
  rows.push({ system: "optuna", metric: "TPE trial", value: theirs.trialMs!.tpe, unit: "ms" })
  ratios["TPE regret / random search"] = Math.exp(logs.roadmap - logs.random)
  ratios["TPE regret / optuna"] = Math.exp(logs.roadmap - logs.optuna)
  ratios["TPE trial time / optuna"] = ours.trialMs!.tpe / theirs.trialMs!.tpe
  for (const [name, values] of Object.entries(systems.roadmap))
    ratios[`${name}: TPE regret / optuna`] = Math.exp(meanLog(values) - meanLog(systems.optuna[name]))
  return { bench: "selection", machine: thisMachine(), rows, ratios }
}

/** The least values are known to six digits only. */
const meanLog = (regrets: readonly number[]): number =>
  regrets.reduce((sum, regret) => sum + Math.log(Math.max(regret, 1e-6)) / regrets.length, 0)
