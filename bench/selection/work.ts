/** This project's share of the bench, in a process of its own: a Work as JSON in, an Outcome out. */
import { createRandom } from "@roadmap/core/random"
import { createFeatures } from "@roadmap/ml/features"
import { crossValidate } from "@roadmap/ml/selection/cross-validate"
import { search } from "@roadmap/ml/selection/search"
import { kFold } from "@roadmap/ml/split/k-fold"
import { type Part, readPart } from "../estimators/data.ts"
import { testFunctions } from "./functions.ts"

export type Work =
  | { readonly task: "cross-validate"; readonly part: Part; readonly folds: number; readonly trees: number }
  | { readonly task: "search"; readonly trials: number; readonly seeds: number }

export interface Outcome {
  /** Of cross-validation on so many workers. */
  readonly seconds?: Readonly<Record<string, number>>
  /** Root mean square error over the folds. */
  readonly rmse?: number
  /** Per method and function: how far each seed's best value is above the least one. */
  readonly regrets?: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
  /** Per method: mean time of a trial, milliseconds. */
  readonly trialMs?: Readonly<Record<string, number>>
}

const validate = async ({
  part,
  folds,
  trees,
}: Extract<Work, { task: "cross-validate" }>): Promise<Outcome> => {
  const { values, target } = await readPart(part)
  const features = createFeatures(
    values.map((column, i) => ({ name: `x${i}`, kind: "numeric", values: column })),
  )
  const timed = async (workers: number): Promise<{ seconds: number; rmse: number }> => {
    const started = performance.now()
    const { metrics } = await crossValidate({
      estimator: { kind: "boosting", parameters: { trees } },
      features,
      target,
      folds: kFold({ rows: part.rows, folds }),
      metrics: ["rmse"],
      workers,
    })
    return { seconds: (performance.now() - started) / 1000, rmse: metrics.rmse.mean }
  }
  const seconds: Record<string, number> = { 1: Infinity, 2: Infinity }
  let rmse = Number.NaN
  for (let repetition = 0; repetition < 2; repetition++)
    for (const workers of [1, 2]) {
      const run = await timed(workers)
      seconds[workers] = Math.min(seconds[workers], run.seconds)
      rmse = run.rmse
    }
  return { seconds, rmse }
}

const compare = async ({ trials, seeds }: Extract<Work, { task: "search" }>): Promise<Outcome> => {
  const regrets: Record<string, Record<string, number[]>> = { random: {}, tpe: {} }
  const trialMs: Record<string, number> = {}
  for (const kind of ["random", "tpe"] as const) {
    const started = performance.now()
    for (const [name, { space, least, value }] of Object.entries(testFunctions)) {
      regrets[kind][name] = []
      for (let seed = 0; seed < seeds; seed++) {
        const { best } = await search({
          space,
          method: { kind },
          direction: "minimize",
          budget: { trials },
          random: createRandom(seed),
          objective: ({ parameters }) => value(parameters),
        })
        regrets[kind][name].push(best.value! - least)
      }
    }
    trialMs[kind] = (performance.now() - started) / (Object.keys(testFunctions).length * seeds * trials)
  }
  return { regrets, trialMs }
}

const work: Work = JSON.parse(process.argv[2])
process.stdout.write(JSON.stringify(work.task === "search" ? await compare(work) : await validate(work)))
