import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { flightsFile } from "../src/ingest.ts"
import { type Finished, newHome, roadmap, testSample } from "./cli.ts"

let home: string
beforeEach(() => {
  home = newHome()
})
afterEach(() => {
  chmodSync(home, 0o700)
  rmSync(home, { recursive: true, force: true })
})

const run = (...args: string[]) => roadmap(home, ["run", "feb", ...args])

/** The refusal's own words; nothing of Node's. */
const refused = (finished: Finished, code: string, exitCode = 1): string => {
  expect(finished.stderr).toContain(`✖ ${code}: `)
  expect(finished.stderr).not.toMatch(/ at .*\.ts:\d+/)
  expect(finished.code).toBe(exitCode)
  return finished.stderr
}

const csv = (name: string, header: string, ...rows: string[]): string => {
  const path = join(home, name)
  writeFileSync(path, `${[header, ...rows].join("\n")}\n`)
  return path
}

const header = "date,delay,distance,origin,destination"
const goodRow = (i: number) =>
  `2001-01-0${1 + (i % 9)} 10:${String(i % 60).padStart(2, "0")}:00,${i % 30},500,ATL,ORD`

describe("a source that cannot be used", () => {
  test("a missing file", async () => {
    expect(refused(await run("--source", join(home, "none.parquet")), "FILE_MISSING")).toContain(
      "none.parquet",
    )
  })

  test("a truncated Parquet file", async () => {
    const path = join(home, "cut.parquet")
    copyFileSync(flightsFile(), path)
    truncateSync(path, 1_000_000)
    expect(refused(await run("--source", path), "FILE_CORRUPT")).toContain("cut.parquet")
  })

  test("an empty file, and one with a header only", async () => {
    writeFileSync(join(home, "empty.parquet"), "")
    refused(await run("--source", join(home, "empty.parquet")), "FILE_EMPTY")
    refused(await run("--source", csv("header.csv", header)), "FILE_EMPTY")
  })

  test("a renamed column is named, with its likely new name", async () => {
    const path = csv("renamed.csv", header.replace("delay", "delays"), goodRow(1))
    expect(refused(await run("--source", path), "SCHEMA_MISMATCH")).toMatch(/delay.*delays/s)
  })

  test("minutes that became seconds break the contract, and silver is not published", async () => {
    const rows = Array.from({ length: 200 }, (_, i) =>
      goodRow(i).replace(/,(\d+),500/, (_m, d) => `,${Number(d) * 60 + 60},500`),
    )
    const text = refused(await run("--source", csv("seconds.csv", header, ...rows)), "DATA_CONTRACT")
    expect(text).toMatch(/median/)
    await using engine = await openWarehouse(loadConfig({ ROADMAP_HOME: home }))
    await expect(engine.query("SELECT * FROM silver.flights")).rejects.toMatchObject({
      code: "TABLE_MISSING",
    })
  })

  test("a text in a number column is quarantined with its reason, counted and queryable", async () => {
    const rows = Array.from({ length: 100 }, (_, i) => goodRow(i))
    rows[7] = rows[7].replace(/,\d+,500/, ",soon,500")
    refused(await run("--source", csv("text.csv", header, ...rows)), "DATA_CONTRACT")
    await using engine = await openWarehouse(loadConfig({ ROADMAP_HOME: home }))
    const found = rowsOf(await engine.query("SELECT _reason, delay FROM quarantine.flights"))
    expect(found).toEqual([{ _reason: "delay_type", delay: "soon" }])
  })
})

describe("a place that cannot be used", () => {
  test("a folder without write permission", async () => {
    chmodSync(home, 0o555)
    refused(await roadmap(home, ["run", "feb", "--sample", testSample], { unprivileged: true }), "PERMISSION")
    chmodSync(home, 0o700)
    expect(readdirSync(home)).toEqual([])
  })

  test("a corrupt warehouse", async () => {
    writeFileSync(join(home, "warehouse.duckdb"), "no database ".repeat(1_000))
    expect(refused(await run("--sample", testSample), "STATE_CORRUPT")).toContain("warehouse.duckdb")
  })

  test("a corrupt tracking file", async () => {
    mkdirSync(join(home, "state"))
    writeFileSync(join(home, "state", "tracking.sqlite"), "no database ".repeat(1_000))
    expect(refused(await roadmap(home, ["runs"]), "STATE_CORRUPT")).toContain("tracking.sqlite")
  })

  test("a second process in the same home folder", async () => {
    const first = run("--sample", testSample)
    await expect.poll(() => existsSync(join(home, "run.owner")), { timeout: 20_000 }).toBe(true)
    expect(refused(await run("--sample", testSample), "STATE_LOCKED")).toMatch(/pid \d+/)
    expect((await first).code).toBe(0)
  }, 120_000)
})

describe("words that mean nothing", () => {
  test("an unknown month suggests the nearest", async () => {
    expect(refused(await roadmap(home, ["run", "fbe"]), "UNKNOWN_NAME", 2)).toContain('"feb"')
  })

  test("an unknown command suggests the nearest", async () => {
    expect(refused(await roadmap(home, ["rnu", "feb"]), "USAGE", 2)).toContain("run")
  })

  test("a sample that is no number", async () => {
    refused(await run("--sample", "few"), "USAGE", 2)
  })

  test("a sample that leaves too few rows, or of a file that has no row numbers", async () => {
    expect(refused(await run("--sample", "5000000"), "USAGE", 2)).toContain("--sample 2000 or less")
    const path = csv("rows.csv", header, goodRow(1))
    expect(refused(await run("--sample", "2", "--source", path), "USAGE", 2)).toContain("rows.csv")
  })

  test("with --json the error is the document", async () => {
    const finished = await roadmap(home, ["run", "fbe", "--json"])
    expect(JSON.parse(finished.stdout)).toMatchObject({ error: { code: "UNKNOWN_NAME" } })
    expect(finished.code).toBe(2)
  })

  test("wrong environment variables are all named", async () => {
    const finished = await roadmap(home, ["list"], {
      env: { LOG_LEVEL: "loud", MLFLOW_TRACKING_URI: "nowhere" },
    })
    expect(refused(finished, "CONFIG_INVALID", 2)).toMatch(/LOG_LEVEL[\s\S]*MLFLOW_TRACKING_URI/)
  })
})

describe("an interrupted run", () => {
  test("stops with 130, and the next run ends it", async () => {
    const stopped = await roadmap(home, ["run", "feb", "--sample", testSample, "--json"], {
      onStart: child => {
        let asked = false
        child.stderr?.on("data", text => {
          if (!asked && String(text).includes("train:")) asked = child.kill("SIGINT")
        })
      },
    })
    expect(stopped.code).toBe(130)
    expect(JSON.parse(stopped.stdout).labs[0].status).toBe("interrupted")
    const next = await roadmap(home, ["run", "feb", "--sample", testSample, "--json"])
    expect(next.code).toBe(0)
    expect(JSON.parse(next.stdout).labs[0].steps[0].status).toBe("skipped")
  }, 120_000)
})
