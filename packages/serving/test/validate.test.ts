import type { ColumnType } from "@roadmap/model-registry/signature"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { inputColumnsOf } from "../src/model/inputs.ts"
import { readInvocation } from "../src/protocol/invocation.ts"
import { readDatetime } from "../src/validate/datetime.ts"
import { countKeys, keysOf } from "../src/validate/json.ts"
import { isRefusal, type Refusal } from "../src/validate/refusal.ts"
import { createTableReader, type InputPolicy } from "../src/validate/table.ts"

const policy: InputPolicy = { missing: "allow", extra: "refuse", maxRows: 100 }

const readerOf = (columns: Record<string, string>, change: Partial<InputPolicy> = {}) => {
  const inputs = Object.entries(columns).map(([name, type]) => ({
    name,
    type: type.replace("?", "") as ColumnType,
    required: !type.endsWith("?"),
  }))
  const schema = [{ name: "day", kind: "categorical" as const, categories: ["fri", "mon"] }]
  return createTableReader(inputColumnsOf({ inputs, outputs: [] }, schema), { ...policy, ...change })
}

const read = (reader: ReturnType<typeof readerOf>, body: unknown, type = "application/json") =>
  readInvocation(reader, type, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)))

const cellsOf = (reader: ReturnType<typeof readerOf>, body: unknown, type?: string) => {
  const answer = read(reader, body, type)
  if (isRefusal(answer)) throw new Error(answer.message)
  return answer.table.cells.map(cells => Array.from(cells as Float64Array))
}

const refusalOf = (reader: ReturnType<typeof readerOf>, body: unknown, type?: string): Refusal => {
  const answer = read(reader, body, type)
  if (!isRefusal(answer)) throw new Error("The request was taken.")
  return answer
}

const numbers = readerOf({ a: "double", b: "double" })
const rows = [
  { a: 1.5, b: 2 },
  { a: -3, b: 4e10 },
]

describe("the forms of MLflow's scoring protocol", () => {
  it.each([
    [
      "dataframe_split",
      {
        dataframe_split: {
          columns: ["b", "a"],
          index: [7, 8],
          data: [
            [2, 1.5],
            [4e10, -3],
          ],
        },
      },
    ],
    ["dataframe_records", { dataframe_records: rows }],
    ["instances", { instances: rows }],
    ["inputs, column by column", { inputs: { a: [1.5, -3], b: [2, 4e10] } }],
    ["inputs, row by row", { inputs: rows }],
    ["instances, column by column", { instances: { a: [1.5, -3], b: [2, 4e10] } }],
    ["records with empty params", { dataframe_records: rows, params: {} }],
  ])("%s gives the same columns", (_, body) => {
    expect(cellsOf(numbers, body)).toEqual([
      [1.5, -3],
      [2, 4e10],
    ])
  })

  it("one value a column is one row", () => {
    expect(cellsOf(numbers, { inputs: { a: 1, b: 2 } })).toEqual([[1], [2]])
  })

  it("CSV has a header line, and its cells are read by their column's type", () => {
    const reader = readerOf({ a: "double", n: "integer", flag: "boolean", day: "string" })
    const csv = 'day,a,flag,n\r\nmon,1.5e2,True,-7\r\n"fri",.5,false,+3\n\nsun,NaN,FALSE,0'
    const [a, n, flag, day] = cellsOf(reader, csv, "text/csv; charset=utf-8")
    expect(a).toEqual([150, 0.5, Number.NaN])
    expect([n, flag, day]).toEqual([
      [-7, 3, 0],
      [1, 0, 0],
      [1, 0, 2],
    ])
  })

  it.each([
    ["no form", {}, "exactly one of"],
    ["two forms", { inputs: rows, instances: rows }, "exactly one of"],
    ["a field nobody asked for", { inputs: rows, model: "x" }, "exactly one of"],
    ["a list", [], "must be a JSON object"],
    ["null", null, "must be a JSON object"],
    ["a split without columns", { dataframe_split: { data: [[1, 2]] } }, "column names"],
    ["a split with a field of its own", { dataframe_split: { columns: [], data: [], dtype: 1 } }, '"dtype"'],
    [
      "an index of another length",
      { dataframe_split: { columns: ["a", "b"], data: [[1, 2]], index: [] } },
      "one entry a row",
    ],
    ["rows that are lists", { instances: [[1, 2]] }, "an object of column names"],
    ["params of a model that takes none", { inputs: rows, params: { alpha: 1 } }, '"alpha"'],
    ["a switch that is no truth value", { inputs: rows, params: { explain: "yes" } }, "true or false"],
  ])("refuses %s", (_, body, part) => {
    expect(refusalOf(numbers, body)).toMatchObject({ status: 400, message: expect.stringContaining(part) })
  })

  it.each([
    "text/plain",
    "application/json; charset=latin1",
    "application/json; profile=x",
    "multipart/form-data",
  ])("refuses the content type %s", type => {
    expect(refusalOf(numbers, { inputs: rows }, type).status).toBe(415)
  })

  it("refuses too many rows before it reads them", () => {
    const many = Array.from({ length: 101 }, () => "no row at all")
    expect(refusalOf(numbers, { dataframe_records: many })).toMatchObject({
      status: 413,
      message: expect.stringContaining("101 rows; at most 100"),
    })
  })
})

