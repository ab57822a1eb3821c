import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { alignColumns } from "../../../packages/ml/src/columns.ts"
import type { Features } from "../../../packages/ml/src/features.ts"
import { feedOf } from "../../../packages/ml/src/onnx/feed.ts"
import { notesOf } from "../../../packages/ml/src/onnx/notes.ts"
import type { OnnxRuntime, RuntimeValue, TensorData } from "../../../packages/ml/src/onnx/onnxruntime.ts"
import { readOnnx } from "../../../packages/ml/src/onnx/read.ts"

/** An array in a file of its own, for `score.py`: raw numbers, or JSON for texts. */
interface ArrayFile {
  readonly name: string
  readonly file: string
  readonly type: string
  readonly dims: readonly number[]
}

export interface DumpedCase {
  readonly name: string
  readonly model: string
  readonly inputs: readonly ArrayFile[]
  readonly outputs: readonly ArrayFile[]
}

/** Writes a model, what goes into it and what must come out. Equal inputs of two cases share their files. */
export const dumpCase = (
  folder: string,
  {
    name,
    bytes,
    features,
    expected,
    rowsName,
  }: {
    name: string
    bytes: Uint8Array
    features: Features
    expected: readonly Float64Array[]
    /** Names the rows: cases with the same text have the same. */
    rowsName: string
  },
): DumpedCase => {
  const model = readOnnx(bytes).graph
  const file = name.replaceAll(/[^a-z0-9]+/gi, "-")
  writeFileSync(join(folder, `${file}.onnx`), bytes)
  const notes = notesOf(bytes)
  if (notes === undefined) throw new Error(`${name} has no notes`)
  const columns = alignColumns(notes.features, features)
  const rowsOf = `${rowsName} ${notes.features.map(feature => feature.name).join(" ")}`
  const feed = feedOf(tensorsOnly, model.inputs.map(runtimeValue), { columns, rows: features.rows, notes })
  return {
    name,
    model: `${file}.onnx`,
    inputs: Object.entries(feed).map(([input, { type, dims, data }]) =>
      dumpArray(folder, `${rowsOf} ${input}`, { name: input, type, dims, data }),
    ),
    outputs: model.outputs.map((output, i) =>
      dumpArray(folder, `${file} ${output.name}`, {
        name: output.name,
        type: "float64",
        dims: [expected[i].length],
        data: expected[i],
      }),
    ),
  }
}

const dumpArray = (
  folder: string,
  title: string,
  { name, type, dims, data }: { name: string; type: string; dims: readonly number[]; data: TensorData },
): ArrayFile => {
  const file = `${title.replaceAll(/[^a-z0-9]+/gi, "-")}.${ArrayBuffer.isView(data) ? "bin" : "json"}`
  writeFileSync(
    join(folder, file),
    ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : JSON.stringify(data),
  )
  return { name, file, type, dims }
}

const tensorsOnly: OnnxRuntime = {
  open: () => Promise.reject(new Error("nothing is scored here")),
  tensor: (type, data, dims) => ({ type, data, dims }),
}

const runtimeValue = ({
  name,
  type,
  shape,
}: {
  name: string
  type: string
  shape: RuntimeValue["shape"]
}) => ({
  name,
  type: type === "double" ? "float64" : type === "float" ? "float32" : type,
  shape,
  isTensor: true,
})
