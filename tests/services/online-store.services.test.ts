import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { ErrorCode } from "../../packages/core/src/errors.ts"
import { materialize } from "../../packages/feature-store/src/materialize/materialize.ts"
import { postgresOnlineStore } from "../../packages/feature-store/src/online/adapters/postgres.ts"
import { sqliteOnlineStore } from "../../packages/feature-store/src/online/adapters/sqlite.ts"
import { openOnlineStore } from "../../packages/feature-store/src/online/open.ts"
import type { OnlineStore } from "../../packages/feature-store/src/online/port.ts"
import { describeOnlineStore } from "../../packages/feature-store/testing/online-contract.ts"
import {
  airportDelays,
  dateOf,
  loadLandings,
  manyLandings,
  minute,
} from "../../packages/feature-store/testing/online-flights.ts"
import { compareOnlineWithOracle } from "../../packages/feature-store/testing/online-parity.ts"
import { rowsFrom } from "../../packages/feature-store/testing/online-rows.ts"
import { airportView, at, refused } from "../../packages/feature-store/testing/online-samples.ts"
import { startService, stopService } from "../../packages/services/src/service.ts"
import { openWarehouse } from "../../packages/warehouse/src/open.ts"
import type { SqlEngine } from "../../packages/warehouse/src/port.ts"
import { replayFlights } from "./online-store/replay.ts"

const home = mkdtempSync(join(tmpdir(), "roadmap-online-"))
let url: string
let server: { pids: readonly number[]; ports: Readonly<Record<string, number>> }
let engine: SqlEngine

const start = async (port?: number) => {
  const service = await startService("postgres", {
    home,
    onProgress: line => console.error(line),
    ...(port !== undefined && { port }),
  })
  server = service
  url = service.variables.DATABASE_URL
}
beforeAll(async () => {
  await start()
  engine = await openWarehouse({ home, logLevel: "silent", ci: true, color: false })
})
afterAll(async () => {
  await engine?.close()
  await stopService("postgres", { home })
  rmSync(home, { recursive: true, force: true })
})

describeOnlineStore("PostgreSQL", () => openOnlineStore({ home, database: { url } }))

describe("an online store in PostgreSQL", () => {
  test("reads what the definitions say, at any moment up to the horizon", async () => {
    await using store = postgresOnlineStore({ url, schema: "parity" })
    const compared = await compareOnlineWithOracle(engine, store, { definitions: 10, casesEach: 10, seed: 7 })
    expect(compared).toBeGreaterThan(10_000)
  })

  const changed = (change: (address: URL) => void): string => {
    const address = new URL(url)
    change(address)
    return address.href
  }
  const wrong: readonly (readonly [
    ErrorCode,
    string,
    Partial<Record<"password" | "pathname" | "port" | "search", string>>,
  ])[] = [
    ["AUTH_FAILED", "a wrong password", { password: "wrong" }],
    ["CONFIG_INVALID", "a database that is not there", { pathname: "/nowhere" }],
    ["CONFIG_INVALID", "TLS where the server has none", { search: "?sslmode=verify-full" }],
    ["UNREACHABLE", "a port where nobody listens", { port: "9" }],
  ]
  test.each(wrong)("says %s for %s, and never the password", async (code, _, change) => {
    await using store = postgresOnlineStore({ url: changed(address => Object.assign(address, change)) })
    const error = await store.views().catch(reason => reason)
    expect(error).toMatchObject({ code })
    expect(`${error.message} ${error.hint}`).not.toContain(new URL(url).password)
  })
  test("asks for the password anew at each connection, as tokens that expire need it", async () => {
    let asked = 0
    const { password } = new URL(url)
    const withoutPassword = changed(address => {
      address.password = ""
    })
    const token = async () => {
      asked++
      return password
    }
    await using store = postgresOnlineStore({ url: withoutPassword, password: token })
    await store.views()
    expect(asked).toBe(1)
  })
  test("ends a statement that takes too long", async () => {
    await using slow = postgresOnlineStore({ url, statementTimeoutMs: 1 })
    const view = airportView()
    await using store = postgresOnlineStore({ url })
    await store.define(view)
    const rows = Array.from({ length: 8_000 }, (_, i) => ({
      values: { airport: `A${i}`, mean_delay: i, weather: "x".repeat(500) },
      eventTime: at(1),
    }))
    await refused("TIMEOUT", slow.write(view.name, rowsFrom(view, rows)))
    expect((await store.read(view.name, [["A1"]]))[0].status).toBe("missing")
  })
})

const killServer = async () => {
  for (const pid of server.pids) process.kill(pid, "SIGKILL")
  const { main } = server.ports
  await stopService("postgres", { home })
  return main
}

describe("PostgreSQL killed", () => {
  const view = airportDelays({ name: "killed_delays" })
  const keys = Array.from({ length: 20_000 }, (_, i) => [`A${i}`])
  const moment = { asOf: BigInt(minute(75)) }

  test("in the middle of a materialisation: a coded error, then it is made again without gap or double", async () => {
    await loadLandings(engine, manyLandings(20_000))
    await using whole = sqliteOnlineStore({ file: join(home, "whole.sqlite") })
    await materialize(engine, whole, view, { to: dateOf(minute(60)) })
    await using store: OnlineStore = postgresOnlineStore({ url })

    let killed: Promise<number> | undefined
    const lost = materialize(engine, store, view, {
      to: dateOf(minute(60)),
      onProgress: () => {
        killed ??= killServer()
      },
    })
    await expect(lost).rejects.toMatchObject({ code: "UNREACHABLE", exitCode: 3, retryable: true })
    await refused("UNREACHABLE", store.read(view.name, [["A1"]]))

    await start(await killed)
    expect((await store.progress(view.name)).materializedTo).toBeUndefined()
    await materialize(engine, store, view, { to: dateOf(minute(60)) })
    expect(await store.read(view.name, keys, moment)).toEqual(await whole.read(view.name, keys, moment))
  })
  test("between two reads: the second one connects again", async () => {
    await using store = postgresOnlineStore({ url })
    await store.read(view.name, [["A1"]], moment)
    await start(await killServer())
    expect((await store.read(view.name, [["A1"]], moment))[0].status).toBe("present")
  })
})

describe("a replay of 10,000 random flights", () => {
  test("reads online, in PostgreSQL and SQLite, exactly the features of a training set", async () => {
    await using postgres = postgresOnlineStore({ url, schema: "replay" })
    await using sqlite = sqliteOnlineStore({ file: join(home, "replay.sqlite") })
    const compared = await replayFlights(engine, [postgres, sqlite], {
      hours: 20,
      flightsEachHour: 500,
      seed: 11,
    })
    expect(compared).toEqual({ flights: 10_000, values: 10_000 * 2 * 12 })
  }, 600_000)
})
