import type { Features } from "@roadmap/ml/features"
import type { ColumnType, Signature } from "@roadmap/model-registry/signature"
import type { Predictions, ServedModel } from "../model/served.ts"
import { toFeatures } from "../validate/cells.ts"
import { isObject, keysOf, parseJson } from "../validate/json.ts"
import { isRefusal, malformed, misfit, type Refusal, shown } from "../validate/refusal.ts"
import type { TableReader } from "../validate/table.ts"
import { jsonNumber } from "./answer.ts"
import { repeatedKey } from "./invocation.ts"
import { mediaTypeOf } from "./media-type.ts"

/**
 * Open Inference Protocol, version 2, over REST (https://github.com/kserve/open-inference-protocol). A
 * model's columns are tensors [rows].
 */
export interface InferRequest {
  readonly id?: string
  readonly features: Features
  /** Names of the outputs wanted; absent: all. */
  readonly outputs?: readonly string[]
}

export const datatypes: Record<ColumnType, string> = {
  double: "FP64",
  float: "FP32",
  integer: "INT32",
  long: "INT64",
  boolean: "BOOL",
  string: "BYTES",
  datetime: "BYTES",
}

/** What `GET /v2/models/{name}` says. */
export const modelMetadata = (served: ServedModel, versions: readonly number[]) => ({
  name: served.name,
  versions: versions.map(String),
  platform: served.model === undefined ? "onnx_onnxv1" : "roadmap",
  inputs: served.signature.inputs.map(({ name, type }) => ({ name, datatype: datatypes[type], shape: [-1] })),
  outputs: outputNames(served.signature).map((name, at) => ({
    name,
    datatype: datatypes[served.signature.outputs[at].type],
    shape: [-1],
  })),
})

/**
 * Reads the body of an infer request: one tensor a column, of shape [rows] or [rows, 1], its data flat or
 * nested.
 */
export const readInfer = (
  reader: TableReader,
  signature: Signature,
  contentType: string | undefined,
  body: Buffer,
): InferRequest | Refusal => {
  const type = mediaTypeOf(contentType)
  if (typeof type === "object") return type
  const json = type === "application/json" ? parseJson(body) : malformed("Infer requests are JSON.")
  if (isRefusal(json)) return json
  const { value } = json
  if (!isObject(value)) return malformed(`The body must be a JSON object with "inputs"; got ${shown(value)}.`)
  if (keysOf(value) !== json.keys) return malformed(repeatedKey)
  const { id, inputs, outputs, parameters, ...others } = value
  const odd = Object.keys(others)
  if (odd.length > 0)
    return malformed(`The body has the field ${shown(odd[0])}; it takes id, parameters, inputs, outputs.`)
  if (id !== undefined && typeof id !== "string") return malformed(`"id" must be a text; got ${shown(id)}.`)
  if (parameters !== undefined && !isObject(parameters))
    return malformed(`"parameters" must be an object; got ${shown(parameters)}.`)
  if (!Array.isArray(inputs)) return malformed('"inputs" must be an array of tensors.')
  const columns = new Map<string, unknown[]>()
  for (const [at, input] of inputs.entries()) {
    const tensor = readTensor(signature, at, input)
    if (isRefusal(tensor)) return tensor
    if (columns.has(tensor.name)) return malformed(`The input tensor ${shown(tensor.name)} is there twice.`)
    columns.set(tensor.name, tensor.data)
  }
  const wanted = readOutputs(signature, outputs)
  if (wanted !== undefined && isRefusal(wanted)) return wanted
  const table = reader.byColumn(Object.fromEntries(columns))
  if (isRefusal(table)) return table
  return {
    ...(id !== undefined && { id }),
    features: toFeatures(reader.inputs, table),
    ...(wanted && { outputs: wanted }),
  }
}

/** The answer to an infer request. */
export const writeInfer = (
  served: ServedModel,
  { id, outputs }: Pick<InferRequest, "id" | "outputs">,
  { rows, columns }: Predictions,
): string => {
  const names = outputNames(served.signature)
  const tensors = columns.flatMap(({ values }, at) => {
    if (outputs !== undefined && !outputs.includes(names[at])) return []
    const datatype = datatypes[served.signature.outputs[at].type]
    const data = Array.from(values, jsonNumber).join(",")
    return [
      `{"name":${JSON.stringify(names[at])},"datatype":"${datatype}","shape":[${rows}],"data":[${data}]}`,
    ]
  })
  const identity = `"model_name":${JSON.stringify(served.name)},"model_version":"${served.version}"`
  return `{${identity},${id === undefined ? "" : `"id":${JSON.stringify(id)},`}"outputs":[${tensors.join(",")}]}`
}

const outputNames = ({ outputs }: Signature): string[] => outputs.map(({ name }) => name ?? "prediction")

interface Tensor {
  readonly name: string
  readonly data: unknown[]
}

const readTensor = (signature: Signature, at: number, value: unknown): Tensor | Refusal => {
  if (!isObject(value)) return malformed(`inputs[${at}] must be an object; got ${shown(value)}.`)
  const { name, shape, datatype, data, parameters, ...others } = value
  const odd = Object.keys(others)
  if (odd.length > 0)
    return malformed(
      `inputs[${at}] has the field ${shown(odd[0])}; it takes name, shape, datatype, parameters, data.`,
    )
  if (typeof name !== "string") return malformed(`inputs[${at}].name must be a text; got ${shown(name)}.`)
  if (parameters !== undefined && !isObject(parameters))
    return malformed(`inputs[${at}].parameters must be an object; got ${shown(parameters)}.`)
  if (!Array.isArray(data)) return malformed(`inputs[${at}].data must be an array; got ${shown(data)}.`)
  const isShape =
    Array.isArray(shape) && shape.every(size => Number.isSafeInteger(size) && (size as number) >= 0)
  if (!isShape || shape.length === 0 || shape.length > 2 || (shape.length === 2 && shape[1] !== 1))
    return malformed(`inputs[${at}].shape must be [rows] or [rows, 1].`)
  const column = signature.inputs.find(input => input.name === name)
  if (column !== undefined && datatype !== datatypes[column.type])
    return misfit([
      { column: name, expected: `the datatype ${datatypes[column.type]}`, got: shown(datatype) },
    ])
  const isNested =
    shape.length === 2 && data.length > 0 && data.every(row => Array.isArray(row) && row.length === 1)
  const flat = isNested ? data.map(row => (row as unknown[])[0]) : data
  if (flat.length !== shape[0])
    return misfit([
      { column: name, expected: `${shape[0]} values, as its shape says`, got: `${flat.length} values` },
    ])
  return { name, data: flat }
}

const readOutputs = (signature: Signature, outputs: unknown): string[] | undefined | Refusal => {
  if (outputs === undefined) return undefined
  if (!Array.isArray(outputs)) return malformed(`"outputs" must be an array; got ${shown(outputs)}.`)
  const known = outputNames(signature)
  const names: string[] = []
  for (const output of outputs) {
    const name = isObject(output) ? output.name : undefined
    if (typeof name !== "string" || !known.includes(name))
      return malformed(`The output ${shown(name)} is not there; the model gives ${known.join(", ")}.`)
    names.push(name)
  }
  return names
}
