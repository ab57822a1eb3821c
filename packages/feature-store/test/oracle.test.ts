import { expect, it } from "vitest"
import { compareWithOracle } from "../testing/against-oracle.ts"
import { temporaryWarehouse } from "./warehouse.ts"

it("joins 1,000 random cases as the definition says, by the sweep and by SQL", async () => {
  await using warehouse = await temporaryWarehouse()
  const compared = await compareWithOracle(warehouse.engine, ["sweep", "sql"], {
    definitions: 25,
    casesEach: 40,
    seed: 20_010_101,
  })
  expect(compared).toBe(1_000)
})