describe("types", () => {
  it.each<[ColumnType | `${ColumnType}?`, unknown[], unknown[]]>([
    ["double", [0, -1.5, 1e308, 5e-324, null], ["1.5", true, [], {}, "NaN"]],
    ["float", [0.1, -3.4e38, null], [3.5e38, "1", false]],
    ["integer", [0, 2147483647, -2147483648], [2147483648, 1.5, "1", true, null]],
    ["long", [0, 9007199254740991, -9007199254740991], [2 ** 53, 0.5, "7", null]],
    ["boolean", [true, false], [0, 1, "true", null]],
    ["string", ["", "mon", "💥"], [1, true, null, ["mon"]]],
    [
      "datetime",
      ["2001-06-30", "2001-06-30T12:30:01.5"],
      ["2001-06-31", "2001-06-30T12:00:00Z", "30/06/2001", 993859200, null],
    ],
    ["integer?", [7, null], [7.5, "7"]],
    ["boolean?", [true, null], [1]],
    ["datetime?", ["2001-06-30", null], ["yesterday"]],
  ])("%s takes its values and coerces no other", (type, fit, unfit) => {
    const reader = readerOf({ x: type })
    for (const x of fit) expect(isRefusal(read(reader, { inputs: [{ x }] })), JSON.stringify(x)).toBe(false)
    for (const x of unfit)
      expect(refusalOf(reader, { inputs: [{ x }] }), JSON.stringify(x)).toMatchObject({
        status: 400,
        errorCode: "INVALID_PARAMETER_VALUE",
        details: [{ row: 0, column: "x" }],
      })
  })

  it("a number beyond the doubles is refused, not made infinite", () => {
    const refusal = refusalOf(numbers, '{"inputs":[{"a":1e400,"b":1}]}')
    expect(refusal.details).toEqual([
      {
        row: 0,
        column: "a",
        expected: "a number (double) or null",
        got: "a number beyond the range of a double",
      },
    ])
  })

  it("NaN and Infinity are no JSON", () => {
    for (const word of ["NaN", "Infinity", "-Infinity"])
      expect(refusalOf(numbers, `{"inputs":[{"a":${word},"b":1}]}`).errorCode).toBe("BAD_REQUEST")
  })

  it("a text that the model has not seen is the category after the last, a missing one is -1", () => {
    const reader = readerOf({ day: "string?" })
    expect(cellsOf(reader, { inputs: { day: ["mon", "sun", null, "fri"] } })).toEqual([[1, 2, -1, 0]])
  })

  it("the missing policy refuse takes null only where the signature does", () => {
    const strict = readerOf({ a: "double", b: "double?" }, { missing: "refuse" })
    expect(cellsOf(strict, { inputs: [{ a: 1, b: null }] })[1]).toEqual([Number.NaN])
    expect(refusalOf(strict, { inputs: [{ a: null, b: 1 }] }).details[0].column).toBe("a")
  })

  it("a problem names its row and column, and a million problems are counted, not listed", () => {
    const reader = readerOf({ a: "integer" }, { maxRows: 1_000_000 })
    const refusal = refusalOf(reader, { inputs: { a: new Array(1_000).fill("x") } })
    expect(refusal.details).toHaveLength(20)
    expect(refusal.message).toContain('row 0, column "a": expected a whole number')
    expect(refusal.message).toContain("and 995 more")
  })
})

