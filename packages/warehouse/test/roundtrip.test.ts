import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { csvDialect } from "../src/adapters/duckdb/csv.ts"
import { openWarehouse } from "../src/open.ts"
import type { ColumnBatch, SqlEngine } from "../src/port.ts"
import { cellOf } from "../src/rows.ts"

let home: string
let engine: SqlEngine
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "roundtrip-"))
  engine = await openWarehouse({ home, logLevel: "silent", ci: true, color: false })
})
afterAll(async () => {
  await engine.close()
  await rm(home, { recursive: true, force: true })
})

const row = fc.record({
  text: fc.option(fc.string({ unit: "grapheme", maxLength: 30 })),
  double: fc.option(fc.double()),
  long: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
})
type Row = { text: string | null; double: number | null; long: bigint | null }

const validOf = (values: readonly unknown[]) => Uint8Array.from(values, value => (value === null ? 0 : 1))
const batchOf = (rows: readonly Row[]): ColumnBatch => ({
  rows: rows.length,
  columns: [
    { name: "id", type: "int32", values: Int32Array.from(rows, (_, index) => index) },
    {
      name: "text",
      type: "string",
      values: rows.map(each => each.text ?? ""),
      valid: validOf(rows.map(each => each.text)),
    },
    {
      name: "double",
      type: "float64",
      values: Float64Array.from(rows, each => each.double ?? 0),
      valid: validOf(rows.map(each => each.double)),
    },
    {
      name: "long",
      type: "int64",
      values: BigInt64Array.from(rows, each => each.long ?? 0n),
      valid: validOf(rows.map(each => each.long)),
    },
  ],
})
const fields = batchOf([]).columns.map(({ name, type }) => ({ name, type }))

describe("whatever is loaded", () => {
  it("comes back value by value, for any texts, doubles, integers and nulls", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), async rows => {
        await engine.load("p.t", { fields, batches: [batchOf(rows)] }, "replace")
        const back = await engine.query("SELECT * FROM p.t ORDER BY id")
        expect(back.rows).toBe(rows.length)
        rows.forEach((expected, index) => {
          const [, text, double, long] = back.columns
          expect(cellOf(text, index)).toBe(expected.text)
          expect(cellOf(double, index)).toBe(expected.double)
          const found = cellOf(long, index)
          expect(found === null ? null : BigInt(found as number | bigint)).toBe(expected.long)
        })
      }),
      { numRuns: 40 },
    )
  })

  it("comes back through a parameter unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme" }).filter(text => !text.includes("\0")),
        async text => {
          const { columns } = await engine.query("SELECT ? AS text", [text])
          expect(cellOf(columns[0], 0)).toBe(text)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe("a CSV header", () => {
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

  it("gives back any names that were quoted into it, with any delimiter", () => {
    const names = fc.uniqueArray(
      fc.string({ minLength: 1 }).filter(name => !name.includes("\0")),
      {
        minLength: 2,
        maxLength: 8,
        selector: name => name.toLowerCase(),
      },
    )
    fc.assert(
      fc.property(
        names,
        fc.constantFrom(",", ";", "\t", "|"),
        fc.constantFrom("\n", "\r\n", ""),
        (all, delimiter, end) => {
          const header = all.map(quoted).join(delimiter) + end
          expect(csvDialect(header, "x.csv")).toEqual({ delimiter, names: all })
        },
      ),
    )
  })

  it.each(["", "\na,b", '"a,b', "a,,b\n1,2,3", "a,b,A"])("refuses %j", start => {
    expect(() => csvDialect(start, "x.csv")).toThrow("x.csv")
  })
})
