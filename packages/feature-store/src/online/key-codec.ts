import { RoadmapError } from "@roadmap/core/errors"
import type { Column, ColumnType, Field } from "@roadmap/warehouse/port"
import { type EntityKey, type FeatureValue, keyByteLimit, type OnlineView } from "./port.ts"

/**
 * An entity key as one text: the JSON array of its parts, such as `["ORD",17]`. One text for one key and one key for
 * one text, without NUL (which PostgreSQL's text cannot hold), and readable in either database.
 */
export interface KeyCodec {
  /** Null when a part is null. Throws INVALID_INPUT for a part of another type or a wrong number of parts. */
  encode(key: EntityKey): string | null
  /** One text a row. Throws INVALID_INPUT for a null part. */
  encodeColumns(columns: readonly Column[], rows: number): string[]
}

export const keyCodec = ({ name, keys }: OnlineView): KeyCodec => {
  const parts = keys.map(field => ({ field, text: partText[field.type] }))
  const limited = (text: string): string => {
    if (text.length * 3 > keyByteLimit && Buffer.byteLength(text) > keyByteLimit)
      throw new RoadmapError(
        "LIMIT_EXCEEDED",
        `A key of view "${name}" has more than ${keyByteLimit} bytes.`,
        {
          hint: "Key the entity by a shorter name, or by its hash.",
        },
      )
    return text
  }
  return {
    encode(key) {
      if (key.length !== parts.length)
        throw new RoadmapError(
          "INVALID_INPUT",
          `A key of view "${name}" has ${key.length} parts; it needs ${keys.map(field => field.name).join(", ")}.`,
        )
      let text = "["
      let missing = false
      for (let i = 0; i < parts.length; i++) {
        const { field, text: write } = parts[i]
        const value = key[i]
        if (value === null) {
          missing = true
          continue
        }
        const part = write(value, field)
        if (part === undefined) throw wrongPart(name, field, value)
        text += i === 0 ? part : `,${part}`
      }
      return missing ? null : limited(`${text}]`)
    },
    encodeColumns(columns, rows) {
      const texts = new Array<string>(rows).fill("[")
      columns.forEach((column, i) => {
        const { field, text: write } = parts[i]
        const { values, valid } = column
        const isBoolean = column.type === "boolean"
        for (let row = 0; row < rows; row++) {
          const value = isBoolean ? values[row] !== 0 : values[row]
          const part = valid?.[row] === 0 ? undefined : write(value, field)
          if (part === undefined)
            throw valid?.[row] === 0 ? nullPart(name, field, row) : wrongPart(name, field, value)
          texts[row] += i === 0 ? part : `,${part}`
        }
      })
      for (let row = 0; row < rows; row++) texts[row] = limited(`${texts[row]}]`)
      return texts
    },
  }
}

const nullPart = (view: string, field: Field, row: number) =>
  new RoadmapError("INVALID_INPUT", `Row ${row + 1} for view "${view}" has a null key "${field.name}".`, {
    hint: "Leave rows without an entity out.",
  })

const wrongPart = (view: string, field: Field, value: FeatureValue) =>
  new RoadmapError(
    "INVALID_INPUT",
    `Key "${field.name}" of view "${view}" is ${field.type}; ${typeof value} ${JSON.stringify(String(value))} is not one.`,
    { hint: `Ask with a value of type ${field.type}.` },
  )

type PartText = (value: FeatureValue, field: Field) => string | undefined

const integer =
  (from: number, to: number): PartText =>
  value =>
    typeof value === "number" && Number.isInteger(value) && value >= from && value <= to
      ? String(value)
      : undefined

const int64: PartText = value =>
  typeof value === "bigint"
    ? BigInt.asIntN(64, value) === value
      ? String(value)
      : undefined
    : integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)(value, { name: "", type: "int64" })

const int32 = integer(-(2 ** 31), 2 ** 31 - 1)

const decimal: PartText = (value, { scale = 0, precision = 38 }) => {
  const parts = typeof value === "string" ? /^(-?)0*(\d+?)(?:\.(\d*))?$/.exec(value) : null
  if (!parts) return undefined
  const [, sign, whole, fraction = ""] = parts
  if (fraction.length > scale || (whole === "0" ? 0 : whole.length) > precision - scale) return undefined
  const digits = scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, "0")}`
  return /[1-9]/.test(digits) ? `"${sign}${digits}"` : `"${digits}"`
}

/** Undefined: not a value of the type. */
const partText: Record<ColumnType, PartText> = {
  boolean: value => (typeof value === "boolean" ? String(value) : undefined),
  int32,
  date: int32,
  int64,
  timestamp: int64,
  decimal,
  string: value => (typeof value === "string" ? JSON.stringify(value) : undefined),
  float32: () => undefined,
  float64: () => undefined,
}
