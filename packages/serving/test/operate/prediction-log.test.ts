import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createFeatures } from "@roadmap/ml/features"
import { duckdbEngine } from "@roadmap/warehouse/adapters/duckdb"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf as asRows } from "@roadmap/warehouse/rows"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { PredictionEntry } from "../../src/operate/prediction-log/builder.ts"
import { openPredictionLog } from "../../src/operate/prediction-log/log.ts"
import { predictionLogFiles } from "../../src/operate/prediction-log/read.ts"

let root: string
let folder: string
let engine: SqlEngine
let count = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "prediction-log-"))
  engine = await duckdbEngine({ path: join(root, "w.duckdb"), temporaryFolder: root, memoryLimit: "200MB" })
})
afterAll(async () => {
  await engine.close()
  await rm(root, { recursive: true, force: true })
})
beforeEach(() => {
  folder = join(root, `log-${count++}`)
})

const noon = Date.parse("2001-06-30T12:00:00.123Z")
const entry = (distances: number[], changes: Partial<PredictionEntry> = {}): PredictionEntry => ({
  time: noon,
  requestId: "r-1",
  model: "flight-late",
  version: 3,
  route: "/invocations",
  latencyMs: 1.5,
  features: createFeatures([
    { name: "distance", kind: "numeric", values: Float64Array.from(distances) },
    {
      name: "origin",
      kind: "categorical",
      codes: Int32Array.from(distances, (_, row) => (row % 3) - 1),
      categories: ["ATL", "東京"],
    },
  ]),
  predictions: {
    rows: distances.length,
    columns: [
      { name: "prediction", values: Float64Array.from(distances, d => (d > 500 ? 1 : 0)) },
      { name: "probability", values: Float64Array.from(distances, d => d / 1000) },
    ],
  },
  ...changes,
})
const readBack = async () => {
  const files = await predictionLogFiles(folder)
  await engine.load("logs.predictions", { format: "parquet", files }, "replace")
  const table = await engine.query(
    "SELECT * FROM logs.predictions ORDER BY model, version, request_time, request_id, row_number",
  )
  return asRows(table)
}

