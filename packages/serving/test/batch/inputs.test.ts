import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import type { ColumnType as InputType } from "@roadmap/model-registry/signature"
import { quoteText } from "@roadmap/warehouse/identifiers"
import type { ColumnType, SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { readingsOf, reasonSql } from "../../src/batch/inputs.ts"
import { localEngine } from "../../src/batch/source.ts"

const folder = mkdtempSync(join(tmpdir(), "serving-inputs-"))
let engine: SqlEngine
beforeAll(async () => {
  engine = await localEngine(join(folder, "spill"), { threads: 1, memoryLimit: "200MB" })
})
afterAll(async () => {
  await engine?.close()
  rmSync(folder, { recursive: true, force: true })
})

const readingOf = (
  type: InputType,
  source: ColumnType,
  options: { required?: boolean; textual?: boolean } = {},
) => {
  const { required = true, textual = false } = options
  const model = { inputs: [{ name: "x", type, required }], uri: "models:/m/1" }
  return readingsOf(model, [{ name: "x", type: source }], textual)
}

/** What each value becomes: a number, null where it is missing, or the reason why its row is rejected. */
const readAs = async (
  type: InputType,
  source: ColumnType,
  values: string,
  options: { required?: boolean; textual?: boolean } = {},
): Promise<(number | string | null)[]> => {
  const readings = readingOf(type, source, options)
  const sql = `SELECT CASE WHEN ${reasonSql(readings)} IS NULL THEN (${readings[0].value})::DOUBLE END AS value, ${reasonSql(readings)} AS reason FROM (SELECT unnest(${values}) AS x)`
  const rows = rowsOf<{ value: number | null; reason: string | null }>(await engine.query(sql))
  return rows.map(({ value, reason }) => reason ?? value)
}

describe("texts of a CSV file", () => {
  const lists: Record<string, (text: string) => number | undefined> = {
    double: text => (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? finite(Number(text)) : undefined),
    integer: text => whole(text, 2 ** 31 - 1, -(2 ** 31)),
    long: text => whole(text, 2 ** 53, -(2 ** 53)),
    boolean: text => (text === "true" ? 1 : text === "false" ? 0 : undefined),
  }
  const finite = (value: number) => (Number.isFinite(value) ? value : undefined)
  const whole = (text: string, most: number, least: number) =>
    /^[+-]?\d+$/.test(text) && BigInt(text.replace("+", "")) <= most && BigInt(text.replace("+", "")) >= least
      ? Number(text)
      : undefined
  const texts = fc.oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true }).map(String),
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
    fc.stringMatching(/^[+\-.eE0-9 _x]{1,8}$/),
    fc.constantFrom(
      "true",
      "false",
      "TRUE",
      "t",
      "nan",
      "Infinity",
      "-inf",
      "1_000",
      "0x10",
      " 1",
      "1 ",
      "1e400",
      "--1",
    ),
  )

  test.each(Object.keys(lists))("are read as %s as they stand, or reject their row", async type => {
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 20, maxLength: 60 }), async values => {
        const list = `[${values.map(text => quoteText(text)).join(", ")}]`
        const found = await readAs(type as InputType, "string", list, { textual: true })
        const expected = values.map(text => lists[type](text))
        found.forEach((value, i) => {
          if (expected[i] === undefined) expect(typeof value, values[i]).toBe("string")
          else expect(value, values[i]).toBe(expected[i] + 0)
        })
      }),
      { numRuns: 30 },
    )
  })
})

