import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { checksum } from "@roadmap/warehouse/checksum"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ingest } from "../src/ingest.ts"
import { asOf, dataFile, flightsAlone } from "./flights-contract.ts"
import { configFor, temporaryWarehouse } from "./warehouse.ts"

const columns = "date, delay, distance, origin, destination, _source_file, _row_number"
const fingerprint = async (engine: SqlEngine) => ({
  bronze: await checksum(engine, `SELECT ${columns}, _content_hash FROM bronze.flights`),
  silver: await checksum(engine, `SELECT ${columns} FROM silver.flights`),
  quarantine: await checksum(engine, `SELECT _reason, ${columns} FROM quarantine.flights`),
})
const inWarehouse = async <T>(home: string, work: (engine: SqlEngine) => Promise<T>): Promise<T> => {
  await using engine = await openWarehouse(configFor(home))
  return await work(engine)
}

/** Runs the load in a process of its own and kills it some milliseconds after it enters a phase. */
const loadAndKill = async (home: string, source: string, phase: string, milliseconds: number) => {
  const script = join(import.meta.dirname, "processes", "load-flights.ts")
  const child = spawn(process.execPath, [script, home, source], { stdio: ["ignore", "pipe", "inherit"] })
  const ended = once(child, "exit")
  for await (const line of createInterface(child.stdout)) if (line === phase) break
  await new Promise(resolve => setTimeout(resolve, milliseconds))
  child.kill("SIGKILL")
  await ended
}

describe("a load that is killed", { timeout: 120_000 }, () => {
  let sources: Awaited<ReturnType<typeof temporaryWarehouse>>
  let old: string
  let current: string
  let expected: { old: Fingerprint; current: Fingerprint }
  type Fingerprint = Awaited<ReturnType<typeof fingerprint>>

  beforeAll(async () => {
    sources = await temporaryWarehouse()
    const sample = (rest: number) =>
      `SELECT * EXCLUDE (file_row_number) FROM read_parquet('${dataFile("flights-3m.parquet")}', file_row_number = true) WHERE file_row_number % 40 = ${rest} OR delay < -120`
    old = await sources.writeParquet("old.parquet", sample(3))
    current = await sources.writeParquet("current.parquet", sample(7))
    const load = async (source: string) => {
      await using clean = await temporaryWarehouse()
      await ingest({ engine: clean.engine, source, contract: flightsAlone, now: asOf })
      return await fingerprint(clean.engine)
    }
    expected = { old: await load(old), current: await load(current) }
    expect(expected.current.quarantine.rows).toBeGreaterThan(0)
  }, 120_000)
  afterAll(() => sources[Symbol.asyncDispose]())

  it.each([
    ["load", 0],
    ["bronze", 0],
    ["bronze", 30],
    ["check", 0],
    ["silver", 0],
    ["silver", 15],
  ] as const)(
    "in phase %s after %d ms leaves whole tables, and the next run ends like an undisturbed one",
    async (phase, milliseconds) => {
      await using warehouse = await temporaryWarehouse()
      const { home } = warehouse
      await ingest({ engine: warehouse.engine, source: old, contract: flightsAlone, now: asOf })
      await warehouse.engine.close()

      await loadAndKill(home, current, phase, milliseconds)

      const silver = await inWarehouse(home, async engine =>
        checksum(engine, `SELECT ${columns} FROM silver.flights`),
      )
      expect([expected.old.silver, expected.current.silver]).toContainEqual(silver)
      await inWarehouse(home, async engine => {
        await ingest({ engine, source: current, contract: flightsAlone, now: asOf })
        expect(await fingerprint(engine)).toEqual(expected.current)
        const left = await engine.query(
          "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%arriving%'",
        )
        expect(left.rows).toBe(0)
        const again = await ingest({ engine, source: current, contract: flightsAlone, now: asOf })
        expect(again.status).toBe("unchanged")
      })
    },
  )
})
