import { join } from "node:path"
import { expect, it } from "vitest"
import { sqliteOnlineStore } from "../src/online/adapters/sqlite.ts"
import { compareOnlineWithOracle } from "../testing/online-parity.ts"
import { temporaryWarehouse } from "./warehouse.ts"

it("what is read online at any moment up to the horizon is what the definition says of the facts written", async () => {
  await using warehouse = await temporaryWarehouse()
  await using store = sqliteOnlineStore({ file: join(warehouse.home, "online.sqlite") })
  const compared = await compareOnlineWithOracle(warehouse.engine, store, {
    definitions: 12,
    casesEach: 10,
    seed: 20_010_301,
  })
  expect(compared).toBeGreaterThan(10_000)
})