describe("columns", () => {
  it("a missing one is named once, an extra one too", () => {
    const refusal = refusalOf(numbers, {
      dataframe_split: {
        columns: ["a", "c"],
        data: [
          [1, 2],
          [3, 4],
        ],
      },
    })
    expect(refusal.details).toEqual([
      { column: "c", expected: "no such column", got: "a value" },
      { column: "b", expected: "a number (double) or null", got: "no such column" },
    ])
  })

  it("a row that lacks a required column is refused, not filled", () => {
    expect(refusalOf(numbers, { dataframe_records: [{ a: 1, b: 2 }, { a: 1 }] }).details).toMatchObject([
      { row: 1, column: "b" },
    ])
  })

  it("a column twice is refused", () => {
    expect(
      refusalOf(numbers, { dataframe_split: { columns: ["a", "b", "a"], data: [[1, 2, 3]] } }).message,
    ).toContain("twice")
  })

  it("columns of unequal length are refused", () => {
    expect(refusalOf(numbers, { inputs: { a: [1, 2], b: [1] } }).details[0]).toMatchObject({ column: "b" })
  })

  it("a row of another length is refused", () => {
    expect(
      refusalOf(numbers, { dataframe_split: { columns: ["a", "b"], data: [[1, 2], [3]] } }).details[0],
    ).toMatchObject({
      row: 1,
      expected: "an array of 2 values",
    })
  })

  it("extra columns may be let pass, and are not read", () => {
    const lenient = readerOf({ a: "double" }, { extra: "ignore" })
    expect(cellsOf(lenient, { inputs: [{ a: 1, z: { deep: [1] } }] })).toEqual([[1]])
  })
})

describe("what JSON.parse lets pass", () => {
  it.each([
    ['{"inputs":[{"a":1,"b":2,"a":3}]}', "in a row"],
    ['{"inputs":[{"a":1,"b":2}],"inputs":[{"a":9,"b":9}]}', "at the top"],
    ['{"dataframe_split":{"columns":["a","b"],"data":[[1,2]],"data":[[8,9]]}}', "in the split"],
    ['{"inputs":[{"a":1,"b":2}],"params":{"explain":true,"explain":false}}', "in the params"],
    ['{"inputs":[{"a":1,"b":2}],"\\u0069nputs":[{"a":9,"b":9}]}', "written with an escape"],
  ])("a repeated key is refused: %s %s", body => {
    expect(refusalOf(numbers, body).message).toContain("repeats a key")
  })

  it("texts with quotes, colons and backslashes are no keys", () => {
    const texts = readerOf({ day: "string", 'a":"b': "double" })
    expect(cellsOf(texts, { inputs: [{ day: 'x":1,"y\\', 'a":"b': 1 }] })).toEqual([[2], [1]])
  })

  it("__proto__ is a column like others, and nobody's prototype", () => {
    expect(refusalOf(numbers, '{"inputs":[{"a":1,"b":2,"__proto__":{"a":5}}]}').details[0]).toMatchObject({
      column: "__proto__",
    })
    expect(refusalOf(numbers, '{"inputs":[{"__proto__":{"a":1,"b":2}}]}').message).toContain('column "a"')
    expect(refusalOf(numbers, '{"__proto__":{"inputs":[]}}').status).toBe(400)
    expect(({} as { a?: number }).a).toBeUndefined()
  })

  it("names of Object's own methods are no values", () => {
    const reader = readerOf({ constructor: "string", toString: "double?" })
    expect(refusalOf(reader, { inputs: [{}] }).details).toMatchObject([
      { column: "constructor", got: "no such column" },
    ])
  })

  it("bytes that are no UTF-8 are refused, not replaced", () => {
    const body = Buffer.concat([
      Buffer.from('{"inputs":[{"day":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}]}'),
    ])
    const answer = readInvocation(readerOf({ day: "string" }), "application/json", body)
    expect(answer).toMatchObject({ status: 400, message: "The body is not valid UTF-8." })
  })

  it("the keys of any JSON are counted from its bytes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(countKeys(Buffer.from(JSON.stringify(value)))).toBe(keysOf(value))
      }),
    )
  })

  it("whatever the bytes, there is an answer and no exception", () => {
    const reader = readerOf({ a: "double", day: "string?", n: "long" })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string().map(text => Buffer.from(text)),
          fc.json().map(text => Buffer.from(text)),
        ),
        fc.constantFrom("application/json", "text/csv"),
        (body, type) => {
          const answer = readInvocation(reader, type, Buffer.from(body))
          expect("table" in answer || answer.status >= 400).toBe(true)
        },
      ),
    )
  })
})

