import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { loadConfig } from "@roadmap/core/config"
import { startChild } from "@roadmap/tracking/testing/child"
import { afterAll, describe, expect, it } from "vitest"
import { sqliteOnlineStore } from "../src/online/adapters/sqlite.ts"
import { openOnlineStore } from "../src/online/open.ts"
import { describeOnlineStore } from "../testing/online-contract.ts"
import { rowsFrom } from "../testing/online-rows.ts"
import { airportView, at, refused } from "../testing/online-samples.ts"

const home = mkdtempSync(join(tmpdir(), "online-"))
afterAll(() => rmSync(home, { recursive: true }))

describeOnlineStore("SQLite", () => openOnlineStore({ home }))

describe("an online store's file", () => {
  const fileOf = (name: string) => join(home, `${name}.sqlite`)
  const opened = (name: string) => async () => sqliteOnlineStore({ file: fileOf(name) }).close()

  it("that is no database, or another program's, is told from damage", async () => {
    writeFileSync(fileOf("text"), "x".repeat(5_000))
    await refused("STATE_CORRUPT", opened("text")())
    const other = new DatabaseSync(fileOf("other"))
    other.exec("pragma application_id = 7; create table t (x)")
    other.close()
    await refused("STATE_CORRUPT", opened("other")(), /not a/)
  })
  it("of a newer version stays untouched", async () => {
    await opened("newer")()
    const newer = new DatabaseSync(fileOf("newer"))
    newer.exec("pragma user_version = 99")
    newer.close()
    await refused("STATE_VERSION", opened("newer")())
  })
  it("that another process keeps locked is STATE_LOCKED to a writer, and open to a reader", async () => {
    await using store = sqliteOnlineStore({ file: fileOf("locked"), busyTimeoutMs: 20 })
    const view = airportView()
    await store.define(view)
    const rows = rowsFrom(view, [{ values: { airport: "ORD", mean_delay: 1 }, eventTime: at(1) }])
    await store.write(view.name, rows)
    const other = new DatabaseSync(fileOf("locked"))
    other.exec("begin immediate")
    await refused("STATE_LOCKED", store.write(view.name, rows))
    expect((await store.read(view.name, [["ORD"]]))[0].status).toBe("present")
    other.exec("rollback")
    other.close()
    await store.write(view.name, rows)
  })
  it("with a row cut short says so instead of serving it", async () => {
    await using store = sqliteOnlineStore({ file: fileOf("cut") })
    const view = airportView()
    await store.define(view)
    const rows = rowsFrom(view, [{ values: { airport: "ORD", weather: "snow" }, eventTime: at(1) }])
    for (const damage of [
      "substr(value, 1, length(value) - 1)",
      "substr(value, 1, 5)",
      "cast(value || x'00' as blob)",
    ]) {
      await store.write(view.name, rows)
      const other = new DatabaseSync(fileOf("cut"))
      other.exec(`update rows_1 set value = ${damage}`)
      other.close()
      await refused("STATE_CORRUPT", store.read(view.name, [["ORD"]]), /is damaged/)
    }
  })
  it("is written by one process while another reads whole rows", async () => {
    const folder = join(home, "shared")
    mkdirSync(folder)
    await using store = await openOnlineStore({ home: folder })
    const child = startChild(new URL("./children/write-rows.ts", import.meta.url), [folder, "40"])
    const name = await child.line()
    const keys = Array.from({ length: 50 }, (_, i) => [`A${i}`])
    let last = 0
    const finished = child.ended.then(() => true)
    while (!(await Promise.race([finished, new Promise<false>(resolve => setTimeout(resolve, 1, false))]))) {
      const rows = await store.read(name, keys)
      const seen = new Set(rows.map(row => row.values.mean_delay))
      expect(seen.size).toBe(1)
      const [round] = seen as Set<number>
      expect(round).toBeGreaterThanOrEqual(last)
      last = round
    }
    expect(await child.ended).toEqual({ code: 0, signal: null, errors: "" })
    expect((await store.read(name, [["A49"]]))[0].values.mean_delay).toBe(40)
  })
})

describe("the configuration", () => {
  it("names DATABASE_URL when it is no PostgreSQL URL, and never its password", () => {
    for (const url of ["mysql://me:secret@host/db", "secret", "http://me:secret@host"])
      expect(() => loadConfig({ DATABASE_URL: url })).toThrow(
        expect.objectContaining({
          code: "CONFIG_INVALID",
          message: expect.not.stringContaining("secret"),
        }),
      )
    const url = "postgresql://me:secret@host:5432/db?sslmode=verify-full"
    expect(loadConfig({ DATABASE_URL: url }).database).toEqual({ url })
    expect(loadConfig({}).database).toBeUndefined()
  })
})
