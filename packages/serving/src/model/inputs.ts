import { type FeatureSchema, MISSING } from "@roadmap/ml/columns"
import type { FeatureColumn, Features } from "@roadmap/ml/features"
import type { ColumnType, Signature } from "@roadmap/model-registry/signature"

/**
 * One input of a served model: a column of the signature, and how a request's values become a column of
 * features.
 *
 * - `double` -> Float64Array, `float` -> Float32Array, `integer` -> Int32Array, `boolean` -> Uint8Array;
 *   `long` (up to 2^53) and `datetime` (microseconds since 1970) -> Float64Array. NaN is a missing value. A
 *   missing value of an `integer` or `boolean` column that is not required needs a Float64Array.
 * - `string` -> codes into `categories`; -1 is missing, and the last category stands for every text that the
 *   model has not seen. Without `categories` (what is looked up, not scored) the texts themselves, null when
 *   missing.
 */
export interface InputColumn {
  readonly name: string
  readonly type: ColumnType
  readonly required: boolean
  /**
   * Of a `string` column: what the codes mean, the same array in every request. Its last entry is no
   * category of the model. Every input of a model that is a text has them.
   */
  readonly categories?: readonly string[]
  /** The code of each text. */
  readonly codeOf?: ReadonlyMap<string, number>
}

export const inputColumnsOf = (
  signature: Signature,
  schema: readonly FeatureSchema[] | undefined,
): readonly InputColumn[] =>
  signature.inputs.map(({ name, type, required }) => {
    if (type !== "string") return { name, type, required }
    const known = schema?.find(feature => feature.name === name)?.categories ?? []
    return {
      name,
      type,
      required,
      categories: [...known, unseenText(known)],
      codeOf: new Map(known.map((text, code) => [text, code])),
    }
  })

/**
 * The features that a model was fitted on, from the columns of its signature. A signature that ONNX's
 * matrix form wrote has a category as a number, its code: NaN and -1 are missing, and every other number that
 * is no code is a category the model has not seen (as the ONNX file has it). Columns that need no change are
 * passed on, not copied.
 */
export const toModelFeatures = (schema: readonly FeatureSchema[], features: Features): Features => {
  const columns: FeatureColumn[] = features.columns.slice()
  for (let i = 0; i < schema.length; i++) {
    const column = columns[i]
    if (schema[i].kind !== "categorical" || column?.kind !== "numeric") continue
    columns[i] = withCodes(schema[i], column.values)
  }
  return { rows: features.rows, columns }
}

const withCodes = ({ name, categories }: FeatureSchema, values: ArrayLike<number>): FeatureColumn => {
  const known = categories.length
  const codes = new Int32Array(values.length)
  let unseen = false
  for (let row = 0; row < values.length; row++) {
    const code = codeOfNumber(values[row], known)
    if (code === known) unseen = true
    codes[row] = code
  }
  return {
    name,
    kind: "categorical",
    codes,
    categories: unseen ? [...categories, unseenText(categories)] : categories,
  }
}

/** The code that a number stands for: -1 when it is missing, `known` when it is no category of the model. */
export const codeOfNumber = (value: number, known: number): number => {
  if (value >= 0 && value < known && value === Math.floor(value)) return value
  return value === MISSING || Number.isNaN(value) ? MISSING : known
}

/** A text that is no category. */
const unseenText = (categories: readonly string[]): string => {
  let text = "(not seen)"
  while (categories.includes(text)) text += "?"
  return text
}
