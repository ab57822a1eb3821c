import { describe, expect, it } from "vitest"
import { quoteIdentifier } from "../src/identifiers.ts"
import type { Field } from "../src/port.ts"
import { rowsOf } from "../src/rows.ts"

import type { Bench } from "./contract.ts"
import { arrayOf, everyType, failure, letters } from "./samples.ts"

/** Part of the contract of SqlEngine. */
export const describeQuerying = (bench: Bench): void => {
  const { newTable, sql, ask } = bench
  describe("types", () => {
    it("brings back every type that was loaded, nulls included", async () => {
      const table = newTable()
      const source = everyType()
      await bench.engine.load(table, source, "replace")
      const back = await bench.engine.query(`SELECT * FROM ${sql(table)} ORDER BY id`)
      expect(back.fields).toEqual(source.fields)
      expect(back.columns).toEqual(source.batches[0].columns)
    })

    it("leaves `valid` out of a column without nulls and gives each null a 0", async () => {
      const table = newTable()
      await bench.engine.load(table, everyType(), "replace")
      const { columns } = await bench.engine.query(`SELECT id, whole FROM ${sql(table)} ORDER BY id`)
      expect(columns[0].valid).toBeUndefined()
      expect(columns[1].valid).toEqual(Uint8Array.of(1, 1, 1, 1, 0))
    })

    it("keeps 64-bit integers exact at both ends", async () => {
      const [row] = await ask(
        "SELECT CAST('9223372036854775807' AS BIGINT) AS a, CAST('-9223372036854775808' AS BIGINT) AS b",
      )
      expect(row).toEqual({ a: 9223372036854775807n, b: -9223372036854775808n })
    })

    it("sums integers to an int64", async () => {
      const { fields } = await bench.engine.query(
        "SELECT sum(x) AS s FROM (SELECT 1 AS x UNION ALL SELECT 2) AS t",
      )
      expect(fields).toEqual([{ name: "s", type: "int64" }])
    })

    it("gives an empty result its fields", async () => {
      const table = newTable()
      await bench.engine.load(table, everyType(), "replace")
      const empty = await bench.engine.query(`SELECT * FROM ${sql(table)} WHERE id < 0`)
      expect(empty.rows).toBe(0)
      expect(empty.fields).toEqual(everyType().fields)
      expect(empty.columns.every(column => column.values.length === 0)).toBe(true)
    })

    it("refuses a type that does not travel with the advice to cast", async () => {
      const error = await failure(bench.engine.query(arrayOf(bench.engine)))
      expect(error.code).toBe("SQL_INVALID")
      expect(error.hint).toContain("Cast")
    })
  })

  describe("parameters", () => {
    it("binds every kind of value in order", async () => {
      const at = new Date("1969-12-31T23:59:59.999Z")
      const table = await bench.engine.query(
        "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, CAST(? AS VARCHAR(9)) AS f",
        [true, 7, 1.5, 9007199254740993n, at, null],
      )
      const [row] = rowsOf(table)
      expect(row).toEqual({ a: true, b: 7, c: 1.5, d: 9007199254740993n, e: at, f: null })
    })

    it("never reads a parameter as SQL", async () => {
      const table = newTable()
      await bench.engine.load(table, letters(["a", "b"]), "replace")
      const attack = `a' OR 1 = 1; DROP TABLE ${table}; --`
      expect((await bench.engine.query(`SELECT * FROM ${sql(table)} WHERE letter = ?`, [attack])).rows).toBe(
        0,
      )
      expect((await bench.engine.query(`SELECT * FROM ${sql(table)}`)).rows).toBe(2)
      expect(rowsOf(await bench.engine.query("SELECT ? AS text", [attack]))).toEqual([{ text: attack }])
    })

    it("leaves every character of a text alone", async () => {
      const [open, tick] = ["${", "`"]
      const text = `a\\b 'c' "d" ${tick}e${tick} ? :f -- /* */ ${open}spark.app.name} ${open}env:HOME} %_\r\n\t żółć 🛫`
      expect(rowsOf(await bench.engine.query("SELECT ? AS text, '?' AS mark", [text]))).toEqual([
        { text, mark: "?" },
      ])
      const table = newTable()
      await bench.engine.load(table, letters([text, `${text}!`, text]), "replace")
      expect((await ask(`SELECT letter FROM ${sql(table)} ORDER BY letter`)).map(row => row.letter)).toEqual([
        text,
        text,
        `${text}!`,
      ])
    })

    it.each([[[]], [[1, 2]]])("refuses %j values for one parameter", async params => {
      expect((await failure(bench.engine.query("SELECT ? AS a", params))).code).toBe("SQL_INVALID")
    })

    it("refuses an integer beyond 64 bits", async () => {
      expect((await failure(bench.engine.query("SELECT ? AS a", [2n ** 63n]))).code).toBe("INVALID_INPUT")
    })
  })

  describe("names", () => {
    it.each(['with "double" quotes', "with `back` ticks", "it's", "with space", "UPPER", "select", "żółć"])(
      "takes %s as a column name",
      async column => {
        const table = newTable()
        const fields: Field[] = [{ name: column, type: "int32" }]
        const batch = {
          rows: 1,
          columns: [{ name: column, type: "int32", values: Int32Array.of(7) } as const],
        }
        await bench.engine.load(table, { fields, batches: [batch] }, "replace")
        const back = await bench.engine.query(
          `SELECT ${quoteIdentifier(column, bench.engine.dialect)} FROM ${sql(table)}`,
        )
        expect(rowsOf(back)).toEqual([{ [column]: 7 }])
      },
    )
  })

  describe("errors", () => {
    it.each([
      ["SELEC 1", "SQL_INVALID"],
      ["SELECT 1; SELECT 2", "SQL_INVALID"],
      ["SELECT no_such_column FROM (SELECT 1 AS a) AS t", "SQL_INVALID"],
      ["SELECT no_such_function(1)", "SQL_INVALID"],
      ["SELECT * FROM contract.no_such_table", "TABLE_MISSING"],
      ["SELECT * FROM no_such_schema.no_such_table", "TABLE_MISSING"],
      ["SELECT CAST('abc' AS INT) AS a", "SQL_FAILED"],
    ])("%s is %s", async (statement, code) => {
      const error = await failure(bench.engine.query(statement))
      expect(error.code).toBe(code)
      expect(error.message).not.toContain("\n")
      const streamed = await failure(Array.fromAsync(bench.engine.stream(statement)))
      expect(streamed.code).toBe(code)
    })
  })
}
