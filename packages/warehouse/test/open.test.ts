import { execFile, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { unprivileged } from "@roadmap/core/testing/unprivileged"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { duckdbError } from "../src/adapters/duckdb/errors.ts"
import { openWarehouse } from "../src/open.ts"
import { rowsOf } from "../src/rows.ts"

let folder: string
let home: string
const config = (): Config => ({ home, logLevel: "silent", ci: true, color: false })
const database = () => join(home, "warehouse.duckdb")
const processFile = (name: string) => join(import.meta.dirname, "processes", name)
const readElsewhere = async (statement: string, as = plainly) => {
  const [program, args] = as(process.execPath, [processFile("read.ts"), home, statement])
  return (await promisify(execFile)(program, args)).stdout.trim()
}
const plainly = (program: string, args: readonly string[]): [string, string[]] => [program, [...args]]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "warehouse-"))
  home = folder
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const failure = async (work: Promise<unknown>): Promise<RoadmapError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(RoadmapError)
  return error as RoadmapError
}

describe("opening", () => {
  it("makes the home folder and the database in it", async () => {
    home = join(home, "deep", "er")
    await using engine = await openWarehouse(config())
    await engine.query("CREATE TABLE t AS SELECT 1 AS a")
    expect(await readdir(home)).toContain("warehouse.duckdb")
  })

  it("shares the database between two openers in one process", async () => {
    const first = await openWarehouse(config())
    const second = await openWarehouse(config())
    await first.query("CREATE TABLE t AS SELECT 1 AS a")
    await first.close()
    expect(rowsOf(await second.query("SELECT a FROM t"))).toEqual([{ a: 1 }])
    await second.close()
  })

  it("takes timestamps for UTC, whatever the machine's zone", async () => {
    await using engine = await openWarehouse(config())
    const [row] = rowsOf(
      await engine.query(
        "SELECT current_setting('TimeZone') AS zone, CAST('2001-06-30 12:00' AS TIMESTAMPTZ) AS noon",
      ),
    )
    expect(row).toEqual({ zone: "UTC", noon: new Date("2001-06-30T12:00:00Z") })
  })

  it("takes the Databricks warehouse of a configuration, and asks it only when there is something to ask", async () => {
    const databricks = { host: "https://localhost:1", token: "t", httpPath: "/sql/1.0/warehouses/1" }
    await using engine = await openWarehouse({ ...config(), databricks })
    expect(engine.dialect).toBe("spark")
    expect((await failure(engine.query("SELECT 1 AS a", [], { signal: AbortSignal.abort() }))).code).toBe(
      "INTERRUPTED",
    )
    expect(await readdir(home)).toEqual([])
    const open = { ...databricks, host: "http://localhost:1" }
    expect((await failure(openWarehouse({ ...config(), databricks: open }))).code).toBe("CONFIG_INVALID")
  })

  it("names the process that has the database open", async () => {
    const holder = spawn(process.execPath, [processFile("hold.ts"), home], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    try {
      await once(holder.stdout, "data")
      const error = await failure(openWarehouse(config()))
      expect(error.code).toBe("STATE_LOCKED")
      expect(error.retryable).toBe(true)
      expect(error.message).toContain(String(holder.pid))
      expect(error.message).toContain(database())
    } finally {
      holder.kill("SIGKILL")
      await once(holder, "exit")
    }
    await using engine = await openWarehouse(config())
    expect(rowsOf(await engine.query("SELECT a FROM held"))).toEqual([{ a: 1 }])
  })

  it("says what to do about a file that is no database", async () => {
    await writeFile(database(), "no database, but long enough to look at ".repeat(500))
    const error = await failure(openWarehouse(config()))
    expect(error.code).toBe("STATE_CORRUPT")
    expect(error.hint).toContain("roadmap clean")
  })

  it("notices a database that was cut off", async () => {
    const engine = await openWarehouse(config())
    await engine.query(
      "CREATE TABLE t AS SELECT range AS n, repeat('x', 100) || range AS text FROM range(200000)",
    )
    await engine.close()
    await truncate(database(), 300_000)
    const error = await failure(
      (async () => {
        await using again = await openWarehouse(config())
        await again.query("SELECT sum(n), max(text) FROM t")
      })(),
    )
    expect(error.code).toBe("STATE_CORRUPT")
  })

  it("refuses a home that is a file", async () => {
    home = join(home, "file")
    await writeFile(home, "")
    await expect(openWarehouse(config())).rejects.toMatchObject({ code: "ALREADY_EXISTS" })
  })

  it("refuses a folder without write permission", async () => {
    await chmod(home, 0o500)
    expect(await readElsewhere("SELECT 1", unprivileged)).toBe("PERMISSION")
    await chmod(home, 0o700)
  })
})

describe("closing", () => {
  it("lets another process in, also after a stream that was left early", async () => {
    const engine = await openWarehouse(config())
    await engine.query("CREATE TABLE t AS SELECT range AS n FROM range(500000)")
    for await (const batch of engine.stream("SELECT n FROM t")) {
      expect(batch.rows).toBeGreaterThan(0)
      break
    }
    await engine.close()
    expect(await readElsewhere("SELECT count(*) AS n FROM t")).toBe('[{"n":500000}]')
  })

  it("ends a stream whose reader is at work, and refuses later calls", async () => {
    const engine = await openWarehouse(config())
    const error = await failure(
      (async () => {
        for await (const batch of engine.stream("SELECT range AS n FROM range(500000)")) {
          expect(batch.rows).toBeGreaterThan(0)
          await engine.close()
        }
      })(),
    )
    expect(error.code).toBe("INTERRUPTED")
    await engine.close()
    expect((await failure(engine.query("SELECT 1 AS a"))).message).toContain("closed")
  })

  it("interrupts what still runs", async () => {
    const engine = await openWarehouse(config())
    const endless = engine.query(
      "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3",
    )
    const failed = failure(endless)
    await new Promise(resolve => setTimeout(resolve, 50))
    await engine.close()
    expect((await failed).code).toBe("INTERRUPTED")
  })
})

describe("limits", () => {
  it("sorts more than its memory by way of the home folder", async () => {
    await using engine = await openWarehouse(config(), { memoryLimit: "60MB", threads: 1 })
    await engine.query(
      "CREATE TABLE t AS SELECT range AS n, md5(CAST(range AS VARCHAR)) AS text FROM range(600000)",
    )
    await engine.query("CREATE TABLE s AS SELECT * FROM t ORDER BY text")
    expect(rowsOf(await engine.query("SELECT count(*) AS n FROM s"))).toEqual([{ n: 600_000 }])
  })

  it.skipIf(!canMount())("reports a full disk and keeps the old table (needs Linux and `unshare`)", () => {
    // The mount lives in a namespace of its own: it ends with the shell.
    const script = `mount -t tmpfs -o size=12m tmpfs "$1" && "$2" "$3" "$1" && "$2" "$4" "$1" "SELECT n FROM t"`
    const files = [processFile("fill.ts"), processFile("read.ts")]
    const printed = inMountNamespace("sh", "-c", script, "sh", home, process.execPath, ...files)
    expect(printed.trim().split("\n")).toEqual(["DISK_FULL", '[{"n":1}]'])
  })
})

const inMountNamespace = (...command: string[]): string =>
  execFileSync("unshare", ["--map-root-user", "--mount", ...command], { encoding: "utf8", stdio: "pipe" })

function canMount(): boolean {
  try {
    inMountNamespace("true")
    return true
  } catch {
    return false
  }
}

describe("messages of DuckDB", () => {
  it.each([
    ['IO Error: Cannot open file "/x": Permission denied', "PERMISSION"],
    ['IO Error: Could not write file "/x": No space left on device', "DISK_FULL"],
    [
      'IO Error: Could not set lock on file "/x": Conflicting lock is held in /usr/bin/node (PID 42).',
      "STATE_LOCKED",
    ],
    ["INTERRUPT Error: Interrupted!", "INTERRUPTED"],
    ["Out of Range Error: Overflow in multiplication of INT128", "SQL_FAILED"],
  ])("%s is %s", (message, code) => {
    expect(duckdbError(new Error(message), { databasePath: "/x" }).code).toBe(code)
  })
})
