import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defineEntity, defineFeatureView, type FeatureViewDefinition } from "../src/definitions.ts"
import { defineOnDemandView } from "../src/on-demand.ts"
import type { JoinPath } from "../src/receipt.ts"
import { defineFeatureService, type PickDefinition } from "../src/services.ts"
import { toFeatures, trainingSet } from "../src/training-set.ts"
import { writeTrainingSet } from "../src/written-set.ts"
import { answerAt } from "../testing/cases.ts"
import { airport, loadFlights, originDelay, source } from "./flights.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

let warehouse: Awaited<ReturnType<typeof temporaryWarehouse>>
let engine: SqlEngine
beforeAll(async () => {
  warehouse = await temporaryWarehouse()
  engine = warehouse.engine
})
afterAll(() => warehouse[Symbol.asyncDispose]())

const view = (features: FeatureViewDefinition["features"], more: Partial<FeatureViewDefinition> = {}) =>
  defineFeatureView({
    name: "v",
    entity: airport,
    source: { ...source, createdTime: "written_at" },
    features,
    ...more,
  })

const asked = (...rows: string[]) => ({
  from: {
    sql: `SELECT origin, CAST(moment AS TIMESTAMP) AS asked_at FROM (VALUES ${rows
      .map(row => {
        const [origin, at] = row.split(" ")
        return `(${origin === "-" ? "NULL" : `'${origin}'`}, ${at === "-" ? "NULL" : `'2001-01-01 ${at}'`})`
      })
      .join(", ")}) AS t (origin, moment)`,
  },
  timestamp: "asked_at",
})

const paths: JoinPath[] = ["sweep", "sql"]

/** The values of each feature, by both paths, which must agree. */
const values = async (pick: PickDefinition | ReturnType<typeof view>, labels: ReturnType<typeof asked>) => {
  const service = defineFeatureService({ name: "s", views: [pick] })
  const [sweep, sql] = await Promise.all(
    paths.map(async path => {
      const set = await trainingSet(engine, service, labels, { path })
      return Object.fromEntries(
        Object.entries(set.features).map(([name, column]) => [
          name,
          Array.from({ length: set.rows }, (_, row) => answerAt(column, row)),
        ]),
      )
    }),
  )
  expect(sql).toEqual(sweep)
  return sweep
}

