import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { createFeatures } from "@roadmap/ml/features"
import { predict, predictProba } from "@roadmap/ml/model"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type BatchOptions, type BatchProgress, scoreBatch } from "../../src/batch/score.ts"
import { airports, flightsSql, openBatchHome, scoresIn } from "../../testing/batch-home.ts"

let home: Awaited<ReturnType<typeof openBatchHome>>
beforeAll(async () => {
  home = await openBatchHome()
})
afterAll(() => home?.[Symbol.asyncDispose]())

let out: string
let count = 0
beforeEach(() => {
  out = join(home.home, "scores", String(count++))
})

const options = (more: Partial<BatchOptions> = {}): BatchOptions => ({
  model: "late@champion",
  source: { table: "gold.flights" },
  out,
  partitionRows: 700,
  workers: 1,
  ...more,
})

describe("a batch of scores", () => {
  test("holds every row once with what the model predicts, and a manifest that tells of each file", async () => {
    await home.makeTable(5_000)
    const seen: BatchProgress[] = []
    const report = await scoreBatch(home.config, options({ workers: 2 }), {
      onProgress: progress => seen.push(progress),
    })
    expect(report).toMatchObject({ rows: 5_000, scored: 5_000, rejected: 0, partitions: 8, resumed: 0 })

    const found = await home.query<{ flight: number; prediction: number; probability: number }>(
      `SELECT flight, prediction, probability FROM ${scoresIn(out)} ORDER BY flight`,
    )
    const flights = Array.from({ length: 5_000 }, (_, i) => i)
    const features = createFeatures([
      {
        name: "origin",
        kind: "categorical",
        codes: Int32Array.from(flights, i => (i * 7 + 1) % 6),
        categories: [...airports, "XXX"],
      },
      { name: "distance", kind: "numeric", values: Float64Array.from(flights, i => (i * 31) % 2500) },
      { name: "hour", kind: "numeric", values: Float64Array.from(flights, i => i % 24) },
    ])
    expect(found.map(({ flight }) => flight)).toEqual(flights)
    expect(Float64Array.from(found, row => row.prediction)).toEqual(predict(home.late, features))
    expect(Float64Array.from(found, row => row.probability)).toEqual(predictProba(home.late, features))

    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"))
    expect(manifest).toEqual(report.manifest)
    expect(manifest.partitions.map((done: { rows: number }) => done.rows)).toEqual([
      ...Array(7).fill(700),
      100,
    ])
    expect(manifest.partitions[0]).toMatchObject({ file: "part-00000.parquet", modelVersion: 1 })
    expect(readdirSync(out).sort()).toEqual(
      ["manifest.json", ...manifest.partitions.map((done: { file: string }) => done.file)].sort(),
    )
    expect(seen.at(-1)).toMatchObject({ rows: 5_000, done: 5_000, rejected: 0, secondsLeft: 0 })
  })

  test("of a statement goes to a table of the warehouse too, replaced whole", async () => {
    for (const rows of [300, 200]) {
      await scoreBatch(
        home.config,
        options({ source: { sql: flightsSql(rows) }, table: "gold.scores", out: `${out}-${rows}` }),
      )
      await using engine = await openWarehouse(home.config)
      const [{ n, distinct }] = rowsOf<{ n: number; distinct: number }>(
        await engine.query("SELECT count(*) AS n, count(DISTINCT flight) AS distinct FROM gold.scores"),
      )
      expect([n, distinct]).toEqual([rows, rows])
    }
  })

  test("of Parquet files reads them where they are", async () => {
    const files = [
      await home.writeParquet("a.parquet", flightsSql(1_000)),
      await home.writeParquet(
        "b.parquet",
        `SELECT flight + 1000 AS flight, * EXCLUDE flight FROM (${flightsSql(500)})`,
      ),
    ]
    const report = await scoreBatch(
      home.config,
      options({ source: { files, format: "parquet" }, keep: ["flight"] }),
    )
    expect(report).toMatchObject({ rows: 1_500, scored: 1_500, partitions: 3 })
    const [row] = await home.query(`SELECT count(DISTINCT flight) AS n FROM ${scoresIn(out)}`)
    expect(row).toEqual({ n: 1_500 })
  })

  test("puts its own column in the place of one of that name which is not kept", async () => {
    const sql = `SELECT *, 'yes' AS prediction FROM (${flightsSql(50)})`
    await scoreBatch(home.config, options({ source: { sql }, keep: ["flight"] }))
    const [row] = await home.query(
      `SELECT count(*) AS n, max(typeof(prediction)) AS type FROM ${scoresIn(out)}`,
    )
    expect(row).toEqual({ n: 50, type: "DOUBLE" })
  })

  test("of no rows is a file with the columns", async () => {
    const report = await scoreBatch(home.config, options({ source: { sql: flightsSql(0) } }))
    expect(report).toMatchObject({ rows: 0, scored: 0, partitions: 1 })
    expect(await home.query(`SELECT column_name FROM (DESCRIBE SELECT * FROM ${scoresIn(out)})`)).toEqual(
      ["flight", "prediction", "probability"].map(column_name => ({ column_name })),
    )
  })

  test("rejects rows that cannot be scored, whole and with the reason, and scores the others", async () => {
    const source = {
      sql: `SELECT range AS flight, distance, CASE WHEN range = 3 THEN NULL WHEN range = 4 THEN 99999999999 ELSE 7 END AS hour
            FROM (SELECT range, CASE WHEN range IN (6, 7) THEN 'Infinity'::DOUBLE WHEN range = 8 THEN NULL ELSE range END AS distance FROM range(20))`,
    }
    const report = await scoreBatch(home.config, options({ model: "delay", source, partitionRows: 10 }))
    expect(report).toMatchObject({ rows: 20, scored: 16, rejected: 4 })
    const rejects = await home.query(
      `SELECT flight, distance, hour, reject_reason FROM read_parquet('${out}/rejects/*.parquet') ORDER BY flight`,
    )
    expect(rejects).toEqual([
      { flight: 3, distance: 3, hour: null, reject_reason: "hour is missing" },
      { flight: 4, distance: 4, hour: 99_999_999_999, reject_reason: "hour is beyond a 32-bit integer" },
      ...[6, 7].map(flight => ({
        flight,
        distance: Number.POSITIVE_INFINITY,
        hour: 7,
        reject_reason: 'Feature "distance" holds Infinity.',
      })),
    ])
    const scored = await home.query<{ flight: number; minutes: number }>(
      `SELECT flight, minutes FROM ${scoresIn(out)} ORDER BY flight`,
    )
    expect(scored.map(({ flight }) => flight)).toEqual([
      0,
      1,
      2,
      5,
      8,
      ...Array.from({ length: 11 }, (_, i) => i + 9),
    ])
    const [expected] = predict(
      home.delay,
      createFeatures([
        { name: "distance", kind: "numeric", values: Float64Array.of(5) },
        { name: "hour", kind: "numeric", values: Float64Array.of(7) },
      ]),
    )
    expect(scored[3].minutes).toBe(expected)
    expect(report.reasons).toContainEqual({ reason: "hour is missing", rows: 1 })
  })

  test("of a CSV file reads its texts as numbers and coerces none", async () => {
    const file = join(home.home, "flights.csv")
    const lines = [
      "flight,distance,hour",
      "1,100.5,7",
      "2,1e2,+8",
      "3,,9",
      "4,far,9",
      "5,100,7.5",
      "6, 100,7",
      "7,nan,7",
    ]
    writeFileSync(file, `${lines.join("\n")}\n`)
    const report = await scoreBatch(
      home.config,
      options({ model: "delay", source: { files: [file], format: "csv" } }),
    )
    const scored = await home.query<{ flight: string }>(`SELECT flight FROM ${scoresIn(out)} ORDER BY flight`)
    expect(scored.map(({ flight }) => flight)).toEqual(["1", "2", "3"])
    expect(report.reasons).toEqual([
      { reason: "distance is no number", rows: 3 },
      { reason: "hour is no 32-bit integer", rows: 1 },
    ])
  })
})

