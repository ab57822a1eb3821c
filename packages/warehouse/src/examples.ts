import type { Column, Field, Table } from "./port.ts"

/** Five rows of every type: zero, the extremes, odd values, a plain one, nulls. */
export const sampleOfEveryType = (): { fields: Field[]; batches: Table[] } => {
  const lastIsNull = () => Uint8Array.of(1, 1, 1, 1, 0)
  const columns: Column[] = [
    { name: "id", type: "int32", values: Int32Array.of(1, 2, 3, 4, 5) },
    { name: "truth", type: "boolean", values: Uint8Array.of(0, 1, 1, 0, 0), valid: lastIsNull() },
    {
      name: "small",
      type: "int32",
      values: Int32Array.of(0, 2147483647, -2147483648, 42, 0),
      valid: lastIsNull(),
    },
    {
      name: "whole",
      type: "int64",
      values: BigInt64Array.of(0n, 2n ** 63n - 1n, -(2n ** 63n), 42n, 0n),
      valid: lastIsNull(),
    },
    {
      name: "single",
      type: "float32",
      values: Float32Array.of(0, Number.POSITIVE_INFINITY, Number.NaN, 0.1, 0),
      valid: lastIsNull(),
    },
    {
      name: "double",
      type: "float64",
      values: Float64Array.of(5e-324, Number.NEGATIVE_INFINITY, Number.NaN, 0.1, 0),
      valid: lastIsNull(),
    },
    {
      name: "price",
      type: "decimal",
      precision: 10,
      scale: 2,
      values: ["0.00", "99999999.99", "-12.50", "1.00", ""],
      valid: lastIsNull(),
    },
    {
      name: "day",
      type: "date",
      values: Int32Array.of(0, -25567, -1, 11323, 0),
      valid: lastIsNull(),
    },
    {
      name: "moment",
      type: "timestamp",
      values: BigInt64Array.of(0n, -1n, -62135596800000000n, 978307260123456n, 0n),
      valid: lastIsNull(),
    },
    {
      name: "word",
      type: "string",
      values: ["", "żółć 🛫 漢字", "a'b\"c`d", "tab\tand\nline", ""],
      valid: lastIsNull(),
    },
  ]
  const fields = columns.map(({ name, type, ...rest }) =>
    "precision" in rest ? { name, type, precision: rest.precision, scale: rest.scale } : { name, type },
  )
  return { fields, batches: [{ fields, rows: 5, columns }] }
}
