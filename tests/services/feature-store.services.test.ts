import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defineEntity, defineFeatureView } from "../../packages/feature-store/src/definitions.ts"
import { writeFeatureTable } from "../../packages/feature-store/src/feature-table.ts"
import { defineFeatureService } from "../../packages/feature-store/src/services.ts"
import { rebuild, takeSnapshot } from "../../packages/feature-store/src/snapshot.ts"
import { trainingSet } from "../../packages/feature-store/src/training-set.ts"
import { writeTrainingSet } from "../../packages/feature-store/src/written-set.ts"
import { compareWithOracle } from "../../packages/feature-store/testing/against-oracle.ts"
import { databricksEngine } from "../../packages/warehouse/src/adapters/databricks.ts"
import type { SqlEngine } from "../../packages/warehouse/src/port.ts"
import { rowsOf } from "../../packages/warehouse/src/rows.ts"
import { type RunningWarehouse, startWarehouse } from "./databricks/warehouse.ts"

const view = defineFeatureView({
  name: "origin_delay",
  entity: defineEntity({ name: "airport", keys: { origin: "string" } }),
  source: {
    table: "gold.flights",
    eventTime: "departed_at",
    knownTime: "landed_at",
    createdTime: "written_at",
  },
  features: {
    mean_3h: { aggregate: "mean", column: "delay", window: "3h" },
    flights_3h: { aggregate: "count", window: "3h" },
    last_delay: { column: "delay" },
  },
})
const service = defineFeatureService({ name: "delays", views: [view] })
const labels = {
  from: "gold.flights",
  timestamp: "departed_at",
  order: ["id"],
  columns: ["id"],
  createdTime: "written_at",
}

const flightsSql = (more: string) => `SELECT id, origin, CAST(departed AS TIMESTAMP) AS departed_at,
  CAST(landed AS TIMESTAMP) AS landed_at, delay, CAST(written AS TIMESTAMP) AS written_at
  FROM VALUES (0, 'SFO', '2001-01-01 06:00', '2001-01-01 07:00', 10, '2001-01-02'),
    (1, 'SFO', '2001-01-01 08:00', '2001-01-01 09:30', 20, '2001-01-02'),
    (2, 'OAK', '2001-01-01 08:30', '2001-01-01 09:00', 40, '2001-01-02'),
    (3, 'SFO', '2001-01-01 10:00', '2001-01-01 12:00', 30, '2001-01-02')${more}
  AS t (id, origin, departed, landed, delay, written)`

describe("the feature store on a SQL warehouse", () => {
  let warehouse: RunningWarehouse
  let engine: SqlEngine
  let temporaryFolder: string
  beforeAll(async () => {
    warehouse = await startWarehouse()
    temporaryFolder = await mkdtemp(join(tmpdir(), "feature-store-"))
    engine = databricksEngine({ ...warehouse, temporaryFolder })
    await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
    await engine.query(`CREATE OR REPLACE TABLE gold.flights AS ${flightsSql("")}`)
  })
  afterAll(async () => {
    await engine?.close()
    await warehouse?.stop()
    await rm(temporaryFolder, { recursive: true, force: true })
  })

  it("joins 1,000 random cases as the definition says, pushed down as SQL", async () => {
    const options = { definitions: 4, casesEach: 250, seed: 20_010_101 }
    expect(await compareWithOracle(engine, ["sql"], options)).toBe(1_000)
  }, 900_000)

  it("reads the warehouse's columns into the sweep with the same values", async () => {
    const [pushed, swept] = await Promise.all([
      trainingSet(engine, service, labels),
      trainingSet(engine, service, labels, { path: "sweep" }),
    ])
    expect(pushed.receipt.path).toBe("sql")
    expect(pushed.features.mean_3h).toEqual(Float64Array.of(Number.NaN, 10, Number.NaN, 20))
    expect(swept.features).toEqual(pushed.features)
  })

  it("writes a training set without a row leaving the warehouse, and leaves no table of its own", async () => {
    const receipt = await writeTrainingSet(engine, service, labels, "gold.training")
    expect(receipt.rows).toBe(4)
    const rows = rowsOf(
      await engine.query("SELECT _row, id, mean_3h, flights_3h, last_delay FROM gold.training ORDER BY _row"),
    )
    expect(rows[3]).toEqual({ _row: 3, id: 3, mean_3h: 20, flights_3h: 1, last_delay: 20 })
    expect((await engine.query("SHOW TABLES IN feature_store")).rows).toBe(0)
  })

  it("rebuilds a snapshot after a late backfill, and writes a view's values on a grid", async () => {
    const { set, snapshot } = await takeSnapshot(engine, service, labels, { asOf: new Date("2001-01-03") })
    const late = ", (4, 'SFO', '2001-01-01 05:00', '2001-01-01 06:30', 500, '2001-02-01')"
    await engine.query(`CREATE OR REPLACE TABLE gold.flights AS ${flightsSql(late)}`)
    expect((await rebuild(engine, service, snapshot)).features).toEqual(set.features)
    const grid = { from: new Date("2001-01-01T09:00Z"), to: new Date("2001-01-01T10:00Z"), every: "1h" }
    await writeFeatureTable(engine, view, "gold.origin_delay", grid)
    const rows = rowsOf(
      await engine.query("SELECT origin, flights_3h FROM gold.origin_delay ORDER BY origin, ts"),
    )
    expect(rows.map(({ origin, flights_3h }) => `${origin} ${flights_3h}`)).toEqual([
      "OAK 1",
      "OAK 1",
      "SFO 2",
      "SFO 1",
    ])
  })
})
