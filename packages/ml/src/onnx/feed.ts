import { RoadmapError } from "@roadmap/core/errors"
import { MISSING } from "../columns.ts"
import type { FeatureColumn } from "../features.ts"
import { missingText } from "./inputs.ts"
import type { OnnxNotes } from "./notes.ts"
import type { OnnxRuntime, RuntimeTensor, RuntimeValue, TensorData } from "./onnxruntime.ts"

export interface Rows {
  readonly columns: readonly FeatureColumn[]
  readonly rows: number
  /** Of a model that `toOnnx` made. */
  readonly notes: OnnxNotes | undefined
}

/** The tensors that a model's inputs take, from columns. Throws INVALID_INPUT when they do not fit. */
export const feedOf = (
  runtime: OnnxRuntime,
  inputs: readonly RuntimeValue[],
  { columns, rows, notes }: Rows,
): Record<string, RuntimeTensor> => {
  const [only] = inputs
  const isMatrix =
    notes === undefined
      ? inputs.length === 1 && !columns.some(({ name }) => name === only.name)
      : notes.inputs === "matrix"
  if (isMatrix) return { [only.name]: matrixTensor(runtime, only, { columns, rows }) }
  return Object.fromEntries(
    inputs.map((input): [string, RuntimeTensor] => {
      const column = columns.find(({ name }) => name === input.name)
      if (column === undefined)
        throw new RoadmapError("INVALID_INPUT", `The ONNX model needs the feature "${input.name}".`, {
          hint: `The columns given are: ${columns.map(({ name }) => name).join(", ") || "none"}.`,
        })
      const dims = (input.shape?.length ?? 1) === 2 ? [rows, 1] : [rows]
      return [input.name, runtime.tensor(typeOf(input), valuesOf(input, column), dims)]
    }),
  )
}

const matrixTensor = (
  runtime: OnnxRuntime,
  input: RuntimeValue,
  { columns, rows }: Pick<Rows, "columns" | "rows">,
): RuntimeTensor => {
  const width = input.shape?.[1]
  if (typeof width === "number" && width > 0 && width !== columns.length)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The ONNX model takes ${width} features side by side; there are ${columns.length}.`,
      { hint: `The columns given are: ${columns.map(({ name }) => name).join(", ") || "none"}.` },
    )
  const cells = emptyNumbers(input, rows * columns.length)
  columns.forEach((column, at) => {
    const numbers = column.kind === "numeric" ? column.values : column.codes
    for (let row = 0; row < rows; row++) write(cells, row * columns.length + at, numbers[row])
  })
  return runtime.tensor(typeOf(input), cells, [rows, columns.length])
}

/** Numbers as the input's type; categories as texts, or as their codes when the input takes numbers. */
const valuesOf = (input: RuntimeValue, column: FeatureColumn): TensorData => {
  if (input.type === "string") {
    if (column.kind === "numeric")
      throw new RoadmapError(
        "INVALID_INPUT",
        `The ONNX model takes texts for "${input.name}"; it is numeric.`,
      )
    const unseen = unseenText(column.categories)
    return Array.from(column.codes, code =>
      code >= 0 ? column.categories[code] : code === MISSING ? missingText : unseen,
    )
  }
  const numbers = column.kind === "numeric" ? column.values : column.codes
  const cells = emptyNumbers(input, numbers.length)
  for (let row = 0; row < numbers.length; row++) write(cells, row, numbers[row])
  return cells
}

/** A text that is no category. (No NUL in it: the runtime would cut it there.) */
const unseenText = (categories: readonly string[]): string => {
  let text = "?"
  while (categories.includes(text)) text += "?"
  return text
}

type Cells = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array

const emptyNumbers = (input: RuntimeValue, length: number): Cells => {
  const kinds: Record<string, () => Cells> = {
    float64: () => new Float64Array(length),
    float32: () => new Float32Array(length),
    int64: () => new BigInt64Array(length),
    int32: () => new Int32Array(length),
    bool: () => new Uint8Array(length),
  }
  const make = kinds[typeOf(input)]
  if (make !== undefined) return make()
  throw new RoadmapError(
    "INVALID_INPUT",
    `The input "${input.name}" of the ONNX model takes ${typeOf(input)}, which features cannot give.`,
  )
}

const write = (cells: Cells, at: number, value: number): void => {
  if (cells instanceof Float64Array || cells instanceof Float32Array) {
    cells[at] = value
    return
  }
  if (!Number.isInteger(value))
    throw new RoadmapError("INVALID_INPUT", `The ONNX model takes whole numbers; a feature holds ${value}.`)
  if (cells instanceof BigInt64Array) cells[at] = BigInt(value)
  else cells[at] = value
}

const typeOf = (input: RuntimeValue): string => input.type ?? "sequences of maps"
