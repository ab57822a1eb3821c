import { checksum } from "@roadmap/warehouse/checksum"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ingest } from "../src/ingest.ts"
import { profileTable } from "../src/profile.ts"
import type { IngestReceipt } from "../src/receipt.ts"
import { airports, asOf, dataFile, flights } from "./flights-contract.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

describe("three million real flights", { timeout: 120_000 }, () => {
  let warehouse: Awaited<ReturnType<typeof temporaryWarehouse>>
  let receipt: IngestReceipt
  const columns = "date, delay, distance, origin, destination"
  const load = (source = dataFile("flights-3m.parquet")) =>
    ingest({ engine: warehouse.engine, source, contract: flights, now: asOf })

  beforeAll(async () => {
    warehouse = await temporaryWarehouse()
    await ingest({
      engine: warehouse.engine,
      source: dataFile("airports.csv"),
      contract: airports,
      tables: { silver: "reference.airports" },
    })
    receipt = await load()
  }, 120_000)
  afterAll(() => warehouse[Symbol.asyncDispose]())

  it("are nearly all good", () => {
    expect(receipt.rows).toEqual({ received: 3_000_000, accepted: 2_999_792, rejected: 208 })
    expect(receipt.files).toMatchObject([{ label: "flights-3m.parquet", bytes: 13_493_022, change: "new" }])
    expect(receipt.newest).toBe("2001-06-30T23:59:00.000Z")
  })

  it("have 11 impossible delays, 6 departures after June and 191 rows twice", () => {
    const broken = receipt.reasons.filter(({ rows }) => rows > 0).map(({ reason, rows }) => [reason, rows])
    expect(broken).toEqual([
      ["date_range", 6],
      ["delay_range", 11],
      ["row_unique", 191],
    ])
    expect(receipt.expectations).toMatchObject([
      { name: "rows", value: 3_000_000, met: true },
      { name: "median.delay", value: -1, met: true },
    ])
  })

  it("are split without loss: silver and quarantine together are bronze", async () => {
    const { engine, ask } = warehouse
    const whole = await checksum(engine, `SELECT ${columns}, _row_number FROM bronze.flights`)
    const parts = await checksum(
      engine,
      `SELECT ${columns}, _row_number FROM silver.flights UNION ALL
       SELECT DISTINCT ${columns}, _row_number FROM quarantine.flights`,
    )
    expect(parts).toEqual(whole)
    expect(await ask("SELECT min(delay) AS low, max(delay) AS high FROM silver.flights")).toEqual([
      { low: -87, high: 1438 },
    ])
  })

  it("are the same rows when loaded again from the start", async () => {
    const { engine } = warehouse
    const before = await checksum(engine, `SELECT ${columns}, _row_number FROM silver.flights`)
    expect((await load()).status).toBe("unchanged")
    await engine.query("DROP TABLE bronze.flights")
    const again = await load()
    expect(again).toMatchObject({ status: "published", rows: receipt.rows, contentHash: receipt.contentHash })
    expect(await checksum(engine, `SELECT ${columns}, _row_number FROM silver.flights`)).toEqual(before)
  })

  it("would be refused if minutes became seconds", async () => {
    const { writeParquet } = warehouse
    const sample = `SELECT date, delay * 60 AS delay, distance, origin, destination FROM bronze.flights WHERE _row_number % 50 = 0`
    const error = await refusal("DATA_CONTRACT", load(await writeParquet("seconds.parquet", sample)))
    expect(error.message).toMatch(/rows of seconds.parquet break the contract "flights": delay_range [\d,]+/)
    expect(error.message).toMatch(/The median of delay in seconds.parquet is -60; expected -10\.\.10 minutes/)
  })

  it("would be refused if delay were renamed", async () => {
    const { writeParquet } = warehouse
    const renamed =
      "SELECT date, delay AS arr_delay, distance, origin, destination FROM silver.flights LIMIT 2000"
    const error = await refusal("SCHEMA_MISMATCH", load(await writeParquet("renamed.parquet", renamed)))
    expect(error.message).toContain('"delay" may now be called "arr_delay"')
  })

  it("have a profile", async () => {
    const { rows, columns: profiles } = await profileTable(warehouse.engine, "silver.flights", {
      columns: ["date", "delay", "origin"],
    })
    expect(rows).toBe(2_999_792)
    const [when, delay, origin] = profiles
    expect(when).toMatchObject({ type: "timestamp", nulls: 0, min: "2001-01-01T00:01:00.000Z", mean: null })
    expect(delay).toMatchObject({ type: "int64", min: -87, max: 1438, mean: 6.66502577512 })
    expect(delay.quantiles).toContainEqual({ probability: 0.5, value: -1 })
    expect(delay.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(rows)
    expect(origin.top[0]).toEqual({ value: "ORD", rows: expect.any(Number) })
    expect(origin.distinct).toBe(229)
  })
})
