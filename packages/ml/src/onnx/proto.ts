import { type Bytes, bytesField, concat, intField, intsField } from "./wire.ts"

/*
 * ONNX's messages as plain data, and their bytes. Field numbers are those of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */

export type ElementType = "float" | "uint8" | "int32" | "int64" | "string" | "bool" | "double"

/** TensorProto.DataType. */
export const elementTypes: Readonly<Record<ElementType, number>> = {
  float: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  double: 11,
}

export interface OnnxTensor {
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly values: Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array | readonly string[]
}

export type OnnxAttribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensor"; readonly value: OnnxTensor }

export interface OnnxNode {
  readonly operator: string
  /** "" is ai.onnx. */
  readonly domain: "" | "ai.onnx.ml"
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

/** An input or output of the graph. A text among the dimensions is a length known only when it runs. */
export interface OnnxValue {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly (number | string)[]
}

export interface OnnxModel {
  /** Version of the file's layout. */
  readonly irVersion: number
  readonly producer: string
  /** Version of each operator set in use, by domain. */
  readonly opsets: Readonly<Record<string, number>>
  readonly metadata: Readonly<Record<string, string>>
  readonly graph: {
    readonly name: string
    readonly inputs: readonly OnnxValue[]
    readonly outputs: readonly OnnxValue[]
    readonly nodes: readonly OnnxNode[]
    readonly constants: Readonly<Record<string, OnnxTensor>>
  }
}

/** A ModelProto. */
export const encodeOnnx = ({ irVersion, producer, opsets, metadata, graph }: OnnxModel): Uint8Array =>
  concat([
    intField(1, irVersion),
    bytesField(2, producer),
    bytesField(
      7,
      concat([
        ...graph.nodes.map((node, index) => bytesField(1, encodeNode(node, index))),
        bytesField(2, graph.name),
        ...Object.entries(graph.constants).map(([name, tensor]) => bytesField(5, encodeTensor(tensor, name))),
        ...graph.inputs.map(value => bytesField(11, encodeValue(value))),
        ...graph.outputs.map(value => bytesField(12, encodeValue(value))),
      ]),
    ),
    ...Object.entries(opsets).map(([domain, version]) =>
      bytesField(8, concat([bytesField(1, domain), intField(2, version)])),
    ),
    ...Object.entries(metadata).map(([key, value]) =>
      bytesField(14, concat([bytesField(1, key), bytesField(2, value)])),
    ),
  ])

const encodeNode = ({ operator, domain, inputs, outputs, attributes }: OnnxNode, index: number): Bytes =>
  concat([
    ...inputs.map(name => bytesField(1, name)),
    ...outputs.map(name => bytesField(2, name)),
    bytesField(3, `${operator}_${index}`),
    bytesField(4, operator),
    ...Object.entries(attributes).map(([name, attribute]) =>
      bytesField(5, concat([bytesField(1, name), encodeAttribute(attribute)])),
    ),
    bytesField(7, domain),
  ])

const encodeAttribute = (attribute: OnnxAttribute): Bytes => {
  switch (attribute.kind) {
    case "int":
      return concat([intField(3, attribute.value), intField(20, 2)])
    case "ints":
      return concat([intsField(8, attribute.value), intField(20, 7)])
    case "strings":
      return concat([...attribute.value.map(text => bytesField(9, text)), intField(20, 8)])
    case "tensor":
      return concat([bytesField(5, encodeTensor(attribute.value, "values")), intField(20, 4)])
  }
}

const encodeTensor = ({ type, dims, values }: OnnxTensor, name: string): Bytes =>
  concat([
    intsField(1, dims),
    intField(2, elementTypes[type]),
    bytesField(8, name),
    ...(ArrayBuffer.isView(values)
      ? // Raw data is little-endian, as is every machine that Node runs on but IBM's Z.
        [bytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))]
      : values.map(text => bytesField(6, text))),
  ])

const encodeValue = ({ name, type, shape }: OnnxValue): Bytes => {
  const dimensions = shape.map(length =>
    bytesField(1, typeof length === "number" ? intField(1, length) : bytesField(2, length)),
  )
  const tensor = concat([intField(1, elementTypes[type]), bytesField(2, concat(dimensions))])
  return concat([bytesField(1, name), bytesField(2, bytesField(1, tensor))])
}
