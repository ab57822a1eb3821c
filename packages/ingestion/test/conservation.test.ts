import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { integer, text } from "../src/columns.ts"
import { defineContract } from "../src/contract.ts"
import { ingest } from "../src/ingest.ts"
import { temporaryWarehouse } from "./warehouse.ts"

const contract = defineContract({
  name: "t",
  columns: { n: integer().between(0, 5), word: text().nullable().oneOf(["a", "b"]) },
  uniqueBy: ["n", "word"],
  maxRejectShare: 1,
})

/** The contract once more, in plain code: the reasons of each row, in order. */
const reasonsOf = (rows: readonly (readonly [string, string])[]): string[][] => {
  const seen = new Set<string>()
  return rows.map(([n, word]) => {
    const reasons: string[] = []
    const whole = /^\d+$/.test(n) ? Number(n) : undefined
    if (n === "") reasons.push("n_null")
    else if (whole === undefined) reasons.push("n_type")
    else if (whole > 5) reasons.push("n_range")
    if (word !== "" && word !== "a" && word !== "b") reasons.push("word_one_of")
    const key = `${whole} ${word}`
    if (whole !== undefined && word !== "" && seen.has(key)) reasons.push("row_unique")
    seen.add(key)
    return reasons.sort()
  })
}

describe("no row is lost", () => {
  it("each row is in silver, or in quarantine once for each rule it breaks", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const cell = fc.constantFrom("", "0", "3", "5", "9", "x")
    const rows = fc.array(fc.tuple(cell, fc.constantFrom("", "a", "b", "c")), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(rows, async received => {
        const expected = reasonsOf(received)
        const source = await write(
          "t.csv",
          `n,word\n${received.map(row => row.map(quoted).join(",")).join("\n")}\n`,
        )
        const receipt = await ingest({ engine, source, contract })
        const found: string[][] = received.map(() => [])
        for (const { number, reason } of await ask(
          "SELECT _row_number AS number, _reason AS reason FROM quarantine.t",
        ))
          found[(number as number) - 1].push(reason as string)
        expect(found.map(reasons => reasons.sort())).toEqual(expected)
        const silver = (await ask("SELECT _row_number AS number FROM silver.t ORDER BY 1")).map(
          ({ number }) => number,
        )
        expect(silver).toEqual(
          expected.flatMap((reasons, index) => (reasons.length === 0 ? [index + 1] : [])),
        )
        expect(receipt.rows.accepted + receipt.rows.rejected).toBe(received.length)
      }),
      { numRuns: 15 },
    )
  })
})

/** Quoted, so that a row of empty fields is not an empty line. */
const quoted = (value: string) => (value === "" ? "" : `"${value}"`)
