import { rowsOf } from "@roadmap/warehouse/rows"
import { expect, it } from "vitest"
import { featureTableDdl, writeFeatureTable } from "../src/feature-table.ts"
import { loadFlights, originDelay } from "./flights.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

it("a feature table has each entity's values at each moment of the grid", async () => {
  await using warehouse = await temporaryWarehouse()
  const { engine } = warehouse
  await loadFlights(engine, ["SFO 08:00 09:30 20", "OAK 08:30 10:00 40"])
  const grid = { from: new Date("2001-01-01T09:00Z"), to: new Date("2001-01-01T10:59Z"), every: "1h" }
  await writeFeatureTable(engine, originDelay, "gold.origin_delay", grid)
  expect(rowsOf(await engine.query("SELECT * FROM gold.origin_delay ORDER BY origin, ts"))).toEqual([
    { origin: "OAK", ts: new Date("2001-01-01T09:00Z"), delay_mean_3h: null, flights_3h: 0 },
    { origin: "OAK", ts: new Date("2001-01-01T10:00Z"), delay_mean_3h: 40, flights_3h: 1 },
    { origin: "SFO", ts: new Date("2001-01-01T09:00Z"), delay_mean_3h: null, flights_3h: 0 },
    { origin: "SFO", ts: new Date("2001-01-01T10:00Z"), delay_mean_3h: 20, flights_3h: 1 },
  ])
  await refusal("INVALID_INPUT", () =>
    writeFeatureTable(engine, originDelay, "gold.x", { ...grid, to: new Date(0) }),
  )
})

it("in Unity Catalog it is declared as a time series with its keys", () => {
  const types = { delay_mean_3h: "float64", flights_3h: "int64" } as const
  expect(featureTableDdl({ ...originDelay, owner: "ana's" }, "main.origin_delay", types, "spark")).toBe(
    `CREATE TABLE IF NOT EXISTS \`main\`.\`origin_delay\` (
  \`origin\` STRING NOT NULL,
  \`ts\` TIMESTAMP NOT NULL,
  \`delay_mean_3h\` DOUBLE COMMENT 'mean of delay over 3h, sliding',
  \`flights_3h\` BIGINT COMMENT 'count of facts over 3h, sliding',
  CONSTRAINT \`origin_delay_key\` PRIMARY KEY (\`origin\`, \`ts\` TIMESERIES)
)
COMMENT ''
TBLPROPERTIES ('roadmap.view' = 'origin_delay', 'roadmap.version' = '${originDelay.version}', 'roadmap.owner' = 'ana\\'s')`,
  )
})