describe("a prediction log", () => {
  it("becomes a table of the warehouse: one row a predicted row, missing values null", async () => {
    const log = await openPredictionLog(folder)
    expect(log.record(entry([100, Number.NaN, 900], { traceId: "t-1", keys: ["ATL", "ORD", "JFK"] }))).toBe(
      true,
    )
    await log.close()
    const shared = {
      // Of the folder's name: DuckDB sees the partitions.
      day: "2001-06-30",
      request_time: new Date(noon),
      request_id: "r-1",
      trace_id: "t-1",
      route: "/invocations",
      latency_ms: 1.5,
      model: "flight-late",
      version: 3,
    }
    expect(await readBack()).toEqual([
      {
        ...shared,
        row_number: 0,
        entity_key: "ATL",
        feature_distance: 100,
        feature_origin: null,
        output_prediction: 0,
        output_probability: 0.1,
      },
      {
        ...shared,
        row_number: 1,
        entity_key: "ORD",
        feature_distance: null,
        feature_origin: "ATL",
        output_prediction: 0,
        output_probability: null,
      },
      {
        ...shared,
        row_number: 2,
        entity_key: "JFK",
        feature_distance: 900,
        feature_origin: "東京",
        output_prediction: 1,
        output_probability: 0.9,
      },
    ])
  })
  it("has a folder for each day, model and version", async () => {
    const log = await openPredictionLog(folder)
    log.record(entry([1]))
    log.record(entry([2], { version: 4 }))
    log.record(entry([3], { model: "flight delay/ä" }))
    log.record(entry([4], { time: Date.parse("2001-07-01T00:00:00Z") }))
    log.record(entry([5]))
    await log.close()
    const files = await predictionLogFiles(folder)
    expect(files.map(file => file.slice(folder.length + 1).replace(/[^/]+$/, ""))).toEqual([
      "day=2001-06-30/model=flight%20delay%2F%C3%A4/version=3/",
      "day=2001-06-30/model=flight-late/version=3/",
      "day=2001-06-30/model=flight-late/version=4/",
      "day=2001-07-01/model=flight-late/version=3/",
    ])
    expect((await readBack()).map(row => row.model)).toContain("flight delay/ä")
    const partitions = await engine.query(
      `SELECT count(*)::INT AS n FROM read_parquet('${folder}/**/*.parquet', hive_partitioning = true)
       WHERE day = DATE '2001-06-30' AND version = 3`,
    )
    expect(asRows(partitions)).toEqual([{ n: 3 }])
  })
  it("keeps every number as it was, over many requests and files", async () => {
    const log = await openPredictionLog(folder, { flushRows: 1_000 })
    const values: number[] = []
    for (let request = 0; request < 3_000; request++) {
      const distances = Array.from(
        { length: 1 + (request % 3) },
        (_, row) => Math.sin(request * 7 + row) * 1e6,
      )
      values.push(...distances)
      expect(log.record(entry(distances, { requestId: String(request).padStart(6, "0") }))).toBe(true)
      if (request % 500 === 0) await new Promise(setImmediate)
    }
    await log.close()
    expect(log.stats()).toMatchObject({
      recorded: 6_000,
      written: 6_000,
      dropped: 0,
      lost: 0,
      waiting: 0,
      files: 6,
    })
    expect((await readBack()).map(row => row.feature_distance)).toEqual(values)
  })
  it("drops and counts what does not fit, and takes rows again when they are written", async () => {
    const log = await openPredictionLog(folder, { capacity: 5 })
    expect([3, 3, 2].map(rows => log.record(entry(Array(rows).fill(1))))).toEqual([true, false, true])
    expect(log.stats()).toMatchObject({ recorded: 5, dropped: 3, waiting: 5 })
    await log.flush()
    expect(log.record(entry([1]))).toBe(true)
    await log.close()
    expect(log.stats()).toMatchObject({ written: 6, dropped: 3, waiting: 0 })
  })
  it("counts rows as lost when the disk refuses them, and says so, and no request notices", async () => {
    const errors: string[] = []
    const log = await openPredictionLog(folder, { onError: error => errors.push(error.code) })
    await writeFile(join(folder, "day=2001-06-30"), "in the way")
    expect(log.record(entry([1, 2]))).toBe(true)
    await log.flush()
    expect(log.stats()).toMatchObject({ written: 0, lost: 2, waiting: 0 })
    expect(errors).toEqual(["FILE_MISSING"])
    expect(log.record(entry([1], { time: noon + 86_400_000 }))).toBe(true)
    await log.close()
    expect(log.stats().written).toBe(1)
  })
  it("refuses an entry of another form without harm to the rows before and after", async () => {
    const errors: string[] = []
    const log = await openPredictionLog(folder, { onError: error => errors.push(error.code) })
    log.record(entry([1]))
    expect(log.record(entry([2], { predictions: { rows: 1, columns: [] } }))).toBe(false)
    log.record(entry([3]))
    await log.close()
    expect((await readBack()).map(row => row.feature_distance)).toEqual([1, 3])
    expect(errors).toEqual(["INTERNAL"])
  })
  it("takes nothing after it was closed, and closes twice", async () => {
    const log = await openPredictionLog(folder)
    await Promise.all([log.close(), log.close()])
    expect(log.record(entry([1]))).toBe(false)
    expect(await readdir(folder)).toEqual([])
  })
  it("leaves no unfinished file that a reader would take", async () => {
    const log = await openPredictionLog(folder, { flushRows: 500 })
    for (let i = 0; i < 20; i++) log.record(entry(Array(500).fill(i)))
    // While they are being written, what is there can be read whole.
    for (let i = 0; i < 5; i++) {
      const files = await predictionLogFiles(folder)
      if (files.length > 0)
        await engine.query(`SELECT sum(feature_distance) FROM read_parquet(?)`, [files[files.length - 1]])
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    await log.close()
    expect(await predictionLogFiles(folder)).toHaveLength(20)
  })
  it("refuses a folder it cannot make", async () => {
    await writeFile(join(root, "a-file"), "")
    await expect(openPredictionLog(join(root, "a-file", "log"))).rejects.toMatchObject({
      code: "FILE_MISSING",
    })
  })
})
