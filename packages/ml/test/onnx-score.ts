import { alignColumns } from "../src/columns.ts"
import type { Features } from "../src/features.ts"
import type { Model } from "../src/model.ts"
import { type OnnxOptions, toOnnx } from "../src/onnx/export.ts"
import { feedOf } from "../src/onnx/feed.ts"
import { notesOf } from "../src/onnx/notes.ts"
import type { OnnxRuntime } from "../src/onnx/onnxruntime.ts"
import { readOnnx } from "../src/onnx/read.ts"
import type { Transformer } from "../src/transformer.ts"
import { type Cells, interpret } from "./onnx-interpreter.ts"

export const forms = (["matrix", "columns"] as const).flatMap(inputs =>
  (["double", "float"] as const).map(numbers => ({ inputs, numbers })),
)

/** The outputs of the exported file for these features, by the interpreter. */
export const score = (
  model: Model | Transformer,
  features: Features,
  form: OnnxOptions = {},
): Record<string, Float64Array> => {
  const bytes = toOnnx(model, form)
  const file = readOnnx(bytes)
  const notes = notesOf(bytes)!
  const inputs = file.graph.inputs.map(({ name, type, shape }) => ({
    name,
    shape,
    type: type === "string" ? type : `float${type === "double" ? 64 : 32}`,
    isTensor: true,
  }))
  const columns = alignColumns(model.features, features)
  const feeds = Object.entries(feedOf(tensorsOnly, inputs, { columns, rows: features.rows, notes })).map(
    ([name, { dims, data }]): [string, Cells] => [
      name,
      { dims, values: ArrayBuffer.isView(data) ? Float64Array.from(data as Float64Array) : data },
    ],
  )
  const outputs = interpret(file, Object.fromEntries(feeds))
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { values }]) => [name, values as Float64Array]),
  )
}

const tensorsOnly: OnnxRuntime = {
  open: () => Promise.reject(new Error("nothing is opened here")),
  tensor: (type, data, dims) => ({ type, data, dims }),
}

export const asFloats = (features: Features): Features => ({
  ...features,
  columns: features.columns.map(column =>
    column.kind === "numeric" ? { ...column, values: Float64Array.from(column.values, Math.fround) } : column,
  ),
})

/** The rows with a category more, which some of them have. */
export const withUnseen = (features: Features): Features => ({
  ...features,
  columns: features.columns.map(column =>
    column.kind === "numeric"
      ? column
      : {
          ...column,
          categories: [...column.categories, "JFK"],
          codes: Int32Array.from(column.codes, (code, row) =>
            row % 5 === 0 ? column.categories.length : code,
          ),
        },
  ),
})
