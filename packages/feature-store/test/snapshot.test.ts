import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { defineFeatureView } from "../src/definitions.ts"
import { defineFeatureService } from "../src/services.ts"
import { rebuild, takeSnapshot } from "../src/snapshot.ts"
import { airport, loadFlights, originDelay, source } from "./flights.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

const view = defineFeatureView({
  name: "origin_delay",
  entity: airport,
  source: { ...source, createdTime: "written_at" },
  features: {
    delay_mean_1d: { aggregate: "mean", column: "delay", window: "1d" },
    last_origin: { column: "origin" },
    last_delay: { column: "delay" },
  },
})
const service = defineFeatureService({
  name: "delays",
  views: [{ view, rename: { last_delay: "previous" } }],
})
const labels = {
  from: "gold.flights",
  timestamp: "departed_at",
  order: ["id"],
  columns: ["id"],
  createdTime: "written_at",
}
const asOf = new Date("2001-01-10")
const flights = [
  "SFO 06:00 07:00 10",
  "SFO 08:00 09:30 20",
  "OAK 08:30 09:00 40",
  "SFO 11:00 12:00 -",
  "OAK 12:00 13:00 3",
]

let warehouse: Awaited<ReturnType<typeof temporaryWarehouse>>
beforeEach(async () => {
  warehouse = await temporaryWarehouse()
  await loadFlights(warehouse.engine, flights)
})
afterEach(() => warehouse[Symbol.asyncDispose]())

const taken = () => takeSnapshot(warehouse.engine, service, labels, { asOf })

describe("a snapshot of a training set", () => {
  it.each(["sweep", "sql"] as const)(
    "is rebuilt bit-equal by %s after a late backfill, which a new set does see",
    async path => {
      const { engine } = warehouse
      const { set, snapshot } = await takeSnapshot(engine, service, labels, { asOf, path })
      await loadFlights(engine, [
        ...flights,
        "SFO 05:00 06:30 500 2001-02-01",
        "OAK 09:00 10:00 500 2001-02-01",
      ])
      const again = await rebuild(engine, service, JSON.parse(JSON.stringify(snapshot)))
      expect(again.rows).toBe(5)
      expect(again.features).toEqual(set.features)
      expect(again.labels).toEqual(set.labels)
      const { set: fresh, snapshot: other } = await takeSnapshot(engine, service, labels, {
        asOf: new Date("2001-03-01"),
        path,
      })
      expect(fresh.rows).toBe(7)
      expect(other.contentHash).not.toBe(snapshot.contentHash)
    },
  )

  it("has one content hash whichever path made it", async () => {
    const { snapshot } = await taken()
    const { snapshot: pushed } = await takeSnapshot(warehouse.engine, service, labels, { asOf, path: "sql" })
    expect(pushed.contentHash).toBe(snapshot.contentHash)
  })

  it("names the source whose history was overwritten", async () => {
    const { snapshot } = await taken()
    await warehouse.engine.query("UPDATE gold.flights SET delay = 99 WHERE id = 0")
    const changed = await refusal("HISTORY_CHANGED", () => rebuild(warehouse.engine, service, snapshot))
    expect(changed.message).toContain("rows of gold.flights (origin_delay) were changed")
    await warehouse.engine.query("DELETE FROM gold.flights WHERE id = 0")
    const deleted = await refusal("HISTORY_CHANGED", () => rebuild(warehouse.engine, service, snapshot))
    expect(deleted.message).toContain("had 5 rows created until then and has 4 of them now")
  })

  it("is refused with definitions of another version, which are named", async () => {
    const { snapshot } = await taken()
    const longer = defineFeatureView({
      name: "origin_delay",
      entity: airport,
      source: { ...source, createdTime: "written_at" },
      features: { delay_mean_1d: { aggregate: "mean", column: "delay", window: "2d" } },
    })
    const other = defineFeatureService({ name: "delays", views: [longer] })
    const error = await refusal("SCHEMA_MISMATCH", () => rebuild(warehouse.engine, other, snapshot))
    expect(error.message).toContain("origin_delay changed")
  })

  it("needs a moment that has passed, created times, and an order that tells rows apart", async () => {
    const { engine } = warehouse
    const take =
      (given: object, options: object = {}, of = service) =>
      () =>
        takeSnapshot(engine, of, { ...labels, ...given }, { asOf, ...options })
    await refusal("INVALID_INPUT", take({}, { now: new Date("2001-01-09") }))
    await refusal("INVALID_INPUT", take({ createdTime: undefined }))
    await refusal("INVALID_INPUT", take({ order: undefined }))
    await refusal("INVALID_INPUT", take({ order: ["origin"] }))
    const undated = defineFeatureService({ name: "s", views: [originDelay] })
    const error = await refusal("INVALID_INPUT", take({}, {}, undated))
    expect(error.message).toContain("gold.flights names no created time")
  })
})
