import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { openRegistry } from "@roadmap/model-registry/open"
import { describePage } from "@roadmap/report/testing/describe-page"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Finished, roadmap, signalAt } from "../../../packages/cli/testing/command.ts"
import { scoresTable } from "../src/batch.ts"
import { juneTable } from "../src/gather.ts"

/** One flight in a hundred: 30,000 real flights. All tests share one run, which was killed once under load. */
const sample = "100"
const home = mkdtempSync(join(tmpdir(), "roadmap-apr-"))
const config = loadConfig({ ROADMAP_HOME: home })
const run = (onStart?: Parameters<typeof roadmap>[2]) =>
  roadmap(home, ["run", "apr", "--sample", sample, "--json"], onStart)

let killed: Finished
let first: Finished
beforeAll(async () => {
  // It comes back when nothing holds its standard error any more: neither the command nor the server it had started.
  killed = await run({ onStart: signalAt("[load]", "SIGKILL") })
  first = await run()
}, 300_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))

const april = (finished: Finished) =>
  JSON.parse(finished.stdout).labs.find(({ month }: { month: string }) => month === "2026-04")
const statuses = (finished: Finished): string[] =>
  april(finished).steps.map(({ id, status }: { id: string; status: string }) => `${id} ${status}`)

describe("roadmap run apr", () => {
  test("goes on where it was killed, its server killed with it, and finishes with every step", () => {
    expect(killed.signal).toBe("SIGKILL")
    expect(first.stderr).not.toMatch(/✖/)
    expect(first.code).toBe(0)
    expect(statuses(first)).toEqual([
      "choose skipped",
      "gather skipped",
      "fill skipped",
      "batch skipped",
      "verify skipped",
      "load done",
      "rehearse done",
      "age done",
      "compare done",
      "report done",
    ])
  })

  test("runs nothing again the second time", async () => {
    const second = await run()
    expect(statuses(second).every(status => status.endsWith(" skipped"))).toBe(true)
    expect(april(second).metrics).toEqual(april(first).metrics)
  })

  test("gets the same predictions over REST, by key and in batch as from the model in hand, to the last bit", () => {
    const { metrics } = april(first)
    for (const task of ["delay", "late"])
      for (const way of ["features", "keys", "batch"]) {
        expect(metrics[`${task}/verify-${way}/rows/june`], `${task} ${way}`).toBeGreaterThan(100)
        expect(metrics[`${task}/verify-${way}/different/june`], `${task} ${way}`).toBe(0)
      }
    expect(metrics["verify/prediction-log/missing/all"]).toBe(0)
  })

  test("moves the alias under load without a failed request", () => {
    const { metrics } = april(first)
    expect(metrics["late/reload/moves/all"]).toBe(6)
    expect(metrics["late/reload/requests/all"]).toBeGreaterThan(300)
    expect(metrics["late/reload/failed/all"]).toBe(0)
  })

  test("measures rates, latency and processor time for each kind of request", () => {
    const { metrics } = april(first)
    for (const way of ["features", "keys", "hundred"]) {
      expect(metrics[`late/rest-${way}/requests_per_second/saturation`], way).toBeGreaterThanOrEqual(0)
      expect(metrics[`late/rest-${way}/p99_ms/half-load`], way).toBeGreaterThanOrEqual(
        metrics[`late/rest-${way}/p50_ms/half-load`],
      )
      expect(metrics[`late/rest-${way}/cpu_seconds_per_million/half-load`], way).toBeGreaterThan(0)
    }
    for (const name of ["rmse_lost_in_a_day", "log_loss_lost_in_a_day"])
      expect(metrics[`${name.startsWith("rmse") ? "delay" : "late"}/age/${name}/test`]).toBeTypeOf("number")
  })

  test("finds that features of the day before are worth less", () => {
    const { metrics } = april(first)
    expect(metrics["late/age-24h/roc_auc/test"]).toBeLessThan(metrics["late/age-0h/roc_auc/test"])
  })
})

describe("what the run leaves", () => {
  test("a score for each of June's flights, once", async () => {
    await using engine = await openWarehouse(config)
    for (const task of ["delay", "late"] as const) {
      const [row] = rowsOf<{ flights: number; scores: number; distinct: number }>(
        await engine.query(
          `SELECT (SELECT count(*) FROM ${juneTable}) AS flights, count(*) AS scores, count(DISTINCT flight_id) AS "distinct"
           FROM ${scoresTable(task)}`,
        ),
      )
      expect(row.flights).toBeGreaterThan(1_000)
      expect([row.scores, row.distinct]).toEqual([row.flights, row.flights])
    }
  })

  test("champions where they were: the rehearsal had a registry of its own, which is gone", async () => {
    const registry = await openRegistry(config)
    try {
      const { items } = await registry.listVersions("flight-late")
      expect(items.map(({ version }) => version).sort()).toEqual([1, 2])
    } finally {
      await registry.close()
    }
    expect(readdirSync(join(home, "tmp")).filter(name => name.startsWith("rehearsal-"))).toEqual([])
  })

  test("a page that needs no network", () => {
    const page = readFileSync(join(home, "reports", "2026-04", "index.html"), "utf8")
    for (const heading of [
      "Same rows, same predictions",
      "How fast, and until when?",
      "A second of too much",
      "Another version, and nobody notices",
      "Batch or real time?",
      "What freshness is worth",
    ])
      expect(page).toContain(heading)
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
    expect(page).not.toMatch(/NaN|undefined|\[object/)
  })
})

describePage("the report", join(home, "reports", "2026-04", "index.html"))
