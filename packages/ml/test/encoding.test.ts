import fc from "fast-check"
import { expect, test } from "vitest"
import { decodeModel, decodeTransformer, encodeModel } from "../src/encoding.ts"
import { predict, taskOf } from "../src/model.ts"
import { fitStandardScaler } from "../src/preprocessing/standard-scaler.ts"
import { transform } from "../src/transformer.ts"
import { decodeTree, encodeTree } from "../src/tree-format.ts"
import { everyModel, smallProblem } from "./samples.ts"

const notAModel = expect.objectContaining({ code: "MODEL_FORMAT" })

const models = await everyModel()

for (const [index, { model, features }] of models.entries()) {
  test(`model ${index + 1}, ${model.kind} for ${taskOf(model)}, once decoded predicts bit for bit as before`, () => {
    const decoded = decodeModel(encodeModel(model))
    expect(decoded).toEqual(model)
    expect(Buffer.from(predict(decoded, features).buffer)).toEqual(
      Buffer.from(predict(model, features).buffer),
    )
  })
}

test("equal models have equal bytes, and arrays start at multiples of 16", async () => {
  const again = await everyModel()
  models.forEach(({ model }, i) => {
    const bytes = encodeModel(model)
    expect(bytes).toEqual(encodeModel(again[i].model))
    expect(bytes.length % 16).toBe(0)
  })
})

test("bytes may be a view that starts anywhere in its buffer", () => {
  const { model } = models[2]
  const bytes = encodeModel(model)
  const shifted = new Uint8Array(bytes.length + 3).subarray(3)
  shifted.set(bytes)
  expect(decodeModel(shifted)).toEqual(model)
})

test("any plain tree comes back as it was: NaN, -0, infinities, odd keys, every typed array", () => {
  const array = fc.oneof(
    fc.float64Array(),
    fc.float32Array(),
    fc.int32Array(),
    fc.uint32Array(),
    fc.int16Array(),
    fc.uint16Array(),
    fc.int8Array(),
    fc.uint8Array(),
    fc.bigInt64Array(),
    fc.bigUint64Array(),
  )
  const key = fc.oneof(fc.string(), fc.constantFrom("$array", "$number", "$$", "__proto__", "constructor"))
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { depthSize: "small" },
      fc.double(),
      fc.string({ unit: "binary" }),
      fc.boolean(),
      fc.constant(null),
      array,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(tree, value => {
      expect(decodeTree(encodeTree(value))).toEqual(value)
    }),
  )
})

test("numbers that JSON does not know come back as they were", () => {
  for (const value of [-0, 0, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, 0.1 + 0.2])
    expect(decodeTree(encodeTree({ value }))).toStrictEqual({ value })
})

test("every cut and every changed byte is found out", () => {
  const bytes = encodeModel(models[0].model)
  for (let length = 0; length < bytes.length; length++)
    expect(() => decodeModel(bytes.subarray(0, length))).toThrow(notAModel)
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at] ^= 4
    expect(() => decodeModel(changed)).toThrow(notAModel)
  }
})

test("bytes of another origin are refused with what they are", () => {
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: "MODEL_FORMAT", message: expect.stringMatching(message) })
  expect(() => decodeModel(new TextEncoder().encode("{}"))).toThrow(refusal(/2 bytes are not a model/))
  expect(() => decodeModel(encodeTree({ kind: "svm" }))).toThrow(refusal(/hold a "svm"/))
  expect(() => decodeModel(encodeTree([1, 2]))).toThrow(refusal(/tree without a kind/))
  expect(() => decodeModel(encodeTree({ kind: "toString" }))).toThrow(refusal(/"toString"/))
})

test("what is not plain data is refused by its path", () => {
  const invalid = expect.objectContaining({ message: expect.stringMatching(/model\.a\[1\]\.when/) })
  expect(() => encodeTree({ a: [0, { when: new Date(0) }] })).toThrow(invalid)
  expect(() => encodeTree({ a: [0, { when: () => 0 }] })).toThrow(invalid)
})

test("preprocessing steps are kept on their own too, and not taken for models", () => {
  const { features } = smallProblem()
  const scaler = fitStandardScaler({ features })
  const bytes = encodeModel(scaler)
  expect(transform(decodeTransformer(bytes), features)).toEqual(transform(scaler, features))
  expect(() => decodeModel(bytes)).toThrow(notAModel)
  expect(() => decodeTransformer(encodeModel(models[0].model))).toThrow(notAModel)
})
