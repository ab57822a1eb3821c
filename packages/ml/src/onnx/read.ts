import { RoadmapError } from "@roadmap/core/errors"
import {
  type ElementType,
  elementTypes,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./proto.ts"
import { type Bytes, readFields, readVarints, type WireField } from "./wire.ts"

/**
 * The model that `encodeOnnx` wrote, as plain data. It knows the fields and types that `toOnnx` uses; of a
 * foreign model it reads as much as it knows. Throws MODEL_FORMAT for other bytes.
 */
export const readOnnx = (bytes: Uint8Array): OnnxModel => {
  const fields = readFields(bytes)
  const graph = readFields(bytesOf(fields, 7))
  const values = (field: number) => all(graph, field).flatMap(readValue)
  return {
    irVersion: intOf(fields, 1),
    producer: textOf(fields, 2),
    opsets: Object.fromEntries(
      all(fields, 8)
        .map(readFields)
        .map((opset): [string, number] => [textOf(opset, 1), intOf(opset, 2)]),
    ),
    metadata: onnxMetadata(bytes),
    graph: {
      name: textOf(graph, 2),
      inputs: values(11),
      outputs: values(12),
      nodes: all(graph, 1).map(readNode),
      constants: Object.fromEntries(
        all(graph, 5).map((tensor): [string, OnnxTensor] => [
          textOf(readFields(tensor), 8),
          readTensor(tensor),
        ]),
      ),
    },
  }
}

/** The notes that a model carries (metadata_props), of any ONNX model. Throws MODEL_FORMAT for other bytes. */
export const onnxMetadata = (bytes: Uint8Array): Record<string, string> =>
  Object.fromEntries(
    all(readFields(bytes), 14)
      .map(readFields)
      .map((entry): [string, string] => [textOf(entry, 1), textOf(entry, 2)]),
  )

const readNode = (bytes: Bytes): OnnxNode => {
  const fields = readFields(bytes)
  const domain = textOf(fields, 7)
  return {
    operator: textOf(fields, 4),
    domain: domain === "ai.onnx.ml" ? domain : "",
    inputs: all(fields, 1).map(text),
    outputs: all(fields, 2).map(text),
    attributes: Object.fromEntries(
      all(fields, 5)
        .map(readFields)
        .flatMap((attribute): [string, OnnxAttribute][] => {
          const read = readAttribute(attribute)
          return read === undefined ? [] : [[textOf(attribute, 1), read]]
        }),
    ),
  }
}

const readAttribute = (fields: WireField[]): OnnxAttribute | undefined => {
  const type = intOf(fields, 20)
  if (type === 2) return { kind: "int", value: intOf(fields, 3) }
  if (type === 4) return { kind: "tensor", value: readTensor(bytesOf(fields, 5)) }
  if (type === 7) return { kind: "ints", value: intsOf(fields, 8) }
  if (type === 8) return { kind: "strings", value: all(fields, 9).map(text) }
  return undefined
}

const readTensor = (bytes: Bytes): OnnxTensor => {
  const fields = readFields(bytes)
  const type = typeOf(intOf(fields, 2))
  const dims = intsOf(fields, 1)
  if (type === "string") return { type, dims, values: all(fields, 6).map(text) }
  const raw = new Uint8Array(bytesOf(fields, 9)).buffer
  if (type === "double") return { type, dims, values: new Float64Array(raw) }
  if (type === "float") return { type, dims, values: new Float32Array(raw) }
  if (type === "int64") return { type, dims, values: new BigInt64Array(raw) }
  if (type === "int32") return { type, dims, values: new Int32Array(raw) }
  return { type, dims, values: new Uint8Array(raw) }
}

/** A tensor among the graph's inputs or outputs; sequences and maps are left out. */
const readValue = (bytes: Bytes): OnnxValue[] => {
  const fields = readFields(bytes)
  const tensor = all(readFields(bytesOf(fields, 2)), 1).map(readFields)[0]
  if (tensor === undefined) return []
  const shape = all(tensor, 2)
    .map(readFields)
    .flatMap(dimensions =>
      all(dimensions, 1)
        .map(readFields)
        .map(dimension => {
          const length = dimension.find(({ field }) => field === 1)?.value
          return typeof length === "bigint" ? Number(length) : textOf(dimension, 2)
        }),
    )
  return [{ name: textOf(fields, 1), type: typeOf(intOf(tensor, 1)), shape }]
}

const typeOf = (code: number): ElementType => {
  const found = Object.entries(elementTypes).find(([, known]) => known === code)
  if (found !== undefined) return found[0] as ElementType
  throw new RoadmapError(
    "MODEL_FORMAT",
    `The ONNX model has numbers of type ${code}, which is not known here.`,
  )
}

const text = (bytes: Bytes): string => new TextDecoder().decode(bytes)

/** The values of a repeated field of messages, bytes or texts. */
const all = (fields: readonly WireField[], wanted: number): Bytes[] =>
  fields.flatMap(({ field, value }) => (field === wanted && typeof value !== "bigint" ? [value] : []))

const bytesOf = (fields: readonly WireField[], wanted: number): Bytes =>
  all(fields, wanted)[0] ?? new Uint8Array(0)

const textOf = (fields: readonly WireField[], wanted: number): string => text(bytesOf(fields, wanted))

const intsOf = (fields: readonly WireField[], wanted: number): number[] =>
  fields.flatMap(({ field, value }) =>
    field !== wanted ? [] : typeof value === "bigint" ? [Number(value)] : readVarints(value).map(Number),
  )

const intOf = (fields: readonly WireField[], wanted: number): number => intsOf(fields, wanted)[0] ?? 0
