import { createRandom } from "@roadmap/core/random"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defineEntity, defineFeatureView, type FeatureView } from "../src/definitions.ts"
import { leakageReport } from "../src/leakage/report.ts"
import { defineFeatureService } from "../src/services.ts"
import { batchOf } from "../testing/cases.ts"
import type { Fact } from "../testing/oracle.ts"
import { airport } from "./flights.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

const minute = 60_000_000
const start = Date.UTC(2001, 0, 1) * 1_000

/** Flights of a month: an airport's delay wanders by the hour, so that recent delays honestly tell of the next ones. */
const worldOfFlights = (flights: number): Fact[] => {
  const random = createRandom(11)
  const level = new Map<string, number>()
  return Array.from({ length: flights }, (_, id) => {
    const origin = ["SFO", "OAK", "SJC", "LAX", "SAN", "SEA"][random.integer(6)]
    level.set(origin, 0.985 * (level.get(origin) ?? 0) + 3 * random.normal())
    const delay = Math.round(level.get(origin)! + 12 * random.normal())
    const departed = start + Math.floor((id * 30 * 1440) / flights) * minute
    const landed = departed + (40 + random.integer(200) + Math.max(0, delay)) * minute
    return {
      id,
      origin,
      // A few aircraft fly all the time, many once.
      tail: random.integer(3) === 0 ? `N${random.integer(flights)}` : `R${random.integer(40)}`,
      departed_at: departed,
      landed_at: landed,
      just_after: departed + 1,
      hours_before: departed - 120 * minute,
      delay,
      late: delay >= 15,
      distance: 100 * (1 + random.integer(20)),
      split: departed < start + 20 * 1440 * minute ? "train" : "test",
    }
  })
}

const fields = [
  { name: "id", type: "int32" },
  { name: "origin", type: "string" },
  { name: "tail", type: "string" },
  ...["departed_at", "landed_at", "just_after", "hours_before"].map(
    name => ({ name, type: "timestamp" }) as const,
  ),
  { name: "delay", type: "int32" },
  { name: "late", type: "boolean" },
  { name: "distance", type: "int32" },
  { name: "split", type: "string" },
] as const

let warehouse: Awaited<ReturnType<typeof temporaryWarehouse>>
let engine: SqlEngine
beforeAll(async () => {
  warehouse = await temporaryWarehouse()
  engine = warehouse.engine
  await engine.load("gold.flights", batchOf(fields, worldOfFlights(6_000)), "replace")
  await engine.query(`CREATE TABLE gold.tail_delay AS ${tailDelay("gold.flights")}`)
})
afterAll(() => warehouse[Symbol.asyncDispose]())

/** Mean delay of each aircraft over whatever flights it is given: a target encoding. */
const tailDelay = (flights: string) =>
  `SELECT tail, avg(delay) AS encoded, TIMESTAMP '2000-12-31' AS known_at FROM ${flights} GROUP BY tail`

const landedBy = (at: string) => `SELECT * FROM gold.flights WHERE landed_at <= ${at}`
const replay = {
  "gold.flights": landedBy,
  "gold.tail_delay": (at: string) => tailDelay(`(${landedBy(at)}) AS landed`),
}
const labels = { from: "gold.flights", timestamp: "departed_at", order: ["id"] }
const flight = defineEntity({ name: "flight", keys: { id: "int32" } })
const aircraft = defineEntity({ name: "aircraft", keys: { tail: "string" } })

const delays = (name: string, knownTime: string, window: string): FeatureView =>
  defineFeatureView({
    name,
    entity: airport,
    source: { table: "gold.flights", eventTime: "departed_at", knownTime },
    features: { [name]: { aggregate: "mean", column: "delay", window } },
  })

