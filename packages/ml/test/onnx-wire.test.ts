import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import fc from "fast-check"
import { expect, test } from "vitest"
import { fitRidge } from "../src/linear/ridge.ts"
import { toOnnx } from "../src/onnx/export.ts"
import { feedOf } from "../src/onnx/feed.ts"
import { notesOf } from "../src/onnx/notes.ts"
import { loadOnnxRuntime, type OnnxRuntime } from "../src/onnx/onnxruntime.ts"
import { readOnnx } from "../src/onnx/read.ts"
import { bytesField, concat, intField, intsField, readFields, readVarints } from "../src/onnx/wire.ts"
import { smallProblem } from "./samples.ts"

test("numbers are written as Protocol Buffers' own examples show", () => {
  // https://protobuf.dev/programming-guides/encoding/: 150 is 96 01; a text field 2 of "testing".
  expect(intField(1, 150)).toEqual(Uint8Array.of(0x08, 0x96, 0x01))
  expect(bytesField(2, "testing")).toEqual(
    Uint8Array.of(0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67),
  )
  expect(intsField(6, [3, 270, 86942])).toEqual(Uint8Array.of(0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05))
  expect(intField(1, -2)).toEqual(Uint8Array.of(0x08, 0xfe, ...new Array(8).fill(0xff), 0x01))
})

test("what is written is read back", () => {
  const number = fc.integer({ min: -(2 ** 52), max: 2 ** 52 })
  fc.assert(
    fc.property(number, fc.array(number), fc.string({ unit: "binary" }), (one, many, text) => {
      const [a, b, c] = readFields(concat([intField(1, one), intsField(2, many), bytesField(300, text)]))
      expect(a).toEqual({ field: 1, value: BigInt(one) })
      expect(readVarints(b.value as Uint8Array).map(Number)).toEqual(many)
      expect(c.field).toBe(300)
      expect(new TextDecoder().decode(c.value as Uint8Array)).toBe(text)
    }),
    { numRuns: 50 },
  )
})

test("bytes that are cut short or not of ONNX are refused, never half read", () => {
  const { features, delay } = smallProblem(30)
  const bytes = toOnnx(fitRidge({ features, target: delay }))
  const answers = new Set<string>()
  for (let length = 0; length < bytes.length; length += 7)
    answers.add(codeOf(() => readOnnx(bytes.subarray(0, length))))
  expect([...answers].every(answer => answer === "read" || answer === "MODEL_FORMAT")).toBe(true)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), garbage => {
      expect(["read", "MODEL_FORMAT"]).toContain(codeOf(() => readOnnx(garbage)))
    }),
  )
  expect(
    codeOf(() => notesOf(concat([bytesField(14, concat([bytesField(1, "roadmap"), bytesField(2, "{}")]))]))),
  ).toBe("MODEL_FORMAT")
  expect(notesOf(new Uint8Array(0))).toBeUndefined()
})

test("without the optional part, scoring says which command installs it", () => {
  const empty = mkdtempSync(join(tmpdir(), "no-part-"))
  try {
    expect(() => loadOnnxRuntime(empty)).toThrowError(
      expect.objectContaining({ code: "PART_MISSING", hint: expect.stringContaining("roadmap setup onnx") }),
    )
  } finally {
    rmSync(empty, { recursive: true })
  }
})

test("columns that an input cannot take are refused by name", () => {
  const runtime: OnnxRuntime = {
    open: () => Promise.reject(new Error("nothing is opened here")),
    tensor: (type, data, dims) => ({ type, data, dims }),
  }
  const { features } = smallProblem(4)
  const rows = { columns: features.columns, rows: 4, notes: undefined }
  const input = (name: string, type: string, width?: number) => [
    { name, type, shape: width === undefined ? ["N"] : ["N", width], isTensor: true },
  ]
  expect(() => feedOf(runtime, input("x", "float32", 2), rows)).toThrow(
    /takes 2 features side by side; there are 3/,
  )
  expect(() => feedOf(runtime, input("distance", "string"), rows)).toThrow(/takes texts for "distance"/)
  expect(() => feedOf(runtime, input("distance", "int64"), rows)).toThrow(
    /takes whole numbers; a feature holds/,
  )
  expect(() => feedOf(runtime, input("hour", "float16"), rows)).toThrow(/float16, which features cannot give/)
  const hours = feedOf(runtime, input("hour", "int64", 1), rows).hour
  expect(hours.dims).toEqual([4, 1])
  expect(hours.data).toBeInstanceOf(BigInt64Array)
  const texts = feedOf(runtime, input("origin", "string"), rows).origin
  expect(texts.data).toEqual(
    features.columns[2].kind === "categorical"
      ? Array.from(features.columns[2].codes, code => ["", "ATL", "ORD", "SFO"][code + 1])
      : [],
  )
})

const codeOf = (read: () => unknown): string => {
  try {
    read()
    return "read"
  } catch (error) {
    return isRoadmapError(error) ? error.code : String(error)
  }
}
