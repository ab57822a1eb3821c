import { expect, test } from "vitest"
import { createFeatures } from "../src/features.ts"
import { predict, predictProba, taskOf } from "../src/model.ts"
import { everyModel, smallProblem } from "./samples.ts"

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

const models = await everyModel()

for (const [index, { model, features }] of models.entries()) {
  const name = `model ${index + 1}, ${model.kind} for ${taskOf(model)},`

  test(`${name} finds its columns by name, whatever their order and company`, () => {
    const more = { name: "unused", kind: "numeric", values: new Float64Array(features.rows) } as const
    const shuffled = createFeatures([more, ...features.columns.toReversed()])
    expect(predict(model, shuffled)).toEqual(predict(model, features))
  })

  test(`${name} refuses rows without one of its columns, and names it`, () => {
    const lacking = createFeatures(features.columns.slice(1))
    expect(() => predict(model, lacking)).toThrow(
      refusal(new RegExp(`"${features.columns[0].name}"; it is missing`)),
    )
  })

  test(`${name} refuses a text column where it learned numbers`, () => {
    const codes = new Int32Array(features.rows)
    const wrong = features.columns.map(column =>
      column.name === "hour"
        ? ({ name: "hour", kind: "categorical", codes, categories: ["a"] } as const)
        : column,
    )
    expect(() => predict(model, createFeatures(wrong))).toThrow(refusal(/"hour" is categorical/))
  })

  test(`${name} is plain data, frozen unless it is a boosted one`, () => {
    if (model.kind !== "boosting") {
      expect(Object.isFrozen(model)).toBe(true)
      expect(Object.isFrozen(model.features[0])).toBe(true)
    }
    expect(Object.getPrototypeOf(model)).toBe(Object.prototype)
  })

  test(`${name} predicts nothing for no rows`, () => {
    const none = createFeatures(
      features.columns.map(column =>
        column.kind === "numeric"
          ? { ...column, values: column.values.slice(0, 0) }
          : { ...column, codes: column.codes.slice(0, 0) },
      ),
    )
    expect(predict(model, none).length).toBe(0)
  })
}

test("labels are the probabilities above one half", () => {
  const { features } = smallProblem()
  const classifiers = models.filter(({ model }) => taskOf(model) === "classification")
  expect(classifiers.length).toBe(5)
  for (const { model } of classifiers) {
    const probability = predictProba(model, features)
    expect(predict(model, features)).toEqual(probability.map(p => (p > 0.5 ? 1 : 0)))
  }
})

test("a model that is no classifier has no probabilities", () => {
  const { features } = smallProblem()
  const ridge = models.find(({ model }) => model.kind === "ridge")
  expect(() => predictProba(ridge!.model, features)).toThrow(
    refusal(/ridge model for regression has no prob/),
  )
})

test("categories are matched by name: codes in another order, and unknown ones", () => {
  const { features } = smallProblem()
  const origin = features.columns[2]
  if (origin.kind !== "categorical") throw new Error("origin is categorical")
  const categories = ["SFO", "LAX", "ATL", "ORD"]
  const renamed = {
    ...origin,
    categories,
    codes: origin.codes.map(code => (code < 0 ? -1 : categories.indexOf(origin.categories[code]))),
  }
  const ridge = models.find(({ model }) => model.kind === "ridge")!.model
  const reordered = createFeatures([...features.columns.slice(0, 2), renamed])
  expect(predict(ridge, reordered)).toEqual(predict(ridge, features))
  const unseen = createFeatures([
    ...features.columns.slice(0, 2),
    { ...origin, categories: ["LAX"], codes: origin.codes.map(() => 0) },
  ])
  const outOfRange = createFeatures([
    ...features.columns.slice(0, 2),
    { ...origin, codes: origin.codes.map(() => 3) },
  ])
  expect(predict(ridge, unseen).every(Number.isFinite)).toBe(true)
  expect(() => predict(ridge, outOfRange)).toThrow(
    refusal(/"origin" has the code 3 at row 0; it has 3 categories/),
  )
})
