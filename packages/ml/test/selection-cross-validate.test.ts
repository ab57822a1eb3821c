import { createRandom } from "@roadmap/core/random"
import { describe, expect, test } from "vitest"
import { fitRidge } from "../src/linear/ridge.ts"
import { metrics } from "../src/metrics/catalog.ts"
import { predictProba } from "../src/model.ts"
import { takeRows, takeValues } from "../src/rows.ts"
import { type CrossValidation, crossValidate, validateFolds } from "../src/selection/cross-validate.ts"
import { type EstimatorSpec, fitEstimator } from "../src/selection/estimator.ts"
import { type FoldRunner, openRunner } from "../src/selection/pool.ts"
import { kFold } from "../src/split/k-fold.ts"
import { repeatedFolds } from "../src/split/repeated.ts"
import { timeSeriesFolds } from "../src/split/time-series.ts"
import { completeFeatures, smallProblem } from "./samples.ts"

const { features, delay, late } = smallProblem(240)
const weights = Float64Array.from(delay, (_, row) => 1 + (row % 3))
const boosting: EstimatorSpec = { kind: "boosting", parameters: { trees: 6, leaves: 6, rowFraction: 0.8 } }
const regressors: EstimatorSpec[] = [
  { kind: "constant", task: "regression" },
  { kind: "ridge", parameters: { alpha: 2 } },
  boosting,
  {
    kind: "boosting",
    parameters: { trees: 30, leaves: 8, earlyStopping: 3 },
    validation: { fraction: 0.2, rows: "last" },
  },
  {
    kind: "pipeline",
    steps: [{ step: "imputer" }, { step: "target-encoder" }, { step: "standard-scaler" }],
    estimator: { kind: "ridge" },
  },
]
const classifiers: EstimatorSpec[] = [
  { kind: "constant", task: "classification" },
  { kind: "logistic", parameters: { C: 0.5 } },
  { kind: "boosting", parameters: { loss: "logistic", trees: 5 } },
  { kind: "calibrated", base: { kind: "logistic" }, method: "sigmoid", holdout: { fraction: 0.3 } },
]

