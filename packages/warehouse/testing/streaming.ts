import { beforeAll, describe, expect, it } from "vitest"
import { checksum } from "../src/checksum.ts"
import { collectColumns } from "../src/collect.ts"
import { batchRowLimit, type Column } from "../src/port.ts"
import { rowsOf } from "../src/rows.ts"

import type { Bench } from "./contract.ts"
import { everyType, failure, numbers } from "./samples.ts"

/** Part of the contract of SqlEngine. */
export const describeStreaming = (bench: Bench): void => {
  const { newTable, sql, ask } = bench
  describe("streaming", () => {
    const rows = 150_000
    let table: string
    beforeAll(async () => {
      table = newTable()
      await bench.engine.load(table, numbers(rows), "replace")
    })

    it("yields all rows in order, in batches of 1 to the limit", async () => {
      let next = 0
      for await (const batch of bench.engine.stream(`SELECT n FROM ${sql(table)} ORDER BY n`)) {
        expect(batch.rows).toBeGreaterThan(0)
        expect(batch.rows).toBeLessThanOrEqual(batchRowLimit)
        const { values } = batch.columns[0] as Column & { type: "int32" }
        let inOrder = values.length === batch.rows
        for (let row = 0; row < batch.rows; row++) inOrder &&= values[row] === next++
        expect(inOrder).toBe(true)
      }
      expect(next).toBe(rows)
    })

    it("yields no batch for no row", async () => {
      expect(await Array.fromAsync(bench.engine.stream(`SELECT n FROM ${sql(table)} WHERE n < 0`))).toEqual(
        [],
      )
    })

    it("lets batches outlive the stream", async () => {
      const kept = await Array.fromAsync(
        bench.engine.stream(`SELECT n FROM ${sql(table)} ORDER BY n LIMIT 9000`),
      )
      await bench.engine.query(`SELECT max(n) FROM ${sql(table)}`)
      const all = kept.flatMap(batch => [...(batch.columns[0].values as Int32Array)])
      expect(all).toEqual(Array.from({ length: 9000 }, (_, index) => index))
    })

    it("ends with INTERRUPTED when its signal aborts in mid stream", async () => {
      const abort = new AbortController()
      let seen = 0
      const error = await failure(
        (async () => {
          for await (const batch of bench.engine.stream(`SELECT n FROM ${sql(table)}`, [], {
            signal: abort.signal,
          })) {
            seen += batch.rows
            abort.abort()
          }
        })(),
      )
      expect(error.code).toBe("INTERRUPTED")
      expect(seen).toBeLessThanOrEqual(batchRowLimit)
    })

    it("fails in mid stream when a later row cannot be computed", async () => {
      const late = `SELECT CAST(CASE WHEN n = ${rows - 1} THEN 'x' ELSE '1' END AS INT) AS a FROM ${sql(table)} ORDER BY n`
      expect((await failure(Array.fromAsync(bench.engine.stream(late)))).code).toBe("SQL_FAILED")
      const unordered = late.replace(" ORDER BY n", "")
      expect((await failure(Array.fromAsync(bench.engine.stream(unordered)))).code).toBe("SQL_FAILED")
    })

    it("frees the result when the reader leaves early: the table can be replaced and read again", async () => {
      const own = newTable()
      await bench.engine.load(own, numbers(rows), "replace")
      for await (const batch of bench.engine.stream(`SELECT n FROM ${sql(own)}`)) {
        expect(batch.rows).toBeGreaterThan(0)
        break
      }
      await bench.engine.load(own, numbers(3), "replace")
      expect((await bench.engine.query(`SELECT * FROM ${sql(own)}`)).rows).toBe(3)
    })

    it("collects chosen columns into typed arrays, nulls as NaN", async () => {
      const own = newTable()
      await bench.engine.load(own, everyType(), "replace")
      const collected = await collectColumns(bench.engine, `SELECT * FROM ${sql(own)} ORDER BY id`, {
        columns: { id: "int32", whole: "float64", price: "float32", moment: "float64", word: "category" },
      })
      expect(collected.id).toEqual(Int32Array.of(1, 2, 3, 4, 5))
      expect(collected.whole).toEqual(Float64Array.of(0, 2 ** 63, -(2 ** 63), 42, Number.NaN))
      expect(collected.price).toEqual(Float32Array.of(0, 99999999.99, -12.5, 1, Number.NaN))
      expect(collected.moment[1]).toBe(-1)
      expect(collected.word).toEqual({
        codes: Int32Array.of(0, 3, 1, 2, -1),
        categories: ["", "a'b\"c`d", "tab\tand\nline", "żółć 🛫 漢字"],
      })
    })

    it("collects more rows than one block, in order", async () => {
      const { n } = await collectColumns(bench.engine, `SELECT n FROM ${sql(table)} ORDER BY n`, {
        columns: { n: "float32" },
      })
      expect(n.length).toBe(rows)
      expect(n.every((value, index) => value === index)).toBe(true)
    })

    it.each([
      ["an absent column", "SELECT 1 AS a", { b: "float64" }, "SCHEMA_MISMATCH"],
      ["a text as a number", "SELECT 'x' AS a", { a: "float64" }, "SCHEMA_MISMATCH"],
      ["a fraction as an int32", "SELECT CAST(1.5 AS DOUBLE) AS a", { a: "int32" }, "SCHEMA_MISMATCH"],
      ["a null as an int32", "SELECT CAST(NULL AS INT) AS a", { a: "int32" }, "INVALID_INPUT"],
      ["2^31 as an int32", "SELECT CAST(2147483648 AS BIGINT) AS a", { a: "int32" }, "INVALID_INPUT"],
      ["a number as a category", "SELECT 1 AS a", { a: "category" }, "SCHEMA_MISMATCH"],
    ] as const)("refuses to collect %s", async (_, statement, columns, code) => {
      expect((await failure(collectColumns(bench.engine, statement, { columns }))).code).toBe(code)
    })

    it("sums rows up to a checksum that ignores their order and notices any change", async () => {
      const base = await checksum(bench.engine, `SELECT n FROM ${sql(table)} ORDER BY n`)
      expect(await checksum(bench.engine, `SELECT n FROM ${sql(table)} ORDER BY n DESC`)).toEqual(base)
      expect(await checksum(bench.engine, `SELECT CAST(n AS BIGINT) AS n FROM ${sql(table)}`)).toEqual(base)
      const changed = await checksum(
        bench.engine,
        `SELECT CASE WHEN n = 5 THEN 6 ELSE n END AS n FROM ${sql(table)}`,
      )
      expect(changed.rows).toBe(base.rows)
      expect(changed.checksum).not.toBe(base.checksum)
      const nulled = await checksum(
        bench.engine,
        `SELECT CASE WHEN n = 0 THEN NULL ELSE n END AS n FROM ${sql(table)}`,
      )
      expect(nulled.checksum).not.toBe(base.checksum)
    })
  })

  describe("interruption", () => {
    it("refuses a signal that has aborted already", async () => {
      expect(
        (await failure(bench.engine.query("SELECT 1 AS a", [], { signal: AbortSignal.abort() }))).code,
      ).toBe("INTERRUPTED")
    })

    it("stops a long statement and works on", async () => {
      const table = newTable()
      await bench.engine.load(table, numbers(50_000), "replace")
      const abort = new AbortController()
      setTimeout(() => abort.abort(), 50)
      const endless = `SELECT count(*) AS n FROM ${sql(table)} AS a, ${sql(table)} AS b, ${sql(table)} AS c WHERE (a.n * 7 + b.n * 3 + c.n) % 11 = 5`
      expect((await failure(bench.engine.query(endless, [], { signal: abort.signal }))).code).toBe(
        "INTERRUPTED",
      )
      expect(await ask("SELECT 1 AS a")).toEqual([{ a: 1 }])
    })

    it("runs statements at the same time without mixing them up", async () => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, async (_, index) =>
          rowsOf(await bench.engine.query("SELECT ? AS a", [index])),
        ),
      )
      expect(answers).toEqual(Array.from({ length: 12 }, (_, index) => [{ a: index }]))
    })
  })
}
