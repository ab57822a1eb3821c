import { describe, expect, it } from "vitest"
import { date, integer, number, text, timestamp } from "../src/columns.ts"
import { type ContractDefinition, contractHash, defineContract } from "../src/contract.ts"
import { sqlWords } from "../src/dialect.ts"
import { rulesOf } from "../src/rules.ts"
import { refusal } from "./warehouse.ts"

const refused = (definition: () => unknown) => refusal("INVALID_INPUT", Promise.resolve().then(definition))
const contract = (more: Partial<ContractDefinition> = {}) =>
  defineContract({ name: "flights", columns: { delay: integer(), origin: text() }, ...more })

describe("a contract", () => {
  it("is plain data, whose hash changes with any rule and with nothing else", () => {
    const hash = contractHash(contract())
    expect(contractHash(JSON.parse(JSON.stringify(contract())))).toBe(hash)
    const changed = [
      contract({ name: "others" }),
      contract({ maxRejectShare: 0.1 }),
      contract({ columns: { delay: integer().nullable(), origin: text() } }),
      contract({ columns: { delay: integer().between(0, 1), origin: text() } }),
      contract({ uniqueBy: ["origin"] }),
    ].map(contractHash)
    expect(new Set([hash, ...changed]).size).toBe(changed.length + 1)
  })

  it("builds columns without changing the one that a rule was added to", () => {
    const plain = integer()
    plain.between(0, 1).nullable()
    expect(plain.rules).toEqual({ kind: "integer", nullable: false, checks: [], expectations: [] })
  })

  it.each([
    ["a name with a quote", () => contract({ name: 'a"b' })],
    ["a column with a space", () => contract({ columns: { "a b": text() } })],
    ["no column", () => contract({ columns: {} })],
    ["a unique key of an unknown column", () => contract({ uniqueBy: ["carrier"] })],
    ["freshness of an unknown column", () => contract({ freshness: { column: "date", maxAgeDays: 1 } })],
    ["freshness of a text", () => contract({ freshness: { column: "origin", maxAgeDays: 1 } })],
    ["a reject share above 1", () => contract({ maxRejectShare: 1.5 })],
    ["a row count upside down", () => contract({ expectRowsBetween: [10, 1] })],
    ["a range upside down", () => integer().between(2, 1)],
    ["a range without end", () => number().atLeast(Number.NaN)],
    ["a pattern with flags", () => text().pattern(/a/i)],
    ["an empty list of values", () => text().oneOf([])],
    ["a local time", () => timestamp().since("2001-01-01T00:00")],
    ["a day that does not exist", () => date().before("2001-02-30T00:00Z")],
    ["a share that is no share", () => integer().between(0, 1, { maxRejectShare: -1 })],
  ])("refuses %s", async (_, definition) => {
    await refused(definition)
  })

  it("gives each rule a reason that names column and kind, once", () => {
    const rules = rulesOf(
      defineContract({
        name: "t",
        columns: {
          a: integer().between(0, 9).unique(),
          b: text().nullable().pattern(/^x/).oneOf(["x", "xy"]).references("ref.t", "k"),
          c: timestamp().since("2001-01-01").before("2001-07-01T06:00Z"),
        },
        rows: { a_is_even: "a % 2 = 0" },
        uniqueBy: ["a", "b"],
      }),
      sqlWords({ dialect: "duckdb" }),
    )
    expect(rules.map(({ reason }) => reason)).toEqual([
      "a_null",
      "a_type",
      "a_range",
      "a_unique",
      "b_pattern",
      "b_one_of",
      "b_reference",
      "c_null",
      "c_type",
      "c_range",
      "a_is_even",
      "row_unique",
    ])
    expect(rules.find(({ reason }) => reason === "c_range")?.broken).toBe(
      "c before 2001-01-01 or c at or after 2001-07-01 06:00:00",
    )
  })

  it("writes texts of rules as literals of the engine, never as SQL", () => {
    const hostile = "x') OR 1=1; --"
    const [, rule] = rulesOf(
      defineContract({ name: "t", columns: { a: text().oneOf([hostile]) } }),
      sqlWords({ dialect: "duckdb" }),
    )
    expect(rule.test).toEqual({ kind: "row", violation: `"a" NOT IN ('x'') OR 1=1; --')` })
  })
})
