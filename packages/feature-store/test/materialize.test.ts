import { join } from "node:path"
import { startChild } from "@roadmap/tracking/testing/child"
import { openWarehouse } from "@roadmap/warehouse/open"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { micros } from "../src/durations.ts"
import { materialize } from "../src/materialize/materialize.ts"
import { sqliteOnlineStore } from "../src/online/adapters/sqlite.ts"
import { openOnlineStore } from "../src/online/open.ts"
import type { OnlineStore } from "../src/online/port.ts"
import {
  airportDelays,
  dateOf,
  type Landing,
  loadLandings,
  manyLandings,
  minute,
} from "../testing/online-flights.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

vi.setConfig({ testTimeout: 60_000 })

const view = airportDelays()
const landing = (airport: string, minutes: number, delay: number): Landing => ({
  airport,
  landedAt: minute(minutes),
  delay,
})
const read = async (store: OnlineStore, airport: string, minutes: number) => {
  const [row] = await store.read(view.name, [[airport]], {
    asOf: BigInt(minute(minutes)),
    version: view.version,
  })
  return [row.status, ...Object.values(row.values)]
}

describe("materialising", () => {
  let warehouse: Awaited<ReturnType<typeof temporaryWarehouse>>
  let store: OnlineStore
  let another: OnlineStore
  const to = (minutes: number, options = {}) =>
    materialize(warehouse.engine, store, view, { to: dateOf(minute(minutes)), ...options })
  beforeEach(async () => {
    warehouse = await temporaryWarehouse()
    store = sqliteOnlineStore({ file: join(warehouse.home, "online.sqlite") })
    another = sqliteOnlineStore({ file: join(warehouse.home, "online.sqlite") })
    await loadLandings(warehouse.engine, [
      landing("ORD", 0, 10),
      landing("ORD", 50, 20),
      landing("JFK", 30, 5),
    ])
    return async () => {
      await store.close()
      await another.close()
      await warehouse[Symbol.asyncDispose]()
    }
  })

  it("serves what was known at its moment, and what changes by time alone until the horizon", async () => {
    await to(55)
    expect(await read(store, "ORD", 55)).toEqual(["present", 2, 15, 20])
    expect(await read(store, "ORD", 60)).toEqual(["present", 1, 15, 20])
    expect(await read(store, "ORD", 110)).toEqual(["present", 0, 15, 20])
    expect(await read(store, "ORD", 115)).toEqual(["present", 0, 15, 20])
    expect(await read(store, "ORD", 116)).toEqual(["expired", null, null, null])
    expect(await read(store, "JFK", 54)).toEqual(["missing", null, null, null])
    expect(await read(store, "LAX", 55)).toEqual(["missing", 0, null, null])
  })
  it("expires at the horizon what would change soon after it, and only that", async () => {
    await to(1_400)
    expect(await read(store, "JFK", 1_460)).toEqual(["present", 0, 5, 5])
    expect(await read(store, "JFK", 1_461)).toEqual(["expired", null, null, null])
    await to(1_411)
    expect(await read(store, "JFK", 1_470)).toEqual(["present", 0, null, 5])
    expect(await read(store, "JFK", 9_999)).toEqual(["present", 0, null, 5])
  })
  it("never shows a fact that becomes known later", async () => {
    await to(40)
    expect(await read(store, "ORD", 55)).toEqual(["present", 1, 10, 10])
    await to(50)
    expect(await read(store, "ORD", 55)).toEqual(["present", 2, 15, 20])
  })
  it("writes only keys whose values changed, and again to the same moment nothing", async () => {
    expect(await to(55)).toMatchObject({ keys: 2, to: BigInt(minute(55)) })
    expect(await to(55)).toMatchObject({ keys: 0, facts: 0, from: BigInt(minute(55)) })
    await to(3 * 1_440)
    await loadLandings(warehouse.engine, [
      landing("ORD", 0, 10),
      landing("JFK", 30, 5),
      landing("JFK", 3 * 1_440 + 10, 7),
    ])
    expect(await to(3 * 1_440 + 60)).toMatchObject({ keys: 1 })
    expect(await read(store, "JFK", 3 * 1_440 + 60)).toEqual(["present", 1, 7, 7])
    expect(await read(store, "ORD", 3 * 1_440 + 60)).toEqual(["present", 0, null, 20])
  })
  it("empties the windows of keys that had no fact for long", async () => {
    await to(55)
    await to(10 * 1_440)
    expect(await read(store, "ORD", 10 * 1_440)).toEqual(["present", 0, null, 20])
    expect(await read(store, "ORD", 20 * 1_440)).toEqual(["present", 0, null, 20])
  })
  it("brings a backfill when it starts before it", async () => {
    await to(10 * 1_440)
    await loadLandings(warehouse.engine, [landing("ORD", 0, 10), landing("ORD", 51, 40)])
    await to(10 * 1_440, { from: dateOf(minute(0)) })
    expect(await read(store, "ORD", 10 * 1_440)).toEqual(["present", 0, null, 40])
  })
  it("goes no further back than it came", async () => {
    await to(55)
    const error = await refusal("INVALID_INPUT", () => to(54))
    expect(error.message).toContain("2001-01-01T00:55:00.000Z")
  })
  it("refuses another definition of the view until told to replace it", async () => {
    await to(55)
    const changed = airportDelays({ window: "2h" })
    const again = (options = {}) =>
      materialize(warehouse.engine, store, changed, { to: dateOf(minute(60)), ...options })
    await refusal("SCHEMA_MISMATCH", () => again())
    expect(await read(store, "ORD", 55)).toEqual(["present", 2, 15, 20])
    await again({ replace: true })
    await refusal("SCHEMA_MISMATCH", () => read(store, "ORD", 60))
    const [row] = await store.read(view.name, [["ORD"]], { asOf: BigInt(minute(60)) })
    expect(Object.values(row.values)).toEqual([2, 15, 20])
  })
  it("says that the source changed, or is gone", async () => {
    await warehouse.engine.query("ALTER TABLE landings RENAME COLUMN delay TO minutes_late")
    await refusal("SCHEMA_MISMATCH", () => to(55))
    await warehouse.engine.query("DROP TABLE landings")
    await refusal("TABLE_MISSING", () => to(55))
  })
  it("of an empty source makes an empty view", async () => {
    await loadLandings(warehouse.engine, [])
    expect(await to(55)).toMatchObject({ keys: 0 })
    expect(await read(store, "ORD", 55)).toEqual(["missing", 0, null, null])
    expect((await store.progress(view.name)).materializedTo).toBe(BigInt(minute(55)))
  })
  it("several times at once writes once: the others are refused, or find it done", async () => {
    const at = (each: OnlineStore, minutes: number) =>
      materialize(warehouse.engine, each, view, { to: dateOf(minute(minutes)) })
    const outcomes = await Promise.allSettled([store, another, store, another].map(each => at(each, 55)))
    const written = outcomes.filter(each => each.status === "fulfilled" && each.value.keys === 2)
    expect(written).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ code: "STATE_LOCKED", retryable: true })
      else expect(outcome.value.keys).toBeOneOf([0, 2])
    expect(await at(another, 55)).toMatchObject({ keys: 0 })
    expect(await read(another, "ORD", 55)).toEqual(["present", 2, 15, 20])
  })
  it("stops between two batches when it is interrupted, and resumes", async () => {
    await loadLandings(warehouse.engine, manyLandings(10_000))
    const stop = new AbortController()
    await refusal("INTERRUPTED", () => to(60, { signal: stop.signal, onProgress: () => stop.abort() }))
    expect((await store.progress(view.name)).materializedTo).toBeUndefined()
    expect(await to(60)).toMatchObject({ keys: 10_000 })
    expect((await read(store, "A9999", 60))[0]).toBe("present")
  })
  it("takes a longer horizon at the price of more entries", async () => {
    await to(55, { horizon: 2 * micros.day })
    expect(await read(store, "ORD", 1_440)).toEqual(["present", 0, 20, 20])
    expect(await read(store, "ORD", 1_490)).toEqual(["present", 0, null, 20])
  })
})

