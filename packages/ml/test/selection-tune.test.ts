import { createRandom } from "@roadmap/core/random"
import { expect, test } from "vitest"
import { crossValidate } from "../src/selection/cross-validate.ts"
import type { EstimatorSpec } from "../src/selection/estimator.ts"
import { nestedCrossValidate } from "../src/selection/nested.ts"
import type { Configuration, Space } from "../src/selection/space.ts"
import type { Trial } from "../src/selection/trial.ts"
import { type TuneInput, tune } from "../src/selection/tune.ts"
import { kFold } from "../src/split/k-fold.ts"
import { mixedRows } from "./boosting-data.ts"
import { smallProblem } from "./samples.ts"

const { features, delay } = smallProblem(240)
const folds = [...kFold({ rows: 240, folds: 3, random: createRandom(2) })]
const space: Space = {
  learningRate: { kind: "log-uniform", low: 0.01, high: 1 },
  leaves: { kind: "integer", low: 2, high: 12 },
}
const boosting = ({ learningRate, leaves }: Configuration): EstimatorSpec => ({
  kind: "boosting",
  parameters: { trees: 8, learningRate: Number(learningRate), leaves: Number(leaves), minRowsPerLeaf: 5 },
})
const base = {
  features,
  target: delay,
  folds,
  space,
  method: { kind: "tpe", startup: 4 },
  metrics: ["rmse", "mae"],
  budget: { trials: 10 },
  random: createRandom(6),
  estimator: boosting,
} satisfies TuneInput
const timeless = (trials: readonly Trial[]) =>
  trials.map(({ startedAt: _start, seconds: _seconds, ...trial }) => trial)
const threads = () => process.getActiveResourcesInfo().filter(name => /MessagePort|Worker/.test(name)).length

test("trials are the same for one worker and two, and each is the cross-validation of its parameters", async () => {
  const one = await tune({ ...base, parallel: 2, workers: 1 })
  const two = await tune({ ...base, parallel: 2, workers: 2 })
  expect(timeless(two.trials)).toEqual(timeless(one.trials))
  const { value, metrics, parameters } = one.best
  expect(metrics.rmse).toBe(value)
  expect(value).toBe(Math.min(...one.trials.map(trial => trial.value!)))
  expect(one.trials[0].intermediate.map(({ step }) => step)).toEqual([1, 2, 3])
  // Boosting without sampling has no luck in it: any seed gives the same folds' scores.
  const again = await crossValidate({
    ...base,
    estimator: boosting(parameters),
    metrics: ["rmse", "mae"],
    workers: 1,
  })
  expect(again.metrics.rmse.mean).toBe(value)
  expect(again.metrics.mae.mean).toBe(metrics.mae)
})

test("a trial that lags behind after a fold is pruned, and its other folds are not fitted", async () => {
  const onePerRate = { rate: { kind: "choice", values: [0.3, 0.29, 0.28, 1e-4] } } as const
  const result = await tune({
    ...base,
    space: onePerRate,
    method: { kind: "grid" },
    budget: undefined,
    pruning: { startup: 3 },
    estimator: ({ rate }) => ({ kind: "boosting", parameters: { trees: 8, learningRate: Number(rate) } }),
    workers: 1,
  })
  expect(result.trials.map(({ state }) => state)).toEqual(["complete", "complete", "complete", "pruned"])
  expect(result.trials[3].intermediate.map(({ step }) => step)).toEqual([1])
})

test("with one fold, pruning looks at the loss after each tree, on any number of workers alike", async () => {
  const { features: rows, target } = mixedRows(600)
  const input: TuneInput = {
    ...base,
    features: rows,
    target,
    folds: [...kFold({ rows: 600, folds: 3 })].slice(0, 1),
    metrics: ["r2"],
    space: { rate: { kind: "choice", values: [0.3, 0.25, 0.2, 0.001] } },
    method: { kind: "grid" },
    budget: undefined,
    pruning: { startup: 3, warmupSteps: 3 },
    estimator: ({ rate }) => ({
      kind: "boosting",
      parameters: { trees: 60, learningRate: Number(rate) },
      validation: { fraction: 0.2 },
    }),
  }
  const one = await tune({ ...input, workers: 1 })
  expect(one.trials.map(({ state }) => state)).toEqual(["complete", "complete", "complete", "pruned"])
  expect(one.trials[3].intermediate.length).toBe(3)
  expect(one.trials[0].intermediate.length).toBe(60)
  expect(timeless((await tune({ ...input, workers: 2 })).trials)).toEqual(timeless(one.trials))
})

