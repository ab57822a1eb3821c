import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

import type { Bench } from "./contract.ts"
import { everyType, failure, letters, numbers, pairs } from "./samples.ts"

/** Part of the contract of SqlEngine. */
export const describeLoading = (bench: Bench): void => {
  const { newTable, sql, ask, write } = bench
  describe("load", () => {
    it("appends after replacing, and matches columns by name", async () => {
      const table = newTable()
      expect((await bench.engine.load(table, pairs([1], ["a"]), "replace")).rows).toBe(1)
      const [n, letter] = pairs([2], ["b"]).fields
      const swapped = { rows: 1, columns: pairs([2], ["b"]).batches[0].columns.toReversed() }
      await bench.engine.load(table, { fields: [letter, n], batches: [swapped] }, "append")
      expect(await ask(`SELECT n, letter FROM ${sql(table)} ORDER BY n`)).toEqual([
        { n: 1, letter: "a" },
        { n: 2, letter: "b" },
      ])
      await bench.engine.load(table, pairs([3], ["c"]), "replace")
      expect(await ask(`SELECT n, letter FROM ${sql(table)}`)).toEqual([{ n: 3, letter: "c" }])
    })

    it("makes an empty table of a source without rows, with the source's columns", async () => {
      const table = newTable()
      const receipt = await bench.engine.load(table, { ...everyType(), batches: [] }, "replace")
      expect(receipt.rows).toBe(0)
      const empty = await bench.engine.query(`SELECT * FROM ${sql(table)}`)
      expect(empty.rows).toBe(0)
      expect(empty.fields).toEqual(everyType().fields)
    })

    it("appends nothing when a source has no rows", async () => {
      const table = newTable()
      await bench.engine.load(table, letters(["a"]), "replace")
      await bench.engine.load(table, letters([]), "append")
      expect(await ask(`SELECT letter FROM ${sql(table)}`)).toEqual([{ letter: "a" }])
    })

    it("loads more than one statement can hold, all of it or nothing", async () => {
      const table = newTable()
      const wide = Array.from({ length: 6_000 }, (_, row) => String(row).padStart(1_000, "x"))
      expect((await bench.engine.load(table, letters(wide), "replace")).rows).toBe(6_000)
      await bench.engine.load(table, letters(wide.slice(0, 5_000)), "append")
      const [counted] = await ask(
        `SELECT count(*) AS n, count(DISTINCT letter) AS different, min(length(letter)) AS shortest FROM ${sql(table)}`,
      )
      expect(counted).toEqual({ n: 11_000, different: 6_000, shortest: 1_000 })
      const broken = {
        fields: letters([]).fields,
        batches: (async function* () {
          yield* letters(wide).batches
          throw new Error("the source broke")
        })(),
      }
      await expect(bench.engine.load(table, broken, "append")).rejects.toThrow("the source broke")
      expect(await ask(`SELECT count(*) AS n FROM ${sql(table)}`)).toEqual([{ n: 11_000 }])
    })

    it("creates the table of an append when it is missing", async () => {
      const table = newTable()
      await bench.engine.load(table, letters(["a"]), "append")
      expect((await bench.engine.query(`SELECT * FROM ${sql(table)}`)).rows).toBe(1)
    })

    it("casts appended values to the table's types and refuses those that do not fit", async () => {
      const table = newTable()
      await bench.engine.load(table, pairs([1], ["a"]), "replace")
      const csv = await write("fits.csv", "n,letter\n2,b\n")
      await bench.engine.load(table, { format: "csv", files: [csv] }, "append")
      expect((await bench.engine.query(`SELECT n FROM ${sql(table)}`)).fields).toEqual([
        { name: "n", type: "int32" },
      ])
      const wrong = await write("wrong.csv", "n,letter\n3,c\nmany,d\n")
      await failure(bench.engine.load(table, { format: "csv", files: [wrong] }, "append"))
      expect(await ask(`SELECT n FROM ${sql(table)} ORDER BY n`)).toEqual([{ n: 1 }, { n: 2 }])
    })

    it.each(["append", "replace"] as const)(
      "leaves the table as it was when a %s fails half way",
      async mode => {
        const table = newTable()
        await bench.engine.load(table, letters(["a", "b"]), "replace")
        const broken = {
          fields: letters([]).fields,
          batches: (async function* () {
            yield letters(["c"]).batches[0]
            throw new Error("the source broke")
          })(),
        }
        await expect(bench.engine.load(table, broken, mode)).rejects.toThrow("the source broke")
        expect(await ask(`SELECT letter FROM ${sql(table)} ORDER BY letter`)).toEqual([
          { letter: "a" },
          { letter: "b" },
        ])
      },
    )

    it("leaves the table as it was when its signal aborts between batches", async () => {
      const table = newTable()
      await bench.engine.load(table, letters(["a"]), "replace")
      const abort = new AbortController()
      const source = {
        fields: letters([]).fields,
        batches: (async function* () {
          yield letters(["b"]).batches[0]
          abort.abort()
          yield letters(["c"]).batches[0]
        })(),
      }
      const error = await failure(bench.engine.load(table, source, "replace", { signal: abort.signal }))
      expect(error.code).toBe("INTERRUPTED")
      expect(await ask(`SELECT letter FROM ${sql(table)}`)).toEqual([{ letter: "a" }])
    })

    it("refuses an append that lacks a column or brings another", async () => {
      const table = newTable()
      await bench.engine.load(table, pairs([1], ["a"]), "replace")
      const error = await failure(bench.engine.load(table, letters(["b"]), "append"))
      expect(error.code).toBe("SCHEMA_MISMATCH")
      expect(error.message).toContain("n")
    })

    it("refuses a batch that is not what its fields say", async () => {
      const { fields } = pairs([], [])
      const error = await failure(
        bench.engine.load(newTable(), { fields, batches: letters(["a"]).batches }, "replace"),
      )
      expect(error.code).toBe("INVALID_INPUT")
    })

    it("reads Parquet with its own types, in the file's order", async () => {
      const source = newTable()
      await bench.engine.load(source, everyType(), "replace")
      const path = join(bench.folder, "types.parquet")
      await bench.writeParquet(
        `SELECT id, truth, whole, day, moment, word FROM ${sql(source)} ORDER BY id`,
        path,
      )
      const table = newTable()
      const receipt = await bench.engine.load(
        table,
        { format: "parquet", files: [path], constants: { file: ["types"] }, rowNumber: "row" },
        "replace",
      )
      expect(receipt.rows).toBe(5)
      expect(receipt.fields.map(({ type }) => type)).toEqual([
        "int32",
        "boolean",
        "int64",
        "date",
        "timestamp",
        "string",
        "string",
        "int64",
      ])
      expect(await ask(`SELECT id, file, row FROM ${sql(table)} WHERE id = 4`)).toEqual([
        { id: 4, file: "types", row: 4 },
      ])
    })

    it("reads CSV as text: quotes, line breaks inside quotes, empty fields as null", async () => {
      const path = await write("text.csv", '\uFEFFid;"a;b";c\r\n1;"x ""y""\nz";\r\n007;é;1.50\r\n')
      const table = newTable()
      await bench.engine.load(table, { format: "csv", files: [path], rowNumber: "row" }, "replace")
      expect(await ask(`SELECT * FROM ${sql(table)} ORDER BY row`)).toEqual([
        { id: "1", "a;b": 'x "y"\nz', c: null, row: 1 },
        { id: "007", "a;b": "é", c: "1.50", row: 2 },
      ])
    })

    it("reads JSON lines as text, absent and null keys as null", async () => {
      const path = await write(
        "text.jsonl",
        '{"a":1,"b":"x"}\n{"b":null,"c":true}\n{"a":12345678901234567890}\n',
      )
      const table = newTable()
      await bench.engine.load(table, { format: "json", files: [path], rowNumber: "row" }, "replace")
      expect(await ask(`SELECT a, b, c, row FROM ${sql(table)} ORDER BY row`)).toEqual([
        { a: "1", b: "x", c: null, row: 1 },
        { a: null, b: null, c: "true", row: 2 },
        { a: "12345678901234567890", b: null, c: null, row: 3 },
      ])
    })

    it("numbers rows and names files in each file of several, whose columns may differ", async () => {
      const files = [await write("one.csv", "a,b\n1,2\n3,4\n"), await write("two [1].csv", "b,c\n5,6\n")]
      const table = newTable()
      const source = {
        format: "csv",
        files,
        constants: { file: ["one", "it's two"] },
        rowNumber: "row",
      } as const
      expect((await bench.engine.describe(source)).map(field => field.name)).toEqual([
        "a",
        "b",
        "file",
        "row",
        "c",
      ])
      expect((await bench.engine.load(table, source, "replace")).rows).toBe(3)
      expect(await ask(`SELECT a, b, c, file, row FROM ${sql(table)} ORDER BY b`)).toEqual([
        { a: "1", b: "2", c: null, file: "one", row: 1 },
        { a: "3", b: "4", c: null, file: "one", row: 2 },
        { a: null, b: "5", c: "6", file: "it's two", row: 1 },
      ])
    })

    it.each([
      ["a missing file", "csv", undefined, "FILE_MISSING"],
      ["an empty file", "csv", "", "FILE_EMPTY"],
      ["a CSV row with a field too few", "csv", "a,b\n1,2\n3\n", "FILE_CORRUPT"],
      ["a CSV row with a field too many", "csv", "a,b\n1,2\n3,4,5\n", "FILE_CORRUPT"],
      ["a CSV file cut inside quotes", "csv", 'a,b\n1,"2', "FILE_CORRUPT"],
      [
        "a CSV file that is not UTF-8",
        "csv",
        Uint8Array.of(97, 44, 98, 10, 0xe9, 44, 50, 10),
        "FILE_CORRUPT",
      ],
      ["a CSV header with a name twice", "csv", "a,A\n1,2\n", "SCHEMA_MISMATCH"],
      ["a JSON line cut short", "json", '{"a":1}\n{"a":', "FILE_CORRUPT"],
      ["a JSON array", "json", '[{"a":1}]', "FILE_CORRUPT"],
      ["a text as Parquet", "parquet", "this is not Parquet at all", "FILE_CORRUPT"],
    ] as const)("refuses %s", async (_, format, content, code) => {
      const path =
        content === undefined ? join(bench.folder, "none.csv") : await write(`bad.${format}`, content)
      const table = newTable()
      await bench.engine.load(table, letters(["kept"]), "replace")
      const error = await failure(bench.engine.load(table, { format, files: [path] }, "replace"))
      expect(error.code).toBe(code)
      expect(error.message).toContain(path)
      expect(await ask(`SELECT letter FROM ${sql(table)}`)).toEqual([{ letter: "kept" }])
    })

    it("refuses a Parquet file cut in half", async () => {
      const source = newTable()
      await bench.engine.load(source, numbers(20_000), "replace")
      const path = join(bench.folder, "whole.parquet")
      await bench.writeParquet(`SELECT * FROM ${sql(source)}`, path)
      const whole = await readFile(path)
      const half = await write("half.parquet", whole.subarray(0, whole.length / 2))
      expect(
        (await failure(bench.engine.load(newTable(), { format: "parquet", files: [half] }, "replace"))).code,
      ).toBe("FILE_CORRUPT")
    })
  })
}