describe("any table", () => {
  const cell: Record<string, fc.Arbitrary<unknown>> = {
    double: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)),
    integer: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    long: fc.maxSafeInteger(),
    boolean: fc.boolean(),
  }
  const tables = fc
    .array(
      fc.tuple(
        fc.string({ minLength: 1 }),
        fc.constantFrom<ColumnType>("double", "integer", "long", "boolean"),
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map(
      columns =>
        Object.fromEntries(columns.filter(([name]) => name !== "__proto__")) as Record<string, ColumnType>,
    )
    .filter(columns => Object.keys(columns).length > 0)
    .chain(columns =>
      fc.record({
        columns: fc.constant(columns),
        rows: fc.array(
          fc.record(Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, cell[type]]))),
          { maxLength: 5 },
        ),
      }),
    )

  it("reads the same from rows, from a split and from columns", () => {
    fc.assert(
      fc.property(tables, ({ columns, rows }) => {
        const names = Object.keys(columns)
        const reader = readerOf(columns)
        // JSON writes -0 as 0.
        const expected = names.map(name =>
          rows.map(row => (row[name] === null ? Number.NaN : Number(row[name]) + 0)),
        )
        const shuffled = names.toReversed()
        const split = { columns: shuffled, data: rows.map(row => shuffled.map(name => row[name])) }
        const byColumn = Object.fromEntries(names.map(name => [name, rows.map(row => row[name])]))
        expect(cellsOf(reader, { dataframe_records: rows })).toEqual(expected)
        expect(cellsOf(reader, { dataframe_split: split })).toEqual(expected)
        expect(cellsOf(reader, { inputs: byColumn })).toEqual(expected)
      }),
    )
  })

  it("one wrong value is found where it is", () => {
    fc.assert(
      fc.property(
        tables.filter(({ rows }) => rows.length > 0),
        fc.nat(),
        fc.nat(),
        ({ columns, rows }, atRow, atColumn) => {
          const row = atRow % rows.length
          const column = Object.keys(columns)[atColumn % Object.keys(columns).length]
          const spoiled = rows.map((each, at) => (at === row ? { ...each, [column]: "wrong" } : each))
          expect(refusalOf(readerOf(columns), { instances: spoiled }).details).toMatchObject([
            { row, column },
          ])
        },
      ),
    )
  })
})

it("dates are those of the calendar, within 64-bit nanoseconds, to the microsecond", () => {
  expect(readDatetime("2001-06-30")).toBe(Date.UTC(2001, 5, 30) * 1000)
  expect(readDatetime("1969-12-31 23:59:59.999999")).toBe(-1)
  expect(readDatetime("2000-02-29T00:00")).toBe(Date.UTC(2000, 1, 29) * 1000)
  for (const text of [
    "2001-02-29",
    "2001-13-01",
    "2001-06-30T24:00",
    "1600-01-01",
    "2300-01-01",
    "2001-06-30T00:00:00.1234567",
    "2001-6-30",
    "",
  ])
    expect(readDatetime(text), text).toBeUndefined()
})
