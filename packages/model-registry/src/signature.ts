import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"

/**
 * What a model takes and gives, as MLflow's column-based signature
 * (https://mlflow.org/docs/latest/ml/model/signatures/): `integer` is 32 bits, `long` 64 (here: up to 2^53), `float` 32 bits,
 * `double` 64, `datetime` an ISO 8601 text. Tensor signatures are not supported.
 */
export interface Signature {
  inputs: ColumnSpec[]
  outputs: OutputSpec[]
}

export const columnTypes = ["double", "float", "integer", "long", "string", "boolean", "datetime"] as const
export type ColumnType = (typeof columnTypes)[number]

export interface ColumnSpec {
  name: string
  type: ColumnType
  /** False: the column may be absent, and its values null. */
  required: boolean
}

/** An output may have no name: MLflow's single-column predictions. */
export type OutputSpec = Omit<ColumnSpec, "name"> & { name?: string }

/** MLflow's `dataframe_split`: column names, then rows of values in that order. */
export interface DataframeSplit {
  columns: string[]
  data: unknown[][]
}

/** One column of a sample: typed or plain values, or codes into categories (-1 is missing). */
export type SampleColumn =
  | { name: string; values: NumericArray | readonly unknown[] }
  | { name: string; codes: ArrayLike<number>; categories: readonly string[] }

type NumericArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array

/**
 * The signature of sample inputs and outputs. A column with a missing value (NaN, null, undefined, code -1) is not
 * required, as MLflow infers it. Throws INVALID_INPUT for a column of mixed or unknown types.
 */
export const inferSignature = (
  inputs: readonly SampleColumn[],
  outputs: readonly SampleColumn[],
): Signature => {
  const signature = { inputs: inputs.map(inferColumn), outputs: outputs.map(inferColumn) }
  checkNames(signature)
  return signature
}

/**
 * Checks rows against the inputs of a signature, coercing nothing: a missing column, a wrong type or a number out of the
 * type's range throws SCHEMA_MISMATCH, which lists up to five problems. Extra columns are ignored; null is a missing
 * value, allowed in `double` and `float` columns and in those that are not required (as MLflow's server does).
 */
export const validateInput = (signature: Signature, input: DataframeSplit): void => {
  const problems = inputProblems(signature, input)
  if (problems.length === 0) return
  const shown = problems.slice(0, 5).join("; ")
  const more = problems.length > 5 ? `; and ${problems.length - 5} more` : ""
  throw new RoadmapError(
    "SCHEMA_MISMATCH",
    `The input does not fit the model's signature: ${shown}${more}.`,
    {
      hint: `Expected columns: ${signature.inputs.map(column => `${column.name} (${column.type})`).join(", ")}.`,
    },
  )
}

/** The problems that `validateInput` throws, one sentence part each. */
export const inputProblems = (signature: Signature, input: DataframeSplit): string[] => {
  const problems: string[] = []
  const repeated = input.columns.filter((name, index) => input.columns.indexOf(name) !== index)
  for (const name of new Set(repeated)) problems.push(`column "${name}" appears twice`)
  input.data.forEach((row, index) => {
    if (row.length !== input.columns.length)
      problems.push(`row ${index} has ${row.length} values for ${input.columns.length} columns`)
  })
  for (const column of signature.inputs) {
    const position = input.columns.indexOf(column.name)
    if (position === -1) {
      if (column.required) problems.push(`column "${column.name}" is missing`)
      continue
    }
    input.data.forEach((row, index) => {
      if (position < row.length && !fits(column, row[position]))
        problems.push(`row ${index} has ${shown(row[position])} in column "${column.name}" (${column.type})`)
    })
  }
  return problems
}

const fits = ({ type, required }: ColumnSpec, value: unknown): boolean => {
  if (value === null || value === undefined) return !required || type === "double" || type === "float"
  switch (type) {
    case "double":
      return typeof value === "number"
    case "float":
      return typeof value === "number" && (!Number.isFinite(value) || Number.isFinite(Math.fround(value)))
    case "integer":
      return typeof value === "number" && value === (value | 0)
    case "long":
      return Number.isSafeInteger(value)
    case "string":
      return typeof value === "string"
    case "boolean":
      return typeof value === "boolean"
    case "datetime":
      return (
        typeof value === "string" &&
        /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(value)
      )
  }
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

const inferColumn = (column: SampleColumn): ColumnSpec => {
  if ("codes" in column) {
    let required = true
    for (let row = 0; row < column.codes.length; row++) if (column.codes[row] < 0) required = false
    return { name: column.name, type: "string", required }
  }
  const { name, values } = column
  if (!Array.isArray(values)) {
    const typed = values as NumericArray
    const required = !(typed as Float64Array).some(Number.isNaN)
    if (typed instanceof Float64Array) return { name, type: "double", required }
    if (typed instanceof Float32Array) return { name, type: "float", required }
    return { name, type: typed instanceof Uint32Array ? "long" : "integer", required }
  }
  const kinds = new Set(values.map(kindOf))
  const missing = kinds.delete("missing")
  if (kinds.has("double")) kinds.delete("long")
  const [type] = kinds
  if (kinds.size !== 1 || type === "unknown")
    throw new RoadmapError(
      "INVALID_INPUT",
      `Column "${name}" holds ${[...kinds].join(" and ") || "no value"}: no one type.`,
      {
        hint: "Give numbers, texts, truth values or dates, one kind a column.",
      },
    )
  return { name, type: type as ColumnType, required: !missing }
}

const kindOf = (value: unknown): ColumnType | "missing" | "unknown" => {
  if (value === null || value === undefined || Number.isNaN(value)) return "missing"
  if (typeof value === "number") return Number.isSafeInteger(value) ? "long" : "double"
  if (typeof value === "string" || typeof value === "boolean") return typeof value as "string" | "boolean"
  return value instanceof Date ? "datetime" : "unknown"
}

/** Throws INVALID_INPUT when two columns share a name or one has none. */
export const checkNames = (signature: Signature): void => {
  for (const [side, columns] of Object.entries(signature) as [string, OutputSpec[]][]) {
    const names = columns.map(column => column.name)
    const twice = names.find((name, index) => name !== undefined && names.indexOf(name) !== index)
    if (twice !== undefined)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Column "${twice}" appears twice in the ${side} of the signature.`,
      )
    if (side === "inputs" ? names.some(name => !name) : names.length > 1 && names.some(name => !name))
      throw new RoadmapError("INVALID_INPUT", `A column in the ${side} of the signature has no name.`)
  }
}

const columnSpec = z.object({
  type: z.enum(columnTypes),
  name: z.string().optional(),
  required: z.boolean().default(true),
})

/** One side as MLflow writes it into MLmodel: JSON text. */
export const columnsToJson = (columns: readonly OutputSpec[]): string =>
  JSON.stringify(
    columns.map(({ type, name, required }) => ({ type, ...(name !== undefined && { name }), required })),
  )

/** Reads what `columnsToJson`, or MLflow, wrote. Throws MODEL_FORMAT. */
export const columnsFromJson = (text: string, side: "inputs" | "outputs"): OutputSpec[] => {
  try {
    return z.array(columnSpec).parse(JSON.parse(text))
  } catch (cause) {
    throw new RoadmapError("MODEL_FORMAT", `The ${side} of the signature are not columns of known types.`, {
      hint: `Column types are ${columnTypes.join(", ")}; tensor signatures are not supported.`,
      cause,
    })
  }
}
