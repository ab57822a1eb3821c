import { readFile } from "node:fs/promises"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { countMarkers } from "../src/adapters/databricks/parameters.ts"
import { arrowReader } from "../src/adapters/databricks/read-arrow.ts"
import { rowReader } from "../src/adapters/databricks/results.ts"
import { dateText, daysOf, microsOf, plainDecimal, timestampText } from "../src/adapters/databricks/texts.ts"
import { typeId } from "../src/adapters/databricks/wire.ts"
import { concatBatches } from "../src/batches.ts"
import { sampleOfEveryType } from "../src/examples.ts"
import { batchRowLimit } from "../src/port.ts"
import { failure } from "../testing/samples.ts"

/** Written by pyarrow: goldens/make_arrow.py. */
const golden = (name: string) => readFile(join(import.meta.dirname, "..", "goldens", name))

describe("a result in Arrow", () => {
  it("gives every type exactly, nulls included, batch by batch", async () => {
    const { fields, batches } = sampleOfEveryType()
    const read = await arrowReader(fields, await golden("arrow-schema.bin"))
    const found = read(await golden("arrow-rows.bin"))
    expect(found.map(batch => batch.rows)).toEqual([3, 2])
    expect(concatBatches(fields, found).columns).toEqual(batches[0].columns)
  })

  it("is refused without its schema", async () => {
    expect((await failure(arrowReader([], undefined))).code).toBe("SQL_FAILED")
  })
})

const description = (type: number, position = 1) => ({
  columnName: "a",
  position,
  typeDesc: { types: [{ primitiveEntry: { type } }] },
})

describe("a result in Thrift columns", () => {
  it("comes in batches within the limit, whatever the warehouse sends at once", async () => {
    const rows = batchRowLimit + 5
    const reader = await rowReader({ schema: { columns: [description(typeId.int)] }, resultFormat: 1 })
    const values = Array.from({ length: rows }, (_, row) => row)
    const batches = reader.read({ columns: [{ i32Val: { values, nulls: Buffer.alloc(0) } }] })
    expect(batches.map(batch => batch.rows)).toEqual([batchRowLimit, 5])
    expect(batches[1].columns[0].values[4]).toBe(rows - 1)
  })

  it("keeps 64-bit integers exact", async () => {
    const reader = await rowReader({ schema: { columns: [description(typeId.bigint)] }, resultFormat: 1 })
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1 }),
        wanted => {
          const values = wanted.map(value => {
            const buffer = Buffer.alloc(11)
            buffer.writeBigInt64BE(value, 3)
            return { buffer, offset: 3 }
          })
          const [batch] = reader.read({ columns: [{ i64Val: { values, nulls: Buffer.alloc(1) } }] })
          expect([...batch.columns[0].values]).toEqual(wanted)
        },
      ),
    )
  })

  it.each([
    ["an array", 10],
    ["a map", 11],
    ["a struct", 12],
    ["bytes", 9],
    ["an interval", 21],
  ])("refuses %s with the advice to cast", async (_, type) => {
    const error = await failure(rowReader({ schema: { columns: [description(type)] }, resultFormat: 1 }))
    expect(error.code).toBe("SQL_INVALID")
    expect(error.hint).toContain("Cast")
  })
})

describe("values as text", () => {
  it("gives any day back", () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), days => {
        expect(daysOf(dateText(days))).toBe(days)
      }),
    )
  })

  it("gives any microsecond back, from the year 1 to 9999", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }), micros => {
        expect(microsOf(timestampText(micros))).toBe(micros)
      }),
    )
  })

  it.each([
    ["0E-10", 10, "0.0000000000"],
    ["1.5E+3", 2, "1500.00"],
    ["-1E-7", 8, "-0.00000010"],
    ["12", 0, "12"],
    ["7", 2, "7.00"],
    ["1E+2", 0, "100"],
  ])("writes the decimal %s at scale %i as %s", (text, scale, plain) => {
    expect(plainDecimal(text, scale)).toBe(plain)
  })
})

describe("the parameters of a statement", () => {
  it.each([
    ["SELECT ?, ?", 2],
    ["SELECT '?', \"?\", `?`, ?", 1],
    ["SELECT 'it''s ?', 'a\\'?', ?", 1],
    ["SELECT 1 -- is this one ?\n, ?", 1],
    ["SELECT /* ? */ ?", 1],
    ["SELECT r'\\', ?", 1],
    ["SELECT 'open ?", 1],
  ])("are counted outside texts, names and comments: %s", (sql, markers) => {
    expect(countMarkers(sql)).toBe(markers)
  })
})
