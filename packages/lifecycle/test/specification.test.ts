import { expect, test } from "vitest"
import { defineTraining, specificationKey, type TrainingSpecification } from "../src/train/specification.ts"
import { sampleSpecification } from "./samples.ts"

const refused = (change: object): string => {
  try {
    defineTraining({ ...sampleSpecification, ...change } as TrainingSpecification)
  } catch (error) {
    return (error as Error).message
  }
  return "accepted"
}

test("a sound specification is given back as it is", () => {
  expect(defineTraining(sampleSpecification)).toBe(sampleSpecification)
})

test.each([
  ["a field that nobody reads", { epochs: 3 }, /epochs/],
  ["a metric that does not exist", { metrics: ["rsme"] }, /"rsme" is no metric; there are rmse/],
  ["no metric", { metrics: [] }, /metric that decides/],
  ["an estimator that does not exist", { estimator: { kind: "forest" } }, /estimator\.kind/],
  [
    "a regression decided by a probability",
    { metrics: ["log_loss"] },
    /log_loss is computed from a probability/,
  ],
  [
    "a classification decided by a value",
    { task: "classification", metrics: ["rmse"] },
    /rmse is computed from a value/,
  ],
  [
    "a parameter both fixed and varied",
    { space: { trees: { kind: "integer", low: 1, high: 9 } } },
    /trees of the estimator is fixed already/,
  ],
  [
    "test periods out of order",
    { folds: { testFrom: ["2001-03-01", "2001-02-01"], purgeHours: 0 } },
    /ascending/,
  ],
  ["a period that is no date", { folds: { testFrom: ["March"], purgeHours: 0 } }, /ISO 8601/],
  ["a purge before the test", { folds: { testFrom: ["2001-03-01"], purgeHours: -1 } }, /purgeHours/],
  [
    "an empty range",
    { space: { leaves: { kind: "integer", low: 9, high: 2 } } },
    /leaves: the range 9\.\.2 is empty/,
  ],
])("%s is refused", (_, change, message) => {
  expect(refused(change)).toMatch(message)
})

test("every wrong part is named at once", () => {
  const message = refused({ model: "", seed: -1 })
  expect(message).toMatch(/model/)
  expect(message).toMatch(/seed/)
})

test("the key is that of the content, not of the order of fields", () => {
  const { seed, ...rest } = sampleSpecification
  expect(specificationKey({ seed, ...rest })).toBe(specificationKey(sampleSpecification))
  expect(specificationKey({ ...rest, seed: seed + 1 })).not.toBe(specificationKey(sampleSpecification))
})