describe("typed columns", () => {
  test("fit inputs of their own kind alone", () => {
    const inputs: InputType[] = ["double", "float", "integer", "long", "string", "boolean", "datetime"]
    const sources: ColumnType[] = [
      ...([
        "boolean",
        "int32",
        "int64",
        "float32",
        "float64",
        "decimal",
        "date",
        "timestamp",
        "string",
      ] as const),
    ]
    const fitting = inputs.flatMap(input =>
      sources.flatMap(source => {
        try {
          const categories = input === "string" ? ["a", "(not seen)"] : undefined
          readingsOf(
            { inputs: [{ name: "x", type: input, required: true, categories }], uri: "models:/m/1" },
            [{ name: "x", type: source }],
            false,
          )
          return [`${source} -> ${input}`]
        } catch (error) {
          expect(isRoadmapError(error, "SCHEMA_MISMATCH")).toBe(true)
          return []
        }
      }),
    )
    expect(fitting).toEqual([
      "int32 -> double",
      "int64 -> double",
      "float32 -> double",
      "float64 -> double",
      "float32 -> float",
      "float64 -> float",
      "int32 -> integer",
      "int64 -> integer",
      "int32 -> long",
      "int64 -> long",
      "string -> string",
      "boolean -> boolean",
      "date -> datetime",
      "timestamp -> datetime",
    ])
  })

  test("are not rounded: what does not fit rejects its row", async () => {
    const integers = "[1::BIGINT, NULL, 2147483648, -2147483649, 9007199254740993]"
    expect(await readAs("integer", "int64", integers)).toEqual([
      1,
      "x is missing",
      ...Array(3).fill("x is beyond a 32-bit integer"),
    ])
    expect(await readAs("double", "int64", integers)).toEqual([
      1,
      null,
      2147483648,
      -2147483649,
      "x is beyond 2^53",
    ])
    expect(await readAs("float", "float64", "[0.1::DOUBLE, 1e39, 'nan', 'inf', NULL]")).toEqual([
      Math.fround(0.1),
      "x is beyond a 32-bit float",
      Number.NaN,
      Number.POSITIVE_INFINITY,
      null,
    ])
  })

  test("may miss values where the input is not required", async () => {
    expect(await readAs("integer", "int32", "[7::INTEGER, NULL]", { required: false })).toEqual([7, null])
    expect(await readAs("datetime", "date", "[DATE '1970-01-02', NULL]", { required: false })).toEqual([
      86_400_000_000,
      null,
    ])
  })

  test("an input that is not required may be absent", () => {
    const model = { inputs: [{ name: "y", type: "double", required: false } as const], uri: "models:/m/1" }
    expect(readingsOf(model, [{ name: "x", type: "float64" }], false)).toMatchObject([
      { name: "y", form: "float64", refusals: [] },
    ])
  })
})

test("categories become their codes: missing -1, and one more for all that the model has not seen", async () => {
  const names = ["ATL", "it's", "", "é"]
  const [reading] = readingsOf(
    {
      inputs: [{ name: "x", type: "string", required: false, categories: [...names, "(not seen)"] }],
      uri: "models:/m/1",
    },
    [{ name: "x", type: "string" }],
    false,
  )
  const given = [...names, "atl", "(not seen)"]
  const list = `[${given.map(text => quoteText(text)).join(", ")}, NULL]`
  const rows = rowsOf<{ code: number }>(
    await engine.query(`SELECT ${reading.value} AS code FROM (SELECT unnest(${list}) AS x)`),
  )
  expect(rows.map(({ code }) => code)).toEqual([0, 1, 2, 3, 4, 4, -1])
})

describe("a category that the signature takes as its code", () => {
  const model = {
    inputs: [{ name: "x", type: "double", required: true } as const],
    model: { features: [{ name: "x", kind: "categorical", categories: ["ATL", "7"] }] } as never,
    uri: "models:/m/1",
  }
  const read = async (textual: boolean) => {
    const readings = readingsOf(model, [{ name: "x", type: "string" }], textual)
    const sql = `SELECT ${readings[0].value} AS code, ${reasonSql(readings)} AS reason FROM (SELECT unnest(['ATL', '7', 'XXX', '1', NULL]) AS x)`
    return rowsOf<{ code: number; reason: string | null }>(await engine.query(sql))
  }

  test.each([true, false])("may come as its text, and not as a text of the code (CSV: %s)", async textual => {
    const rows = await read(textual)
    expect(rows.map(({ reason, code }) => reason ?? code)).toEqual([
      0,
      1,
      2,
      "x is a code where its text is expected",
      -1,
    ])
  })

  test("comes as its code from a column of numbers", () => {
    expect(readingsOf(model, [{ name: "x", type: "float64" }], false)[0]).toMatchObject({
      form: "float64",
      refusals: [],
    })
  })
})
