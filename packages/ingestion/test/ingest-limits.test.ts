import { describe, expect, it } from "vitest"
import { integer, text } from "../src/columns.ts"
import { defineContract } from "../src/contract.ts"
import { ingest } from "../src/ingest.ts"
import { rejectLines } from "../src/verdict.ts"
import { csv, good, trips } from "./trips.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

describe("limits of the contract", () => {
  it("refuses too many rejects: silver stays, quarantine shows why, and the message has the figures", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const contract = trips({ maxRejectShare: 0.3 })
    await ingest({ engine, source: await write("trips.csv", csv(...good)), contract })
    const source = await write("trips.csv", csv(...good, "2001-01-04,9000,LAX", "2001-01-05,9001,LAX"))
    const error = await refusal("DATA_CONTRACT", ingest({ engine, source, contract }))
    expect(error.message).toBe(
      "2 of 5 rows of trips.csv have delay outside -120..2,000 minutes. The limit is 30 % (1 row).\n  Nothing was published: silver.trips is as it was.",
    )
    expect(error.hint).toContain("SELECT * FROM quarantine.trips WHERE _reason = 'delay_range'")
    expect(await ask("SELECT count(*) AS n FROM silver.trips")).toEqual([{ n: 3 }])
    expect(await ask("SELECT delay FROM quarantine.trips ORDER BY delay")).toEqual([
      { delay: "9000" },
      { delay: "9001" },
    ])
    await refusal("DATA_CONTRACT", ingest({ engine, source, contract }))
  })

  it("is good again when the good file comes back", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const contract = trips({ maxRejectShare: 0 })
    const source = await write("trips.csv", csv(...good))
    await ingest({ engine, source, contract })
    await write("trips.csv", csv("2001-01-04,9000,LAX"))
    await refusal("DATA_CONTRACT", ingest({ engine, source, contract }))
    await write("trips.csv", csv(...good))
    expect((await ingest({ engine, source, contract })).status).toBe("published")
    expect(await ask("SELECT count(*) AS n FROM quarantine.trips")).toEqual([{ n: 0 }])
    expect((await ingest({ engine, source, contract })).status).toBe("unchanged")
  })

  it("refuses what breaks one rule's own limit though the contract's holds", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, write } = warehouse
    const contract = defineContract({
      name: "t",
      columns: { n: integer().between(0, 9, { maxRejectShare: 0.1 }) },
      maxRejectShare: 0.5,
    })
    const source = await write("t.csv", "n\n1\n2\n3\n99\n")
    const error = await refusal("DATA_CONTRACT", ingest({ engine, source, contract }))
    expect(error.message).toContain("The limit of n_range is 10 % (0 rows).")
  })

  it("notices minutes that became seconds by the median, though each value is in range", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, write } = warehouse
    const contract = defineContract({
      name: "t",
      columns: { delay: integer().between(-2000, 2000).unit("minutes").expectMedianBetween(-10, 20) },
    })
    const minutes = [-5, -1, 3, 8, 30]
    const source = await write("t.csv", `delay\n${minutes.join("\n")}\n`)
    expect((await ingest({ engine, source, contract })).expectations).toEqual([
      { name: "median.delay", value: 3, min: -10, max: 20, met: true },
    ])
    await write("t.csv", `delay\n${minutes.map(value => value * 60).join("\n")}\n`)
    const error = await refusal("DATA_CONTRACT", ingest({ engine, source, contract }))
    expect(error.message).toContain(
      "The median of delay in t.csv is 180; expected -10..20 minutes. Has its unit changed?",
    )
  })

  it.each([
    ["rows", { expectRowsBetween: [4, 9] }, "trips.csv has 3 rows; expected 4..9."],
    [
      "mean",
      { columns: { delay: integer().expectMeanBetween(1, 9) } },
      "The mean of delay in trips.csv is 0.666667",
    ],
    [
      "nulls",
      { columns: { note: text().nullable().expectNullShareBelow(0.5) } },
      "66.7 % of note in trips.csv is missing; expected below 50 %.",
    ],
  ] as const)("expects %s of the whole", async (_, more, message) => {
    await using warehouse = await temporaryWarehouse()
    const { engine, write } = warehouse
    const source = await write(
      "trips.csv",
      "day,delay,origin,note\n2001-01-01,5,LAX,\n2001-01-02,-3,JFK,\n2001-01-03,0,SFO,x\n",
    )
    const error = await refusal("DATA_CONTRACT", ingest({ engine, source, contract: trips(more) }))
    expect(error.message).toContain(message)
  })

  it("refuses old data, also when the same file was published while it was fresh", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, write } = warehouse
    const contract = trips({ freshness: { column: "day", maxAgeDays: 2 } })
    const source = await write("trips.csv", csv(...good))
    const fresh = await ingest({ engine, source, contract, now: new Date("2001-01-04T12:00Z") })
    expect(fresh.newest).toBe("2001-01-03T00:00:00.000Z")
    const error = await refusal(
      "DATA_CONTRACT",
      ingest({ engine, source, contract, now: new Date("2001-01-08T12:00Z") }),
    )
    expect(error.message).toContain("5.5 days before 2001-01-08T12:00:00.000Z; the limit is 2 days")
  })

  it("does not take a rejected row from the future for fresh", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, write } = warehouse
    const contract = trips({ freshness: { column: "day", maxAgeDays: 2 } })
    const source = await write("trips.csv", csv(...good, "2031-01-01,5,LAX"))
    await refusal("DATA_CONTRACT", ingest({ engine, source, contract, now: new Date("2001-01-20T00:00Z") }))
  })

  it("says how many rows a load leaves in quarantine when it goes on", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, write } = warehouse
    const source = await write("trips.csv", csv(...good, "2001-01-04,9000,LAX"))
    const { reasons, rows, tables } = await ingest({ engine, source, contract: trips() })
    expect(rejectLines(reasons, 0.5, rows.received, tables.quarantine)).toEqual([
      "1 of 4 rows of trips.csv have delay outside -120..2,000 minutes. They are in quarantine (table quarantine.trips, reason delay_range).",
      "The limit is 50 % (2 rows), so the load went on.",
    ])
  })
})
