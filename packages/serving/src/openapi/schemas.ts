import type { InputColumn } from "../model/inputs.ts"
import type { ServedModel } from "../model/served.ts"
import { largestFloat } from "../validate/cells.ts"
import type { InputPolicy } from "../validate/table.ts"

/** A JSON Schema of draft 2020-12, which OpenAPI 3.1 uses as it is. */
export type Schema = { readonly [key: string]: unknown }

/** What a request's value of this column may be: exactly what `writeCell` takes. */
export const columnSchema = ({ type, required }: InputColumn, { missing }: InputPolicy): Schema => {
  const nullable = !required || (missing === "allow" && (type === "double" || type === "float"))
  const { type: jsonType, ...rest } = valueSchemas[type]
  return { type: nullable ? [jsonType, "null"] : jsonType, ...rest }
}

/** One row as an object. */
export const recordSchema = (inputs: readonly InputColumn[], policy: InputPolicy): Schema => ({
  type: "object",
  properties: Object.fromEntries(inputs.map(input => [input.name, columnSchema(input, policy)])),
  required: inputs.filter(({ required }) => required).map(({ name }) => name),
  additionalProperties: policy.extra === "ignore",
})

/**
 * The body of `/invocations` and of `by-key`. `row` refers to the schema of one row, `params` says what may
 * be asked for beside predictions.
 */
export const invocationSchema = (
  inputs: readonly InputColumn[],
  policy: InputPolicy,
  row: Schema,
  asked: readonly (keyof typeof paramSchemas)[],
): Schema => {
  const rows = { type: "array", items: row, maxItems: policy.maxRows }
  const params = asked.length === 0 ? {} : { params: paramsSchema(asked) }
  const form = (name: string, schema: Schema) => ({
    type: "object",
    title: name,
    properties: { [name]: schema, ...params },
    required: [name],
    additionalProperties: false,
  })
  return {
    oneOf: [
      form("dataframe_split", splitSchema(inputs, policy)),
      form("dataframe_records", rows),
      form("instances", { anyOf: [rows, row] }),
      form("inputs", { anyOf: [rows, row] }),
    ],
  }
}

/** `columns` may be in any order; shown is the signature's. */
const splitSchema = (inputs: readonly InputColumn[], policy: InputPolicy): Schema => ({
  type: "object",
  properties: {
    columns: { const: inputs.map(({ name }) => name) },
    data: { type: "array", items: rowSchema(inputs, policy), maxItems: policy.maxRows },
  },
  required: ["columns", "data"],
  additionalProperties: false,
})

const rowSchema = (inputs: readonly InputColumn[], policy: InputPolicy): Schema => {
  const columns = inputs.map(input => columnSchema(input, policy))
  const [first] = columns
  const length = { minItems: inputs.length, maxItems: inputs.length }
  // One schema for all values says the same in fewer words, where it is the same.
  const alike = columns.every(column => JSON.stringify(column) === JSON.stringify(first))
  return alike
    ? { type: "array", items: first, ...length }
    : { type: "array", prefixItems: columns, items: false, ...length }
}

export const paramSchemas = {
  explain: { type: "boolean", description: "SHAP values beside the predictions, for at most 100 rows" },
  interval: { type: "boolean", description: "The ends of a prediction interval in each row" },
} as const

const paramsSchema = (asked: readonly (keyof typeof paramSchemas)[]): Schema => ({
  type: ["object", "null"],
  properties: Object.fromEntries(asked.map(name => [name, paramSchemas[name]])),
  additionalProperties: false,
})

/** CSV in its plain form; cells in quotes, exponents and empty cells are taken too. */
export const csvSchema = (inputs: readonly InputColumn[]): Schema => {
  const names = inputs.map(({ name }) => name)
  const description = "A line of column names, then one a row"
  // Names that need quotes would need a quoting in the pattern that nobody could read.
  if (names.some(name => !/^[\w.-]+$/.test(name))) return { type: "string", description }
  const header = names.map(name => name.replace(/[.-]/g, "\\$&")).join(",")
  const line = inputs.map(({ type }) => cellPatterns[type]).join(",")
  return { type: "string", description, pattern: `^${header}(\\n${line}){0,20}\\n?$` }
}

const cellPatterns: Record<InputColumn["type"], string> = {
  double: "-?[0-9]{1,9}(\\.[0-9]{1,9})?",
  float: "-?[0-9]{1,9}(\\.[0-9]{1,9})?",
  integer: "-?[0-9]{1,9}",
  long: "-?[0-9]{1,15}",
  boolean: "(true|false)",
  string: "[A-Za-z0-9 ]{1,9}",
  datetime: "20[0-9]{2}-0[1-9]-[012][1-8]",
}

export const answerSchema = ({ signature }: ServedModel): Schema => {
  const [first] = signature.outputs
  const plain = signature.outputs.length === 1 && first.name === undefined
  const row = plain
    ? outputSchema(first.type)
    : {
        type: "object",
        properties: {
          ...Object.fromEntries(
            signature.outputs.map(({ name, type }) => [name ?? "prediction", outputSchema(type)]),
          ),
          lower: outputSchema("double"),
          upper: outputSchema("double"),
        },
        required: signature.outputs.map(({ name }) => name ?? "prediction"),
        additionalProperties: false,
      }
  return {
    type: "object",
    properties: {
      predictions: { type: "array", items: row },
      explanations: {
        type: "array",
        items: {
          type: "object",
          properties: {
            expected: { type: "number" },
            contributions: { type: "object", additionalProperties: { type: "number" } },
          },
          required: ["expected", "contributions"],
          additionalProperties: false,
        },
      },
      features: {
        type: "array",
        description: "Of by-key: how old the stored features of each row were",
        items: {
          type: "object",
          properties: {
            status: { enum: ["present", "missing", "expired"] },
            event_time: { type: ["string", "null"] },
          },
          required: ["status", "event_time"],
          additionalProperties: false,
        },
      },
    },
    required: ["predictions"],
    additionalProperties: false,
  }
}

const outputSchema = (type: InputColumn["type"]): Schema =>
  type === "long" || type === "integer" ? { type: ["integer", "null"] } : { type: ["number", "null"] }

/** The body of every answer that is no success. */
export const errorSchema: Schema = {
  type: "object",
  properties: {
    error: { type: "string", description: "Of the Open Inference routes: the message" },
    error_code: { type: "string" },
    message: { type: "string" },
    details: {
      type: "array",
      items: {
        type: "object",
        properties: {
          row: { type: ["integer", "null"], description: "counted from 0" },
          column: { type: ["string", "null"] },
          expected: { type: "string" },
          got: { type: "string" },
        },
        required: ["row", "column", "expected", "got"],
        additionalProperties: false,
      },
    },
  },
  required: ["error_code", "message"],
  additionalProperties: false,
}

const largest = Number.MAX_VALUE

const valueSchemas: Record<InputColumn["type"], Schema> = {
  double: { type: "number", minimum: -largest, maximum: largest },
  float: { type: "number", minimum: -largestFloat, maximum: largestFloat },
  integer: { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  long: { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  boolean: { type: "boolean" },
  string: { type: "string" },
  datetime: {
    type: "string",
    description: "ISO 8601 without offset",
    pattern:
      "^(19|20)\\d\\d-(0[1-9]|1[0-2])-(0[1-9]|1\\d|2[0-8])([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,6})?)?)?$",
  },
}
