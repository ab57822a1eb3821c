import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type BatchOptions, scoreBatch } from "../../src/batch/score.ts"
import { flightsSql, openBatchHome, scoresIn } from "../../testing/batch-home.ts"
import { runBatchProcess } from "../../testing/batch-kill.ts"

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

describe("a batch that was cut short", () => {
  test("goes on where it was killed: every row once, as if nothing had happened", async () => {
    await home.makeTable(20_000)
    const killed = options({ partitionRows: 1_000, table: "gold.killed", workers: 2 })
    const whole = await scoreBatch(home.config, { ...killed, out: `${out}-whole`, table: undefined })
    let kills = 0
    for (const afterMs of [0, 10, 25]) {
      if ((await runBatchProcess(home.config, killed, { afterMs, from: "first partition" })) === undefined)
        kills++
    }
    expect(kills).toBeGreaterThan(0)
    const report = await runBatchProcess(home.config, killed)
    expect(report).toMatchObject({ rows: 20_000, scored: 20_000, partitions: 20 })
    expect(report!.resumed).toBeGreaterThan(0)
    const content = (from: string) =>
      home.query(
        `SELECT count(*) AS n, count(DISTINCT flight) AS flights, sum(hash(s))::VARCHAR AS content FROM ${from} s`,
      )
    expect(await content(scoresIn(out))).toEqual(await content(scoresIn(whole.out)))
    expect(readdirSync(join(home.home, "scores")).filter(name => name.includes("partial"))).toEqual([])
  }, 120_000)

  test("by Ctrl-C resumes with what was done", async () => {
    await home.makeTable(20_000)
    const stop = new AbortController()
    const running = scoreBatch(home.config, options({ partitionRows: 1_000 }), {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" })
    const report = await scoreBatch(home.config, options({ partitionRows: 1_000 }))
    expect(report.resumed).toBeGreaterThanOrEqual(1)
    expect(report.scored).toBe(20_000)
  })

  test("at its very end is only shown", async () => {
    await home.makeTable(2_000)
    const { manifest } = await scoreBatch(home.config, options())
    const again = await scoreBatch(home.config, options())
    expect(again).toMatchObject({ resumed: 3, partitions: 3 })
    expect(again.manifest).toEqual(manifest)
    await scoreBatch(home.config, options({ table: "gold.later" }))
    await using engine = await openWarehouse(home.config)
    expect(rowsOf(await engine.query("SELECT count(*) AS n FROM gold.later"))).toEqual([{ n: 2_000 }])
  })
})

describe("a batch that goes on is refused", () => {
  const refused = async (more: Partial<BatchOptions>) => {
    const error = await scoreBatch(home.config, options(more)).catch(reason => reason)
    expect(isRoadmapError(error)).toBe(true)
    return `${error.code}: ${error.message}`
  }

  const cutShort = async (more: Partial<BatchOptions> = {}) => {
    const stop = new AbortController()
    await scoreBatch(home.config, options(more), {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    }).catch(() => undefined)
  }

  test("when the alias has moved to another version in between, and says which", async () => {
    await home.makeTable(3_000)
    await cutShort()
    const version = await home.registerLate(5)
    expect(await refused({})).toMatch(
      new RegExp(`IMMUTABLE: .*begun with models:/late/1, and this is models:/late/${version}`),
    )
    expect(await scoreBatch(home.config, options({ model: "late/1" }))).toMatchObject({ scored: 3_000 })
  })

  test("when the table has changed in between, and names it", async () => {
    await home.makeTable(3_000)
    await cutShort()
    await home.makeTable(3_000, 2)
    expect(await refused({})).toMatch(/IMMUTABLE: .*rows of the table gold\.flights have changed/)
    await home.makeTable(3_001)
    expect(await refused({})).toMatch(/3000 rows then, 3001 rows now/)
  })

  test("when a file has changed in between, and names it", async () => {
    const source = {
      files: [await home.writeParquet("changing.parquet", flightsSql(2_000))],
      format: "parquet",
    } as const
    await cutShort({ source })
    await home.writeParquet("changing.parquet", flightsSql(2_000, 4))
    expect(await refused({ source })).toMatch(/IMMUTABLE: .*changing\.parquet has changed/)
  })

  test("when the output is of another form", async () => {
    await home.makeTable(1_000)
    await scoreBatch(home.config, options())
    expect(await refused({ keep: [] })).toMatch(/IMMUTABLE: .*keeps the columns flight/)
    expect(await refused({ partitionRows: 10 })).toMatch(/IMMUTABLE: .*700 rows, and these 10/)
  })

  test("when an output is not what its manifest says", async () => {
    await home.makeTable(1_000)
    await scoreBatch(home.config, options())
    writeFileSync(join(out, "part-00000.parquet"), "")
    expect(await refused({})).toMatch(/FILE_CORRUPT/)
  })

  test("while another process is at it", async () => {
    await home.makeTable(1_000)
    const both = await Promise.allSettled([1, 2].map(() => scoreBatch(home.config, options())))
    expect(both.flatMap(each => (each.status === "rejected" ? [each.reason.code] : []))).toEqual([
      "STATE_LOCKED",
    ])
    expect(both.flatMap(each => (each.status === "fulfilled" ? [each.value.scored] : []))).toEqual([1_000])
  })
})