const honest = [
  delays("mean_3h", "landed_at", "3h"),
  delays("mean_1d", "landed_at", "1d"),
  defineFeatureView({
    name: "others",
    entity: airport,
    source: { table: "gold.flights", eventTime: "departed_at", knownTime: "landed_at" },
    features: {
      late_7d: { aggregate: "share", column: "late", window: "7d" },
      traffic_1h: { aggregate: "count", window: "1h" },
      last_6h: { aggregate: "last", column: "delay", window: "6h" },
      last_delay: { column: "delay" },
      bucket: { aggregate: "max", column: "delay", window: "2h", tumbling: true },
    },
  }),
]
const planted: Record<string, FeatureView> = {
  "the flight's own delay in its window": defineFeatureView({
    name: "own",
    entity: aircraft,
    source: { table: "gold.flights", eventTime: "departed_at", knownTime: "departed_at" },
    features: { planted: { aggregate: "mean", column: "delay", window: "28d" } },
  }),
  "flights known when they leave": defineFeatureView({ ...viewDefinition("just_after"), name: "early" }),
  "a window that reaches into the future": defineFeatureView({
    ...viewDefinition("hours_before"),
    name: "future",
  }),
  "a copy of the target": defineFeatureView({
    name: "copy",
    entity: flight,
    source: { table: "gold.flights", eventTime: "departed_at", knownTime: "departed_at" },
    features: { planted: { column: "delay" } },
  }),
  "a target encoding over all rows": defineFeatureView({
    name: "encoding",
    entity: aircraft,
    source: { table: "gold.tail_delay", eventTime: "known_at", knownTime: "known_at" },
    features: { planted: { column: "encoded" } },
  }),
}
function viewDefinition(knownTime: string) {
  return {
    entity: airport,
    source: { table: "gold.flights", eventTime: "departed_at", knownTime },
    features: { planted: { aggregate: "mean", column: "delay", window: "6h" } },
  } as const
}

const report = (views: readonly FeatureView[], options: object) =>
  leakageReport(
    engine,
    defineFeatureService({
      name: "s",
      views: views.map(view => ({ view, ...(view.features.planted && { rename: { planted: view.name } }) })),
    }),
    labels,
    { target: "delay", ...options },
  )

describe("the leakage report", () => {
  it.each(["delay", "late"])(
    "accuses no honest feature of the target %s, with replay or without",
    async target => {
      for (const options of [{ target, replay }, { target }]) {
        const { verdict, features } = await report(honest, options)
        expect(
          features.filter(feature => feature.verdict !== "clean").map(({ name, reason }) => [name, reason]),
        ).toEqual([])
        expect(verdict).toBe("clean")
      }
    },
  )

  it("proves every planted leak by replay, beside honest features that stay clean", async () => {
    const { verdict, features } = await report([...honest, ...Object.values(planted)], { replay })
    expect(verdict).toBe("leak")
    const accused = features.filter(feature => feature.verdict !== "clean")
    expect(accused.map(feature => [feature.name, feature.verdict])).toEqual(
      Object.values(planted).map(({ name }) => [name, "leak"]),
    )
    for (const { reason } of accused)
      expect(reason).toMatch(/replayed values differ from what could be known: at 2001-01-\d\d/)
  })

  it("calls none of them clean without a replay, but flights known a moment after they leave", async () => {
    const { features } = await report([...honest, ...Object.values(planted)], {})
    expect(features.filter(feature => feature.verdict !== "clean").map(({ name }) => name)).toEqual([
      "own",
      "future",
      "copy",
      "encoding",
    ])
  })

  it("says what it could not replay", async () => {
    const { features } = await report([honest[0], planted["a copy of the target"]], {
      replay: { "gold.tail_delay": replay["gold.tail_delay"] },
    })
    expect(features[0].reason).toBe(
      "no sign of a leak; not replayed: nothing says how gold.flights looked in the past",
    )
    expect(features[1].verdict).toBe("leak")
  })

  it("shows the skill of a feature and of its control", async () => {
    const { features } = await report([honest[0], planted["the flight's own delay in its window"]], {})
    const [mean, own] = features
    expect(mean.skill).toBeGreaterThan(0.3)
    expect(mean.control!).toBeGreaterThan(0.85 * mean.skill!)
    expect(own.skill).toBeGreaterThan(0.5)
    expect(own.control!).toBeLessThan(0.5 * own.skill!)
  })

  it("counts entities of the test that were trained on, and events on both sides", async () => {
    const split = { column: "split", train: "train", test: "test" }
    const sound = await report([honest[0]], { split })
    expect(sound.entities).toEqual([{ keys: ["origin"], testRows: 2_000, seenShare: 1 }])
    expect(sound.repeatedRows).toBe(0)
    const doubled = {
      ...labels,
      from: {
        sql: "SELECT * FROM gold.flights UNION ALL SELECT * REPLACE ('test' AS split) FROM gold.flights WHERE id < 5",
      },
    }
    const found = await leakageReport(
      engine,
      defineFeatureService({ name: "s", views: [honest[0]] }),
      doubled,
      { target: "delay", split },
    )
    expect(found.repeatedRows).toBe(5)
  })

  it("needs a target that is a number", async () => {
    await refusal("INVALID_INPUT", () => report([honest[0]], { target: "origin" }))
  })
})