describe("a point-in-time join", () => {
  it("sees a flight when it has landed, not when it left", async () => {
    await loadFlights(engine, ["SFO 08:00 09:30 20", "SFO 08:30 09:00 40"])
    const found = await values(
      originDelay,
      asked("SFO 08:59", "SFO 09:00", "SFO 09:29", "SFO 09:30", "SFO 12:00", "SFO 12:30"),
    )
    expect(found.delay_mean_3h).toEqual([null, 40, 40, 30, 20, null])
    expect(found.flights_3h).toEqual([0, 1, 1, 2, 1, 0])
  })

  it("never lets a label see its own event, nor any that was still in the air", async () => {
    const flights = Array.from({ length: 40 }, (_, i) => {
      const at = new Date(Date.UTC(2001, 0, 1, 0, 11 * i))
      const landed = new Date(at.getTime() + (30 + ((i * 37) % 90)) * 60_000)
      return `SFO ${at.toISOString().slice(0, 19)} ${landed.toISOString().slice(0, 19)} ${i}`
    })
    await loadFlights(engine, flights)
    const all = view({
      ids: { aggregate: "max", column: "delay", window: "28d" },
      n: { aggregate: "count", window: "28d" },
    })
    const service = defineFeatureService({ name: "s", views: [all] })
    const set = await trainingSet(engine, service, {
      from: "gold.flights",
      timestamp: "departed_at",
      order: ["id"],
    })
    const landed = rowsOf<{ n: number }>(
      await engine.query(
        "SELECT (SELECT count(*) FROM gold.flights o WHERE o.known_at <= f.departed_at) AS n FROM gold.flights f ORDER BY id",
      ),
    )
    expect([...(set.features.n as Float64Array)]).toEqual(landed.map(({ n }) => n))
    for (let id = 0; id < 40; id++) expect(answerAt(set.features.ids, id) ?? -1).toBeLessThan(id)
  })

  it("gives one row a label in their order: duplicates, null keys, null times, unknown airports stay", async () => {
    await loadFlights(engine, ["SFO 08:00 09:00 20"])
    const found = await values(
      originDelay,
      asked("SFO 10:00", "- 10:00", "XXX 10:00", "SFO 10:00", "SFO -", "SFO 08:00"),
    )
    expect(found.delay_mean_3h).toEqual([20, null, null, 20, null, null])
    expect(found.flights_3h).toEqual([1, null, 0, 1, null, 0])
  })

  it("takes the latest event, not the latest news; then the latest news, the latest writing, the greater value", async () => {
    const latest = view({ delay: { column: "delay" } })
    await loadFlights(engine, ["SFO 08:00 09:00 1", "SFO 07:00 10:00 2"])
    expect((await values(latest, asked("SFO 09:30", "SFO 11:00"))).delay).toEqual([1, 1])
    await loadFlights(engine, ["SFO 08:00 09:00 1", "SFO 08:00 10:00 2"])
    expect((await values(latest, asked("SFO 09:30", "SFO 11:00"))).delay).toEqual([1, 2])
    await loadFlights(engine, ["SFO 08:00 09:00 1 2001-02-02", "SFO 08:00 09:00 2 2001-02-01"])
    expect((await values(latest, asked("SFO 11:00"))).delay).toEqual([1])
    await loadFlights(engine, ["SFO 08:00 09:00 1", "SFO 08:00 09:00 2", "SFO 08:00 09:00 -"])
    expect((await values(latest, asked("SFO 11:00"))).delay).toEqual([2])
  })

  it("orders texts by code points and last values by writing when all else is equal", async () => {
    await loadFlights(engine, ["SFO 08:00 09:00 1 2001-02-02", "SFO 08:00 09:00 2 2001-02-01"])
    const last = view({ last: { aggregate: "last", column: "delay", window: "1d" } })
    expect((await values(last, asked("SFO 11:00"))).last).toEqual([1])
    await engine.query(
      "CREATE OR REPLACE TABLE gold.flights AS SELECT *, CASE WHEN delay = 1 THEN '🛫' ELSE '\uffee' END AS sign FROM gold.flights",
    )
    const signs = view({ sign: { column: "sign" } }, { source })
    expect((await values(signs, asked("SFO 11:00"))).sign).toEqual(["🛫"])
  })

  it("lets a latest value live up to its ttl, counted from its event", async () => {
    await loadFlights(engine, ["SFO 08:00 09:00 20"])
    const found = await values(
      view({ delay: { column: "delay" } }, { ttl: "2h" }),
      asked("SFO 10:00", "SFO 10:01"),
    )
    expect(found.delay).toEqual([20, null])
  })

  it("counts a tumbling hour only when it is full", async () => {
    await loadFlights(engine, ["SFO 07:00 08:00 1", "SFO 07:00 08:59 2", "SFO 07:00 09:00 4"])
    const hourly = view({ sum: { aggregate: "sum", column: "delay", window: "1h", tumbling: true } })
    const found = await values(hourly, asked("SFO 08:59", "SFO 09:00", "SFO 09:59", "SFO 10:00", "SFO 11:00"))
    expect(found.sum).toEqual([null, 3, 3, 4, null])
  })

  it("joins whole numbers of other widths, dates and several keys", async () => {
    await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
    await engine.query(`CREATE OR REPLACE TABLE gold.gates AS SELECT CAST(7 AS BIGINT) AS gate, DATE '2001-01-01' AS day,
      TIMESTAMP '2001-01-01 08:00' AS at, 5 AS used UNION ALL SELECT 8, DATE '2001-01-01', TIMESTAMP '2001-01-01 08:00', 6`)
    const gate = defineEntity({ name: "gate", keys: { gate: "int32", day: "date" } })
    const gates = defineFeatureView({
      name: "gates",
      entity: gate,
      source: { table: "gold.gates", eventTime: "at", knownTime: "at" },
      features: { used: { column: "used" } },
    })
    const service = defineFeatureService({ name: "s", views: [gates] })
    const from = {
      sql: "SELECT CAST(g AS INTEGER) AS gate, DATE '2001-01-01' AS day, TIMESTAMP '2001-01-02' AS at FROM (VALUES (8), (7), (9)) AS t (g)",
    }
    for (const path of paths) {
      const { features } = await trainingSet(engine, service, { from, timestamp: "at" }, { path })
      expect([...(features.used as Float64Array)]).toEqual([6, 5, Number.NaN])
    }
  })
})