describe("a materialisation that was killed", () => {
  it("between two batches is made again without gap or double", async () => {
    await using warehouse = await temporaryWarehouse()
    await loadLandings(warehouse.engine, manyLandings(9_000))
    const { home } = warehouse
    await using whole = sqliteOnlineStore({ file: join(home, "whole.sqlite") })
    await materialize(warehouse.engine, whole, view, { to: dateOf(minute(60)) })
    await warehouse.engine.close()

    const child = startChild(new URL("./children/materialize.ts", import.meta.url), [home, "60"])
    expect(await child.line()).toBe("8192 9000")
    expect((await child.ended).signal).toBe("SIGKILL")

    await using engine = await openWarehouse({ home, logLevel: "silent", ci: true, color: false })
    await using store = await openOnlineStore({ home })
    expect(await store.progress(view.name)).toEqual({ revision: 1 })
    await materialize(engine, store, view, { to: dateOf(minute(60)) })
    const keys = Array.from({ length: 9_000 }, (_, i) => [`A${i}`])
    const options = { asOf: BigInt(minute(75)) }
    expect(await store.read(view.name, keys, options)).toEqual(await whole.read(view.name, keys, options))
    expect((await store.progress(view.name)).materializedTo).toBe(BigInt(minute(60)))
  })
})
