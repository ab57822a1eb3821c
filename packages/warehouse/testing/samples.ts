import { isRoadmapError } from "@roadmap/core/errors"
import { expect } from "vitest"
import type { ColumnBatch, Field, SqlEngine } from "../src/port.ts"

export { sampleOfEveryType as everyType } from "../src/examples.ts"

/** The error of a promise that must fail. */
export const failure = async (work: Promise<unknown>) => {
  const error = await work.then(
    value =>
      expect.fail(
        `expected a failure, got ${JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}` : v))}`,
      ),
    (reason: unknown) => reason,
  )
  if (!isRoadmapError(error)) throw error
  return error
}

export const arrayOf = ({ dialect }: SqlEngine) =>
  dialect === "spark" ? "SELECT array(1, 2) AS a" : "SELECT [1, 2] AS a"

export const letters = (values: string[]) => ({
  fields: [{ name: "letter", type: "string" }] satisfies Field[],
  batches: [
    { rows: values.length, columns: [{ name: "letter", type: "string", values }] },
  ] satisfies ColumnBatch[],
})

export const pairs = (n: number[], values: string[]) => ({
  fields: [
    { name: "n", type: "int32" },
    { name: "letter", type: "string" },
  ] satisfies Field[],
  batches: [
    {
      rows: n.length,
      columns: [
        { name: "n", type: "int32", values: Int32Array.from(n) },
        { name: "letter", type: "string", values },
      ],
    },
  ] satisfies ColumnBatch[],
})

/** 0 to rows - 1 as int32, in several batches. */
export const numbers = (rows: number) => ({
  fields: [{ name: "n", type: "int32" }] satisfies Field[],
  batches: Array.from({ length: Math.ceil(rows / 40_000) }, (_, index): ColumnBatch => {
    const from = index * 40_000
    const values = Int32Array.from({ length: Math.min(40_000, rows - from) }, (_, row) => from + row)
    return { rows: values.length, columns: [{ name: "n", type: "int32", values }] }
  }),
})
