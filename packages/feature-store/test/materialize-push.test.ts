import { join } from "node:path"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { materialize } from "../src/materialize/materialize.ts"
import { type FeaturePusher, openPusher } from "../src/materialize/push.ts"
import { sqliteOnlineStore } from "../src/online/adapters/sqlite.ts"
import type { OnlineStore } from "../src/online/port.ts"
import {
  airportDelays,
  dateOf,
  type Landing,
  landingBatch,
  loadLandings,
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
const past = [landing("ORD", 0, 10), landing("ORD", 50, 20), landing("JFK", 30, 5)]

describe("pushing", () => {
  let warehouse: Awaited<ReturnType<typeof temporaryWarehouse>>
  let store: OnlineStore
  let another: OnlineStore
  beforeEach(async () => {
    warehouse = await temporaryWarehouse()
    store = sqliteOnlineStore({ file: join(warehouse.home, "online.sqlite") })
    another = sqliteOnlineStore({ file: join(warehouse.home, "online.sqlite") })
    await loadLandings(warehouse.engine, past)
    return async () => {
      await store.close()
      await another.close()
      await warehouse[Symbol.asyncDispose]()
    }
  })
  const pusher = (on = store): Promise<FeaturePusher> => openPusher(warehouse.engine, on, view)
  const to = (minutes: number) => materialize(warehouse.engine, store, view, { to: dateOf(minute(minutes)) })
  const read = async (airport: string, minutes: number) => {
    const [row] = await store.read(view.name, [[airport]], { asOf: BigInt(minute(minutes)) })
    return [row.status, ...Object.values(row.values)]
  }

  it("goes on from what was materialised", async () => {
    await to(55)
    const receipt = await (await pusher()).push(landingBatch([landing("ORD", 58, 60)]))
    expect(receipt).toEqual({ facts: 1, late: 0, unusable: 0, keys: 1, repeated: false })
    expect(await read("ORD", 58)).toEqual(["present", 3, 30, 60])
    expect(await read("ORD", 60)).toEqual(["present", 2, 30, 60])
    expect(await read("JFK", 58)).toEqual(["present", 1, 5, 5])
  })
  it("into an empty store starts with nothing", async () => {
    await (await pusher()).push(landingBatch([landing("ORD", 58, 60)]))
    expect(await read("ORD", 58)).toEqual(["present", 1, 60, 60])
  })
  it("is remembered by another process, which has never seen the facts", async () => {
    await to(55)
    await (await pusher()).push(landingBatch([landing("ORD", 57, 60), landing("LAX", 57, 1)]))
    await (await pusher(another)).push(landingBatch([landing("ORD", 58, 90)]))
    expect(await read("ORD", 58)).toEqual(["present", 4, 45, 90])
    expect(await read("LAX", 58)).toEqual(["present", 1, 1, 1])
  })
  it("by two processes at once counts every fact once", async () => {
    await to(55)
    const pushers = [await pusher(store), await pusher(another)]
    await Promise.all(
      pushers.map(async (each, side) => {
        for (let i = 0; i < 5; i++) await each.push(landingBatch([landing("ORD", 56 + i, side)]))
      }),
    )
    expect(await read("ORD", 60)).toEqual(["present", 11, (10 + 20 + 5) / 12, 1])
  })
  it("of a position that was reached already does nothing", async () => {
    await to(55)
    const first = await pusher()
    await first.push(landingBatch([landing("ORD", 57, 60)]), { position: 7n })
    const again = await (await pusher(another)).push(landingBatch([landing("ORD", 57, 60)]), { position: 7n })
    expect(again).toMatchObject({ repeated: true, facts: 0, keys: 0 })
    expect(await read("ORD", 57)).toEqual(["present", 3, 30, 60])
    expect(await first.push(landingBatch([]), { position: 8n })).toMatchObject({ repeated: false })
    expect((await store.progress(view.name)).position).toBe(8n)
  })
  it("leaves facts known before the last materialisation to the next one", async () => {
    await to(55)
    const receipt = await (await pusher()).push(landingBatch([landing("ORD", 54, 60), landing("ORD", 56, 0)]))
    expect(receipt).toMatchObject({ facts: 1, late: 1 })
    expect(await read("ORD", 56)).toEqual(["present", 3, 10, 0])
  })
  it("counts a pushed fact once when the table brings it too", async () => {
    await to(55)
    const pushed = [landing("ORD", 57, 60), landing("ORD", 59, 90)]
    const each = await pusher()
    await each.push(landingBatch(pushed))
    await loadLandings(warehouse.engine, [...past, ...pushed])
    await to(58)
    expect(await read("ORD", 59)).toEqual(["present", 4, 45, 90])
    await each.push(landingBatch([landing("ORD", 59, 0)]))
    expect(await read("ORD", 59)).toEqual(["present", 5, 36, 90])
    await to(60)
    expect(await store.pushed(view.name)).toEqual([])
  })
  it("leaves out rows without a key or a time, and refuses other columns", async () => {
    const batch = landingBatch([landing("ORD", 58, 60), landing("ORD", 58, 60)])
    const [airport, ...others] = batch.columns
    const each = await pusher()
    const nobody = {
      ...batch,
      columns: [{ ...airport, valid: Uint8Array.of(1, 0) }, ...others] as typeof batch.columns,
    }
    expect(await each.push(nobody)).toMatchObject({ facts: 1, unusable: 1 })
    await refusal("SCHEMA_MISMATCH", () => each.push({ ...batch, columns: others }))
    const texts = { name: "delay", type: "string" as const, values: ["1", "2"] }
    await refusal("SCHEMA_MISMATCH", () => each.push({ ...batch, columns: [airport, others[0], texts] }))
  })
})