describe("a batch is refused", () => {
  const refused = async (more: Partial<BatchOptions>) => {
    const error = await scoreBatch(home.config, options(more)).catch(reason => reason)
    expect(isRoadmapError(error)).toBe(true)
    expect(existsSync(`${out}.partial`)).toBe(false)
    return `${error.code}: ${error.message}`
  }

  test("when the folder holds something else", async () => {
    mkdirSync(out, { recursive: true })
    writeFileSync(join(out, "notes.txt"), "mine")
    expect(await refused({})).toMatch(/ALREADY_EXISTS/)
  })

  test.each<[string, Partial<BatchOptions>, RegExp]>([
    ["an unknown model", { model: "nobody" }, /NOT_FOUND/],
    ["an unknown table", { source: { table: "gold.nothing" } }, /TABLE_MISSING/],
    ["a missing file", { source: { files: ["/nowhere.parquet"], format: "parquet" } }, /FILE_MISSING/],
    [
      "a column that is not there",
      { source: { sql: "SELECT 'ATL' AS origin, 1.5::DOUBLE AS distanse, 1 AS hour" } },
      /SCHEMA_MISMATCH: .*no column "distance" \(but "distanse"\)/,
    ],
    [
      "a text where the model takes a number",
      { source: { sql: "SELECT 'ATL' AS origin, '1.5' AS distance, 1 AS hour" } },
      /SCHEMA_MISMATCH: .*"distance" is string, and the model takes double/,
    ],
    [
      "a number with decimals where the model takes an integer",
      { model: "delay", source: { sql: "SELECT 1.5::DOUBLE AS distance, 1.5::DOUBLE AS hour" } },
      /SCHEMA_MISMATCH: .*"hour" is float64/,
    ],
    [
      "a column with the name of an output",
      { source: { sql: `SELECT *, 1 AS Prediction FROM (${flightsSql(5)})` } },
      /INVALID_INPUT: .*"Prediction"/,
    ],
    ["a kept column that is not there", { source: { sql: flightsSql(5) }, keep: ["flihgt"] }, /UNKNOWN_NAME/],
    ["partitions of nothing", { source: { sql: flightsSql(5) }, partitionRows: 0 }, /INVALID_INPUT/],
  ])("for %s", async (_, more, message) => {
    expect(await refused(more)).toMatch(message)
  })
})