describe("a training set", () => {
  const speed = defineOnDemandView({
    name: "speed",
    stored: ["flights_3h"],
    request: ["delay"],
    features: { more: "number", word: "text" },
    compute: ({ flights_3h, delay }) => ({
      more: (flights_3h as number) + (delay as number),
      word: flights_3h === 0 ? null : "some",
    }),
  })
  const service = defineFeatureService({ name: "delays", views: [originDelay], onDemand: [speed] })
  const labels = { from: "gold.flights", timestamp: "departed_at", order: ["id"], columns: ["id", "late"] }

  it("brings the labels' columns, on-demand features and a receipt, ready for an estimator", async () => {
    await loadFlights(engine, ["SFO 08:00 09:00 20", "SFO 10:00 11:00 5"])
    const set = await trainingSet(engine, service, labels)
    expect(set.labels).toEqual({ id: Float64Array.of(0, 1), late: Float64Array.of(1, 0) })
    expect(set.features.more).toEqual(Float64Array.of(20, 6))
    expect(set.features.word).toEqual({ codes: Int32Array.of(-1, 0), categories: ["some"] })
    expect(set.receipt).toMatchObject({
      service: "delays",
      version: service.version,
      rows: 2,
      path: "sweep",
      warnings: [
        'View "origin_delay" has a window of 3h, longer than the 0.1 days of history in gold.flights: it is never full.',
      ],
    })
    expect(toFeatures(set).columns.map(({ name, kind }) => [name, kind])).toEqual([
      ["delay_mean_3h", "numeric"],
      ["flights_3h", "numeric"],
      ["more", "numeric"],
      ["word", "categorical"],
    ])
  })

  it.each(paths)("is written as a table by %s, in the labels' order and with their columns", async path => {
    await loadFlights(engine, ["SFO 10:00 11:00 5", "SFO 08:00 09:00 20"])
    const receipt = await writeTrainingSet(
      engine,
      service,
      { ...labels, order: ["departed_at"] },
      "gold.training",
      { path },
    )
    expect(receipt.rows).toBe(2)
    const rows = rowsOf(
      await engine.query("SELECT _row, id, delay, delay_mean_3h, flights_3h, more, word FROM gold.training"),
    )
    expect(rows).toEqual([
      { _row: 0, id: 1, delay: 20, delay_mean_3h: null, flights_3h: 0, more: 20, word: null },
      { _row: 1, id: 0, delay: 5, delay_mean_3h: 20, flights_3h: 1, more: 6, word: "some" },
    ])
    const left = await engine.query(
      "SELECT * FROM information_schema.tables WHERE table_schema = 'feature_store'",
    )
    expect(left.rows).toBe(0)
  })

  it("has the same column types by both paths", async () => {
    const plain = defineFeatureService({
      name: "plain",
      views: [
        originDelay,
        {
          view: view({
            delay: { column: "delay" },
            known: { column: "known_at" },
            was_late: { column: "late" },
          }),
          rename: { delay: "last_delay", known: "last_known" },
        },
      ],
    })
    const described = await Promise.all(
      paths.map(async path => {
        await writeTrainingSet(engine, plain, labels, `gold.typed_${path}`, { path })
        const table = await engine.query(`SELECT * FROM gold.typed_${path} ORDER BY _row`)
        return [table.fields, rowsOf(table)]
      }),
    )
    expect(described[0]).toEqual(described[1])
  })

  it("says what is odd without stopping", async () => {
    await loadFlights(engine, [
      "SFO 08:00 07:00 1",
      "SFO 08:00 08:00 2",
      "- 08:00 09:00 3",
      "SFO 2101-01-01T00:00 2101-01-02T00:00 4",
    ])
    const { receipt } = await trainingSet(engine, service, labels)
    expect(receipt.sources[0]).toMatchObject({
      facts: 3,
      unusable: 1,
      knownBeforeEvent: 1,
      knownAtEvent: 1,
      future: 1,
    })
    expect(receipt.warnings.join("\n")).toMatch(
      /never count.*\n.*clock in another zone.*\n.*sees its own fact.*\n.*in the future/,
    )
  })
})

