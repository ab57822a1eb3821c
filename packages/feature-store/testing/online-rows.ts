import type { Column, Field } from "@roadmap/warehouse/port"
import type { FeatureValue, OnlineRows, OnlineView } from "../src/online/port.ts"

export interface SampleRow {
  values: Record<string, FeatureValue>
  eventTime: bigint
  createdTime?: bigint
}

/** A batch of columns from row objects; a value left out is null. */
export const rowsFrom = (
  view: Pick<OnlineView, "keys" | "features">,
  rows: readonly SampleRow[],
): OnlineRows => ({
  rows: rows.length,
  columns: [...view.keys, ...view.features].map(field =>
    columnFrom(
      field,
      rows.map(row => row.values[field.name] ?? null),
    ),
  ),
  eventTime: BigInt64Array.from(rows, row => row.eventTime),
  createdTime: BigInt64Array.from(rows, row => row.createdTime ?? 0n),
})

const columnFrom = (field: Field, values: readonly FeatureValue[]): Column => {
  const valid = values.includes(null) ? Uint8Array.from(values, value => (value === null ? 0 : 1)) : undefined
  return { ...field, values: storage(field, values), ...(valid && { valid }) } as Column
}

const storage = ({ type }: Field, values: readonly FeatureValue[]): Column["values"] => {
  switch (type) {
    case "boolean":
      return Uint8Array.from(values, value => (value ? 1 : 0))
    case "int64":
    case "timestamp":
      return BigInt64Array.from(values, value => (value ?? 0n) as bigint)
    case "string":
    case "decimal":
      return values.map(value => (value ?? "") as string)
    case "float32":
      return Float32Array.from(values, value => (value ?? 0) as number)
    case "float64":
      return Float64Array.from(values, value => (value ?? 0) as number)
    default:
      return Int32Array.from(values, value => (value ?? 0) as number)
  }
}