/** Everything but the clock. */
const timeless = ({ folds, seconds: _, ...rest }: CrossValidation) => ({
  ...rest,
  folds: folds.map(({ fitSeconds: _fit, predictSeconds: _predict, ...fold }) => fold),
})
const threads = () => process.getActiveResourcesInfo().filter(name => /MessagePort|Worker/.test(name)).length
const refusal = (message: RegExp) => ({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

test("every estimator gives the same numbers to the last bit on one worker and on two", async () => {
  const before = threads()
  for (const [target, names, estimators] of [
    [delay, ["rmse", "mae"], regressors],
    [late, ["log_loss", "roc_auc"], classifiers],
  ] as const) {
    const rows = { features, target, weights }
    await using two = openRunner(rows, 2)
    await using one = openRunner(rows, 1)
    for (const estimator of estimators) {
      const run = (runner: FoldRunner) =>
        validateFolds(runner, {
          ...rows,
          estimatorOf: () => estimator,
          folds: kFold({ rows: 240, folds: 4, random: createRandom(3) }),
          metrics: names,
          trainScores: true,
          random: createRandom(5),
        })
      expect(timeless(await run(two))).toEqual(timeless(await run(one)))
    }
  }
  expect(threads()).toBeLessThanOrEqual(before)
})

test("a fold's score is that of a model fitted on its training rows alone", async () => {
  const folds = [...kFold({ rows: 240, folds: 3 })]
  const result = await crossValidate({
    estimator: { kind: "logistic" },
    features,
    target: late,
    folds,
    metrics: ["brier"],
    workers: 1,
  })
  const expected = new Float64Array(240)
  for (const [i, { train, test: tested }] of folds.entries()) {
    const model = await fitEstimator({
      estimator: { kind: "logistic" },
      features: takeRows(features, train),
      target: takeValues(late, train),
    })
    const response = predictProba(model, takeRows(features, tested))
    tested.forEach((row, place) => {
      expected[row] = response[place]
    })
    expect(result.folds[i].scores.brier).toBe(metrics.brier.compute(takeValues(late, tested), response))
  }
  expect(result.predicted).toEqual(expected)
  const mean = result.folds.reduce((sum, { scores }) => sum + scores.brier / 3, 0)
  expect(result.metrics.brier.mean).toBeCloseTo(mean, 14)
})

test("a function fits in the calling thread, and gives what the same estimator as data gives", async () => {
  const shared = {
    features,
    target: delay,
    folds: kFold({ rows: 240, folds: 3 }),
    metrics: ["rmse"],
  } as const
  const byFunction = await crossValidate({ ...shared, estimator: rows => fitRidge(rows) })
  const byData = await crossValidate({ ...shared, estimator: { kind: "ridge" }, workers: 3 })
  expect(timeless(byFunction)).toEqual(timeless(byData))
  await expect(
    crossValidate({ ...shared, estimator: rows => fitRidge(rows), workers: 2 }),
  ).rejects.toMatchObject(refusal(/function cannot be sent/))
})

test("rows that no fold tests have no out-of-fold prediction; those tested twice have the mean", async () => {
  const shared = {
    features,
    target: delay,
    metrics: ["rmse"],
    estimator: { kind: "ridge" },
    workers: 1,
  } as const
  const forward = await crossValidate({ ...shared, folds: timeSeriesFolds({ rows: 240, folds: 2 }) })
  expect(forward.predicted.slice(0, 80).every(Number.isNaN)).toBe(true)
  expect(forward.predicted.slice(80).some(Number.isNaN)).toBe(false)
  expect(Array.from(forward.timesTested.slice(78, 82))).toEqual([0, 0, 1, 1])

  const split = (random = createRandom(1)) => kFold({ rows: 240, folds: 3, random })
  const folds = [...repeatedFolds({ repeats: 2, split })]
  const twice = await crossValidate({ ...shared, folds })
  const [one, two] = await Promise.all(
    [folds.slice(0, 3), folds.slice(3)].map(some => crossValidate({ ...shared, folds: some })),
  )
  expect(twice.timesTested.every(times => times === 2)).toBe(true)
  expect(twice.predicted).toEqual(one.predicted.map((value, row) => (value + two.predicted[row]) / 2))
})

test("early stopping looks at held-out training rows, and the trees it kept are told", async () => {
  const { folds } = await crossValidate({
    estimator: {
      kind: "boosting",
      parameters: { trees: 200, leaves: 31, minRowsPerLeaf: 2, earlyStopping: 2 },
      validation: { fraction: 0.25 },
    },
    features,
    target: delay,
    folds: kFold({ rows: 240, folds: 2, random: createRandom(1) }),
    metrics: ["rmse"],
    workers: 1,
  })
  for (const { trees } of folds) expect(trees).toBeLessThan(200)
})

test("isolation forest scores rank planted oddities", async () => {
  const complete = completeFeatures(features)
  const target = Uint8Array.from(delay, (_, row) => (row % 20 === 3 ? 1 : 0))
  const odd = {
    rows: 240,
    columns: complete.columns.map(column =>
      column.kind === "numeric"
        ? { ...column, values: Float64Array.from(column.values, (v, row) => v + 1e4 * target[row]) }
        : column,
    ),
  }
  const { metrics: scores } = await crossValidate({
    estimator: { kind: "isolation-forest", parameters: { trees: 50 } },
    features: odd,
    target,
    folds: kFold({ rows: 240, folds: 3 }),
    metrics: ["roc_auc"],
    workers: 1,
  })
  expect(scores.roc_auc.mean).toBe(1)
})

describe("the workers", () => {
  const endless: EstimatorSpec = { kind: "boosting", parameters: { trees: 100_000 } }
  const shared = { features, target: delay, metrics: ["rmse"] } as const

  test("progress counts folds, and an abort ends them at once", async () => {
    const done: number[] = []
    const folds = kFold({ rows: 240, folds: 5 })
    const onProgress = (progress: { done: number; total?: number }) => {
      expect(progress.total).toBe(5)
      done.push(progress.done)
    }
    await crossValidate({ ...shared, estimator: boosting, folds, workers: 2, onProgress })
    expect(done).toEqual([1, 2, 3, 4, 5])
    const before = threads()
    for (const workers of [1, 2]) {
      const signal = AbortSignal.timeout(300)
      await expect(
        crossValidate({ ...shared, estimator: endless, folds, workers, signal }),
      ).rejects.toMatchObject({ code: "INTERRUPTED" })
    }
    expect(threads()).toBeLessThanOrEqual(before)
  })

  test("a refusal names its fold and ends the other fits", async () => {
    const target = delay.map((value, row) => (row === 5 ? Number.NaN : value))
    const folds = kFold({ rows: 240, folds: 3 })
    for (const workers of [1, 2])
      await expect(
        crossValidate({ ...shared, target, estimator: { kind: "ridge" }, folds, workers }),
      ).rejects.toMatchObject(refusal(/^Fold \d: .*NaN/))
  })

  test("one that dies fails its fit with WORKER_DIED, and the next fit gets another", async () => {
    await using runner = openRunner({ features, target: delay }, 2)
    const [fold] = kFold({ rows: 240, folds: 2 })
    const task = { ...fold, metrics: ["rmse"] as const, seed: 1, trainScores: false }
    const fits = [1, 2].map(() => runner.run({ ...task, estimator: endless }))
    const died = Promise.all(
      fits.map(fit => expect(fit).rejects.toMatchObject({ code: "WORKER_DIED", retryable: true })),
    )
    await Promise.all(runner.threads().map(worker => worker.terminate()))
    await died
    const outcome = await runner.run({ ...task, estimator: { kind: "ridge" } })
    expect(outcome.predicted.length).toBe(fold.test.length)
  })
})

test("bad requests are refused with what is wrong", async () => {
  const shared = {
    features,
    target: delay,
    metrics: ["rmse"],
    folds: kFold({ rows: 240, folds: 2 }),
    estimator: { kind: "ridge" },
    workers: 1,
  } as const
  const rows = (...values: number[]) => Int32Array.from(values)
  const refusals: [() => Promise<unknown>, RegExp][] = [
    [() => crossValidate({ ...shared, target: delay.slice(1) }), /target has 239 values; .* 240/],
    [() => crossValidate({ ...shared, metrics: [] }), /no metrics/],
    [() => crossValidate({ ...shared, metrics: ["rmsle" as "rmse"] }), /no metric "rmsle"/],
    [() => crossValidate({ ...shared, folds: [] }), /no folds/],
    [() => crossValidate({ ...shared, folds: [{ train: rows(1, 2), test: rows(2, 3) }] }), /row 2 in both/],
    [
      () => crossValidate({ ...shared, folds: [{ train: rows(1, 240), test: rows(2) }] }),
      /training row 240 of 240/,
    ],
    [() => crossValidate({ ...shared, folds: [{ train: rows(1), test: rows() }] }), /no test rows/],
    [() => crossValidate({ ...shared, workers: 0 }), /workers is 0/],
    [() => crossValidate({ ...shared, estimator: { kind: "rigde" } as never }), /"rigde"/],
    [
      () =>
        crossValidate({
          ...shared,
          estimator: { kind: "boosting", validation: { fraction: 1 } },
        }),
      /fraction of 1 of 120 rows/,
    ],
  ]
  for (const [refused, message] of refusals) await expect(refused()).rejects.toMatchObject(refusal(message))
})