describe("what does not fit is refused before any work", () => {
  const labels = { from: "gold.flights", timestamp: "departed_at" }
  const set =
    (pick: PickDefinition | typeof originDelay, given: object = {}) =>
    () =>
      trainingSet(engine, defineFeatureService({ name: "s", views: [pick] }), { ...labels, ...given })

  beforeAll(() => loadFlights(engine, ["SFO 08:00 09:00 20"]))

  it("a source that changed its schema, with the likely new name", async () => {
    const error = await refusal("SCHEMA_MISMATCH", set(view({ last: { column: "delays" } })))
    expect(error.hint).toBe('Is it called "delay" now?')
    await refusal(
      "TABLE_MISSING",
      set(view({ last: { column: "delay" } }, { source: { ...source, table: "gold.gone" } })),
    )
  })

  it("a key of another type", async () => {
    const byNumber = defineEntity({ name: "airport", keys: { origin: "int32" } })
    const error = await refusal(
      "SCHEMA_MISMATCH",
      set(view({ last: { column: "delay" } }, { entity: byNumber })),
    )
    expect(error.message).toContain('is string; the entity "airport" has a key of type int32')
    await refusal("SCHEMA_MISMATCH", set({ view: originDelay, keys: { origin: "delay" } }))
  })

  it("a time that is no timestamp", async () => {
    await refusal(
      "SCHEMA_MISMATCH",
      set(view({ x: { column: "delay" } }, { source: { ...source, knownTime: "delay" } })),
    )
    await refusal("SCHEMA_MISMATCH", set(originDelay, { timestamp: "delay" }))
  })

  it("a mean of texts, a share of numbers", async () => {
    await refusal("SCHEMA_MISMATCH", set(view({ x: { aggregate: "mean", column: "origin", window: "1d" } })))
    await refusal("SCHEMA_MISMATCH", set(view({ x: { aggregate: "share", column: "delay", window: "1d" } })))
  })

  it("a feature named as a column of the labels, an unknown label column", async () => {
    await refusal("INVALID_INPUT", set(view({ delay: { column: "delay" } })))
    await refusal("SCHEMA_MISMATCH", set(originDelay, { columns: ["split"] }))
  })

  it("an as-of time on sources or labels without a created time", async () => {
    const service = defineFeatureService({ name: "s", views: [originDelay] })
    const asOf = new Date("2001-06-01")
    await refusal("INVALID_INPUT", () => trainingSet(engine, service, labels, { asOf }))
    await refusal("INVALID_INPUT", () =>
      trainingSet(engine, service, { ...labels, createdTime: "written_at" }, { asOf }),
    )
  })
})
