import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { type ModelContent, roadmapFlavor, writeModel } from "../src/mlmodel.ts"
import { onnxRequirements, withOnnx } from "../src/onnx-flavor.ts"
import type { ColumnType } from "../src/signature.ts"

const folder = mkdtempSync(join(tmpdir(), "onnx-flavor-"))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bytes = Uint8Array.of(8, 10)
const content = (...types: ColumnType[]): ModelContent => ({
  flavors: roadmapFlavor("ridge", 1),
  files: { "model.bin": Uint8Array.of(1) },
  signature: {
    inputs: types.map((type, i) => ({ name: `x${i}`, type, required: true })),
    outputs: [{ name: "prediction", type: "double", required: true }],
  },
})

test("a model directory holds the ONNX file beside its own, in flavors that MLflow knows", async () => {
  const stored = await writeModel(join(folder, "model"), withOnnx(content("double", "double"), bytes))
  expect(stored.flavors).toEqual({
    roadmap: { data: "model.bin", loader: "ridge", loader_version: 1 },
    onnx: { data: "model.onnx", providers: ["CPUExecutionProvider"] },
    python_function: { data: "model.onnx", loader_module: "mlflow.onnx" },
  })
  expect(new Uint8Array(await stored.read("model.onnx"))).toEqual(bytes)
  expect(readFileSync(join(stored.directory, "requirements.txt"), "utf8").trim().split("\n")).toEqual([
    ...onnxRequirements,
  ])
})

test("columns that MLflow cannot put into one matrix are refused", () => {
  expect(() => withOnnx(content("double", "string"), bytes)).toThrow(/column "x1" is string/)
  expect(() => withOnnx(content("long"), bytes)).toThrow(/column "x0" is long/)
  expect(() => withOnnx(content("double", "float"), bytes)).toThrow(/both double and float/)
  expect(() => withOnnx(content(), bytes)).toThrow(/no input columns/)
})

test("a file of the model is never written over", () => {
  const taken = { ...content("double"), files: { "model.onnx": bytes } }
  expect(() => withOnnx({ ...taken, flavors: {} }, bytes)).toThrow(/has a file model.onnx already/)
})
