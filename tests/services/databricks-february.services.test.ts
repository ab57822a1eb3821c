import { mkdtempSync, rmSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Finished, roadmap } from "../../packages/cli/testing/command.ts"
import { loadConfig } from "../../packages/core/src/config.ts"
import { boolean, date, integer, number, text, timestamp } from "../../packages/ingestion/src/columns.ts"
import { defineContract } from "../../packages/ingestion/src/contract.ts"
import { ingest } from "../../packages/ingestion/src/ingest.ts"
import { profileTable } from "../../packages/ingestion/src/profile.ts"
import { type Checksum, checksum } from "../../packages/warehouse/src/checksum.ts"
import { quoteIdentifier } from "../../packages/warehouse/src/identifiers.ts"
import { openWarehouse } from "../../packages/warehouse/src/open.ts"
import type { SqlEngine } from "../../packages/warehouse/src/port.ts"
import { type RunningWarehouse, startWarehouse } from "./databricks/warehouse.ts"

/** One flight in forty, as the lab's own test takes. */
const run = ["run", "feb", "--sample", "40", "--json"]

/** Every table that February makes, and the columns that hold nothing but the moment of the run. */
const tables: Record<string, readonly string[]> = {
  "bronze.flights": ["_loaded_at"],
  "silver.flights": [],
  "quarantine.flights": ["_loaded_at"],
  "gold.flights": [],
  ...Object.fromEntries(
    ["origin", "destination", "route", "origin_hour", "destination_hour", "route_hour"].map(name => [
      `gold.delay_by_${name}`,
      [],
    ]),
  ),
  "gold.flight_features": [],
}

describe("February on a SQL warehouse", () => {
  const homes = { embedded: newHome(), remote: newHome() }
  let warehouse: RunningWarehouse
  let embedded: Finished
  let remote: Finished
  beforeAll(async () => {
    warehouse = await startWarehouse()
    embedded = await roadmap(homes.embedded, run)
    remote = await roadmap(homes.remote, run, { env: warehouse.variables })
  }, 1_500_000)
  afterAll(async () => {
    await warehouse?.stop()
    for (const home of Object.values(homes)) rmSync(home, { recursive: true, force: true })
  })

  it("runs every step, by configuration alone", () => {
    const [lab] = JSON.parse(remote.stdout).labs
    expect(lab.error).toBeUndefined()
    expect(remote.code).toBe(0)
    expect(lab.steps.map((step: { status: string }) => step.status)).toEqual(Array(11).fill("done"))
  })

  it("ends with the same metrics, to the last bit", () => {
    const metricsOf = ({ stdout }: Finished) => JSON.parse(stdout).labs[0].metrics
    expect(Object.keys(metricsOf(embedded)).length).toBeGreaterThan(50)
    expect(metricsOf(remote)).toEqual(metricsOf(embedded))
  })

  it("leaves the same tables: rows and checksums", async () => {
    await using duckdb = await openWarehouse(environment(homes.embedded))
    await using spark = await openWarehouse(environment(homes.remote, warehouse.variables))
    const found: Record<string, Checksum> = {}
    const wanted: Record<string, Checksum> = {}
    for (const [table, passedOver] of Object.entries(tables)) {
      found[table] = await checksumOf(spark, table, passedOver)
      wanted[table] = await checksumOf(duckdb, table, passedOver)
    }
    expect(found).toEqual(wanted)
    expect(found["gold.flight_features"].rows).toBe(75_000)
  })

  it("judges broken rows of a CSV the same, and says the same of a table", async () => {
    const source = join(homes.embedded, "trips.csv")
    await writeFile(source, trips)
    const outcomes = []
    for (const [home, variables] of [
      [homes.embedded, {}],
      [homes.remote, warehouse.variables],
    ] as const) {
      await using engine = await openWarehouse(environment(home, variables))
      const { reasons, rows, expectations } = await ingest({ engine, source, contract })
      const silver = await checksumOf(engine, "silver.trips", [])
      const quarantine = await checksumOf(engine, "quarantine.trips", ["_loaded_at"])
      const profile = await profileTable(engine, "silver.trips")
      outcomes.push({ reasons, rows, expectations, silver, quarantine, profile })
    }
    const [wanted, found] = outcomes
    expect(found).toEqual(wanted)
    expect(wanted.rows).toEqual({ received: 14, accepted: 5, rejected: 9 })
  })

  it("does nothing the second time", async () => {
    const again = await roadmap(homes.remote, run, { env: warehouse.variables })
    const [lab] = JSON.parse(again.stdout).labs
    expect(lab.steps.every((step: { status: string }) => step.status === "skipped")).toBe(true)
  })
})

function newHome(): string {
  return mkdtempSync(join(tmpdir(), "roadmap-feb-"))
}

const environment = (home: string, variables = {}) => loadConfig({ ROADMAP_HOME: home, ...variables })

const contract = defineContract({
  name: "trips",
  columns: {
    day: date().since("2001-01-01").before("2001-02-01"),
    at: timestamp(),
    delay: integer().between(-120, 2_000).expectMedianBetween(-100, 100),
    miles: number().nullable(),
    origin: text().pattern(/^[A-Z]{3}$/),
    late: boolean(),
  },
  rows: { not_home: "origin <> 'HOM'" },
  uniqueBy: ["day", "delay", "origin"],
  maxRejectShare: 0.9,
})

/** Five rows that keep the contract, then one for each way to break it that the two dialects might take differently. */
const trips = `day,at,delay,miles,origin,late
2001-01-01,2001-01-01 10:00:00,5,100.5,LAX,true
2001-01-02,2001-01-02T23:59:59.999999Z, -3 ,1e3,JFK,false
2001-01-03,2001-01-03 00:00:00,7.0,,SFO,TRUE
2001-01-04,2001-01-04 12:30,0,-0.0,ORD,false
2001-01-05,2001-01-05 01:02:03.5,+12,12,DFW,false
2001-02-01,2001-01-01 10:00:00,5,1,LAX,true
someday,2001-01-01 10:00:00,5,1,LAX,true
2001-01-07,noon,5,1,LAX,true
2001-01-08,2001-01-01 10:00:00,5.5,1,LAX,true
2001-01-09,2001-01-01 10:00:00,2001,Infinity,LAX,true
2001-01-10,2001-01-01 10:00:00,,1,lax,true
2001-01-11,2001-01-01 10:00:00,99999999999999999999,1,LAX,maybe
2001-01-12,2001-01-01 10:00:00,1,1,HOM,true
2001-01-01,2001-01-01 11:00:00,5,2,LAX,true
`

const checksumOf = async (
  engine: SqlEngine,
  table: string,
  passedOver: readonly string[],
): Promise<Checksum> => {
  const { fields } = await engine.query(`SELECT * FROM ${table} LIMIT 0`)
  const columns = fields
    .map(field => field.name)
    .filter(name => !passedOver.includes(name))
    .map(name => quoteIdentifier(name, engine.dialect))
  return checksum(engine, `SELECT ${columns.join(", ")} FROM ${table}`)
}
