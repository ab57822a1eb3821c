import { readCsv } from "../validate/csv.ts"
import { isObject, keysOf, parseJson } from "../validate/json.ts"
import { isRefusal, malformed, type Refusal, shown } from "../validate/refusal.ts"
import type { ReadTable, TableReader } from "../validate/table.ts"
import { mediaTypeOf } from "./media-type.ts"

/** A request of MLflow's scoring protocol, read and checked. */
export interface Invocation {
  readonly table: ReadTable
  readonly params: InvocationParams
}

/** What `params` may say. A model's own parameters do not exist here: every model is a fitted one. */
export interface InvocationParams {
  /** SHAP values beside the predictions. */
  readonly explain?: boolean
  /** The ends of a prediction interval in each row. */
  readonly interval?: boolean
}

const formats = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const

/**
 * Reads the body of `POST /invocations`
 * (https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/): JSON with exactly one of
 * `dataframe_split`, `dataframe_records`, `instances`, `inputs`, and perhaps `params`; or CSV with a header
 * line. Where MLflow's server would convert, ignore or keep the last of several, this refuses and says where.
 */
export const readInvocation = (
  reader: TableReader,
  contentType: string | undefined,
  body: Buffer,
): Invocation | Refusal => {
  const type = mediaTypeOf(contentType)
  if (typeof type === "object") return type
  if (type === "text/csv") {
    const table = readCsv(reader, body)
    return isRefusal(table) ? table : { table, params: {} }
  }
  const json = parseJson(body)
  if (isRefusal(json)) return json
  const { value, keys } = json
  if (!isObject(value)) return malformed(`${wantedBody}; got ${shown(value)}.`)
  const names = Object.keys(value)
  const format = formats.find(name => Object.hasOwn(value, name))
  const fields = names.filter(name => name !== format && name !== "params")
  if (format === undefined || fields.length > 0)
    return malformed(
      `${wantedBody}; got ${names.length === 0 ? "none" : names.slice(0, 10).map(shown).join(", ")}.`,
    )
  const params = readParams(value.params)
  if (isRefusal(params)) return params
  const table = readFormat(reader, format, value[format])
  if (isRefusal(table)) return table
  const read = table.keys + names.length + (value.params === undefined ? 0 : keysOf(value.params))
  if (read !== keys && keysOf(value) !== keys) return malformed(repeatedKey)
  return { table, params }
}

export const repeatedKey =
  "The body repeats a key within one object: which of its values was meant, nobody can tell."

const wantedBody = `The body must be a JSON object with exactly one of ${formats.join(", ")}, and perhaps params`

const readFormat = (
  reader: TableReader,
  format: (typeof formats)[number],
  value: unknown,
): ReadTable | Refusal => {
  switch (format) {
    case "dataframe_split":
      return readSplit(reader, value)
    case "dataframe_records":
      return reader.records(value)
    default:
      if (Array.isArray(value)) return reader.records(value)
      return isObject(value)
        ? reader.byColumn(value)
        : malformed(`"${format}" must be an array of objects, one a row, or an object of columns.`)
  }
}

const readSplit = (reader: TableReader, value: unknown): ReadTable | Refusal => {
  if (!isObject(value)) return malformed('"dataframe_split" must be an object with "columns" and "data".')
  const names = Object.keys(value)
  const odd = names.find(name => name !== "columns" && name !== "data" && name !== "index")
  if (odd !== undefined)
    return malformed(`"dataframe_split" has the field ${shown(odd)}; it takes columns, data, index.`)
  const { data } = value
  const index = value.index ?? undefined
  if (index !== undefined && !(Array.isArray(index) && Array.isArray(data) && index.length === data.length))
    return malformed('"index" must be an array with one entry a row.')
  const table = reader.split(value.columns, data)
  return isRefusal(table) ? table : { ...table, keys: table.keys + names.length }
}

const readParams = (value: unknown): InvocationParams | Refusal => {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) return malformed(`"params" must be an object; got ${shown(value)}.`)
  const { explain, interval, ...others } = value
  const [odd] = Object.keys(others)
  if (odd !== undefined)
    return malformed(
      `"params" has ${shown(odd)}; the model takes no parameters, and the server explain and interval.`,
    )
  for (const [name, given] of [
    ["explain", explain],
    ["interval", interval],
  ])
    if (given !== undefined && typeof given !== "boolean")
      return malformed(`"params.${name}" must be true or false; got ${shown(given)}.`)
  return { ...(explain === true && { explain }), ...(interval === true && { interval }) }
}
