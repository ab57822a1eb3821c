import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Column, Problem, Validated, Value, validate } from "./solution.ts"

const column = (name: string, type: Column["type"], required = true): Column => ({ name, type, required })
const flight = [column("origin", "string"), column("distance", "double"), column("hour", "integer")]

/** By what a value is written like: each type has its pattern, and a pattern of numbers that are out of range. */
const problemOf = (value: unknown, { type, required }: Column): Problem["problem"] | undefined => {
  if (value === undefined) return required ? "missing" : undefined
  if (value === null) return required ? "null" : undefined
  const kind = typeof value
  if (kind === "string" || kind === "boolean" || type === "string" || type === "boolean")
    return kind === type ? undefined : "type"
  if (kind !== "number") return "type"
  const size = Math.abs(value as number)
  if (size === Number.POSITIVE_INFINITY) return "range"
  if (type === "double") return undefined
  if (size % 1 !== 0) return "type"
  const limit = type === "long" ? 2 ** 53 - 1 : (value as number) < 0 ? 2 ** 31 : 2 ** 31 - 1
  return size > limit ? "range" : undefined
}

export default defineCheck<typeof validate>({
  answer: "validate",
  reference: (columns, records): Validated => {
    const problems = records.flatMap((record, row): Problem[] => {
      if (Object.prototype.toString.call(record) !== "[object Object]")
        return [{ row, column: null, problem: "record" }]
      const own = new Map<string, unknown>(Object.entries(record as object))
      const wrong = columns.flatMap((each): Problem[] => {
        const problem = problemOf(own.get(each.name), each)
        return problem ? [{ row, column: each.name, problem }] : []
      })
      const extra = [...own.keys()].filter(name => columns.every(each => each.name !== name))
      return [...wrong, ...extra.map((name): Problem => ({ row, column: name, problem: "unexpected" }))]
    })
    if (problems.length > 0) return { problems }
    return {
      accepted: records.map(record => {
        const own = new Map<string, unknown>(Object.entries(record as object))
        return columns.map(({ name }) => (own.get(name) ?? null) as Value)
      }),
    }
  },
  cases: ({ random }) => {
    const odd = [0, 1, -3, 7.5, 1e10, 2 ** 60, Number.POSITIVE_INFINITY, "", "12", "ORD", true, false, null]
    const pick = () => odd[random.integer(odd.length)]
    const mixed = [
      column("a", "double"),
      column("b", "integer", false),
      column("c", "long"),
      column("d", "boolean", false),
      column("e", "string"),
    ]
    const records = Array.from({ length: 300 }, () => {
      const record: Record<string, unknown> = {}
      for (const name of ["e", "c", "a", "b", "d", "f"])
        if (random.integer(name === "f" ? 8 : 15) > (name === "f" ? 6 : 0)) record[name] = pick()
      return record
    })
    return [
      {
        name: "a right record, its columns in another order",
        args: [flight, [{ hour: 7, origin: "ORD", distance: 606 }]],
        expect: { accepted: [["ORD", 606, 7]] },
      },
      {
        name: "a number as text",
        args: [flight, [{ origin: "ORD", distance: "606.5", hour: 7 }]],
        expect: { problems: [{ row: 0, column: "distance", problem: "type" }] },
        because: "a text is no number, however much it looks like one.",
      },
      {
        name: "null in a required column",
        args: [flight, [{ origin: "ORD", distance: null, hour: 7 }]],
        expect: { problems: [{ row: 0, column: "distance", problem: "null" }] },
        because: "null is not 0: nobody knows how far this flight goes.",
      },
      {
        name: "texts and numbers for booleans",
        args: [
          [column("holiday", "boolean")],
          [{ holiday: "false" }, { holiday: 0 }, { holiday: false }, { holiday: 1 }],
        ],
        expect: {
          problems: [
            { row: 0, column: "holiday", problem: "type" },
            { row: 1, column: "holiday", problem: "type" },
            { row: 3, column: "holiday", problem: "type" },
          ],
        },
      },
      {
        name: "optional columns that are null or missing",
        args: [
          [column("seats", "integer", false), column("carrier", "string", false)],
          [{ seats: 0, carrier: "" }, { seats: null }, {}],
        ],
        expect: {
          accepted: [
            [0, ""],
            [null, null],
            [null, null],
          ],
        },
        because: "0 and the empty text are values; only null and nothing are null.",
      },
      {
        name: "several things wrong in several rows",
        args: [
          flight,
          [
            { origin: 5, hour: 7.5 },
            { origin: "ATL", distance: 100, hour: 9 },
            { distance: 1, hour: 2, origin: null },
          ],
        ],
        expect: {
          problems: [
            { row: 0, column: "origin", problem: "type" },
            { row: 0, column: "distance", problem: "missing" },
            { row: 0, column: "hour", problem: "type" },
            { row: 2, column: "origin", problem: "null" },
          ],
        },
        because: "7.5 is a fraction, so not an integer; a caller wants to repair everything at once.",
      },
      {
        name: "a misspelt optional column",
        args: [
          [column("distance", "double"), column("seats", "integer", false)],
          [{ distance: 1, seat: 180 }],
        ],
        expect: { problems: [{ row: 0, column: "seat", problem: "unexpected" }] },
        because: "dropped in silence, the 180 seats would become null and the answer another one.",
      },
      {
        name: "names that every object inherits",
        args: [
          [column("valueOf", "string", false)],
          [{ constructor: "x" }, { toString: 1, valueOf: "y" }, {}],
        ],
        expect: {
          problems: [
            { row: 0, column: "constructor", problem: "unexpected" },
            { row: 1, column: "toString", problem: "unexpected" },
          ],
        },
        because: "only a record's own properties are its columns.",
      },
      {
        name: "numbers at the edges",
        args: [
          [column("i", "integer"), column("l", "long"), column("d", "double")],
          [
            { i: 2_147_483_647, l: 9_007_199_254_740_991, d: -1e308 },
            { i: 2_147_483_648, l: 9_007_199_254_740_992, d: Number.POSITIVE_INFINITY },
            { i: -2_147_483_649, l: 1.5, d: Number.NEGATIVE_INFINITY },
          ],
        ],
        expect: {
          problems: [
            { row: 1, column: "i", problem: "range" },
            { row: 1, column: "l", problem: "range" },
            { row: 1, column: "d", problem: "range" },
            { row: 2, column: "i", problem: "range" },
            { row: 2, column: "l", problem: "type" },
            { row: 2, column: "d", problem: "range" },
          ],
        },
        because:
          "9007199254740992 may have been ...993 in the request: beyond 2^53 JSON.parse has already rounded.",
      },
      {
        name: "records that are none",
        args: [flight, [null, ["ORD", 606, 7], "ORD", { origin: "ORD", distance: 606, hour: 7 }]],
        expect: {
          problems: [
            { row: 0, column: null, problem: "record" },
            { row: 1, column: null, problem: "record" },
            { row: 2, column: null, problem: "record" },
          ],
        },
      },
      { name: "300 random records", args: [mixed, records] },
      {
        name: "nothing at all",
        args: [flight, []],
        expect: { accepted: [] },
      },
    ]
  },
  mistakes: {
    "reads-texts-as-numbers": {
      message:
        'A text is turned into a number with Number(...). Then "" is 0, "0x1F" is 31, and a column that was shifted by one is scored without a word: ask typeof, convert nothing.',
    },
    "null-is-zero": {
      message:
        "null in a required column becomes 0, as Number(null) is. A distance of 0 miles is a value that the model will believe: report it.",
    },
    "truthy-booleans": {
      message:
        'Booleans are made with Boolean(...). The text "false" is true then, as every text but the empty one is: only true and false are booleans.',
    },
    "cuts-fractions": {
      message:
        "A fraction in a whole column is cut off. The caller meant 7.5, the model was told 7, and nobody was told anything: that is a problem of type.",
    },
    "wraps-around": {
      message:
        "Whole numbers are forced into 32 bits with `| 0`. 2,147,483,648 becomes -2,147,483,648: a number that nobody sent, with the sign turned around. Compare with the limits.",
    },
    "stops-at-the-first": {
      message:
        "Only the first problem is told. The caller repairs it, sends again, learns of the second one, and so on: collect them all.",
    },
    "ignores-unknown-columns": {
      message:
        "Columns that the signature does not know are ignored. A misspelt optional column is then both unknown and missing, and the request is accepted without it.",
    },
    "missing-is-null": {
      message:
        "A required column that is missing is filled with null and accepted. Missing and null are two problems with two repairs, and neither is a value.",
    },
    "lets-infinity-pass": {
      message:
        "typeof says that Infinity is a number, and it passes. JSON has no Infinity, but JSON.parse makes one of 1e999: it is out of range.",
    },
    "knows-inherited-names": {
      message:
        "A plain object or `in` tells whether a name is known. Every object inherits constructor, toString and valueOf, so these names are found though nobody sent or declared them. Use Object.hasOwn and a Set.",
    },
    "arrays-are-records": {
      message:
        "typeof says that an array is an object, so a list of values is read as a record without any column. Ask Array.isArray too.",
    },
  },
  passed:
    "packages/serving/src/validate builds such a validator once for each signature and fills typed columns in the same pass.",
})