test("halving grants shares of the training rows, or trees", async () => {
  const seen: number[] = []
  const byRows = await tune({
    ...base,
    method: { kind: "halving", minResource: 1 / 9, maxResource: 1 },
    budget: undefined,
    workers: 1,
    metrics: ["rmse"],
    estimator: (parameters, resource) => {
      seen.push(resource!)
      return boosting(parameters)
    },
  })
  expect(seen.length).toBe(9 + 3 + 1)
  expect(byRows.best.resource).toBe(1)
  const { value, parameters } = byRows.best
  const whole = await crossValidate({
    ...base,
    estimator: boosting(parameters),
    metrics: ["rmse"],
    workers: 1,
  })
  expect(whole.metrics.rmse.mean).toBe(value)

  const byTrees = await tune({
    ...base,
    method: { kind: "halving", minResource: 3, maxResource: 27 },
    budget: undefined,
    resource: "estimator",
    workers: 1,
    estimator: (_, trees) => ({ kind: "boosting", parameters: { trees } }),
  })
  expect(byTrees.best.resource).toBe(27)
  await expect(
    tune({ ...base, method: { kind: "halving", minResource: 1, maxResource: 9 } }),
  ).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/maxResource is 9/),
  })
})

test("parameters that an estimator refuses fail their trial alone", async () => {
  const { trials, best } = await tune({
    ...base,
    space: { bins: { kind: "choice", values: [1, 16] } },
    method: { kind: "grid" },
    budget: undefined,
    estimator: ({ bins }) => ({ kind: "boosting", parameters: { trees: 2, bins: Number(bins) } }),
    workers: 2,
  })
  expect(trials.map(({ state }) => state)).toEqual(["failed", "complete"])
  expect(trials[0].error).toMatchObject({ code: "INVALID_INPUT" })
  expect(trials[0].error?.message).toMatch(/^Fold \d: .*bins is 1/)
  expect(best.parameters).toEqual({ bins: 16 })
})

test("an abort ends trials and threads at once", async () => {
  const before = threads()
  const endless = tune({
    ...base,
    parallel: 2,
    workers: 2,
    estimator: () => ({ kind: "boosting", parameters: { trees: 100_000 } }),
    signal: AbortSignal.timeout(400),
  })
  await expect(endless).rejects.toMatchObject({ code: "INTERRUPTED" })
  expect(threads()).toBeLessThanOrEqual(before)
})

test("nested cross-validation tunes without the rows it judges by", async () => {
  const outer = [...kFold({ rows: 240, folds: 3, random: createRandom(9) })]
  const run = (target: Float64Array, workers: number) =>
    nestedCrossValidate({
      ...base,
      target,
      outer,
      inner: train => kFold({ rows: train.length, folds: 2 }),
      method: { kind: "random" },
      budget: { trials: 4 },
      workers,
    })
  const result = await run(delay, 2)
  expect(result.chosen.length).toBe(3)
  expect(result.folds.length).toBe(3)
  expect(result.predicted.some(Number.isNaN)).toBe(false)
  expect(result.chosen).toEqual(result.searches.map(({ best }) => best.parameters))
  // Other targets in the first fold's test rows change its score, and nothing of its search.
  const changed = delay.slice()
  for (const row of outer[0].test) changed[row] += 100
  const other = await run(changed, 1)
  expect(timeless(other.searches[0].trials)).toEqual(timeless(result.searches[0].trials))
  expect(other.folds[0].scores.rmse).not.toBe(result.folds[0].scores.rmse)
  expect(other.searches[1].best.value).not.toBe(result.searches[1].best.value)
})
