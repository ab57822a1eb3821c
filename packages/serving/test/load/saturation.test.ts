import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createLedger } from "../../src/load/ledger.ts"
import { planLoad } from "../../src/load/options.ts"
import { loadPage, saturationPage } from "../../src/load/page.ts"
import { reportOf, runLoad } from "../../src/load/run.ts"
import { findSaturation, judge, type Limit, type Probe, searchSaturation } from "../../src/load/saturation.ts"
import { startKnownServer } from "../../testing/start-known-server.ts"

const probe = (rate: number, limitedBy?: Limit): Probe => ({
  rate,
  ...(limitedBy && { limitedBy }),
  p50: 1,
  p99: limitedBy ? 100 : 2,
  failedShare: 0,
  lateP99: 0.1,
})

/** A server that holds every rate up to its capacity. */
const upTo =
  (capacity: number, limit: Limit = "latency") =>
  async (rate: number) =>
    probe(rate, rate > capacity ? limit : undefined)

describe("the search for saturation", () => {
  test("finds the capacity of a server to the asked precision, from below", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 60, max: 90_000 }), async capacity => {
        const { rate, limitedBy, probes } = await searchSaturation(upTo(capacity), { precision: 1.05 })
        expect(rate).toBeLessThanOrEqual(capacity)
        expect(rate! * 1.06 + 1).toBeGreaterThan(capacity)
        expect(limitedBy).toBe("latency")
        expect(probes.length).toBeLessThan(30)
      }),
      { numRuns: 50 },
    )
  })

  test("says so when the highest allowed rate is held", async () => {
    const found = await searchSaturation(upTo(1e9), { from: 100, to: 1_000 })
    expect([found.rate, found.limitedBy]).toEqual([1_000, "ceiling"])
    expect(found.probes.map(({ rate }) => rate)).toEqual([100, 200, 400, 800, 1_000])
  })

  test("has no rate when the first is not held, and says why", async () => {
    const found = await searchSaturation(upTo(10, "errors"), { from: 100 })
    expect([found.rate, found.limitedBy, found.probes.length]).toEqual([null, "errors", 2])
  })

  test("tries a failed rate once more, because one slow second is no limit", async () => {
    const tried = new Map<number, number>()
    const unlucky = async (rate: number) => {
      tried.set(rate, (tried.get(rate) ?? 0) + 1)
      return probe(rate, tried.get(rate) === 1 || rate > 5_000 ? "latency" : undefined)
    }
    const { rate } = await searchSaturation(unlucky, {})
    expect(rate).toBeGreaterThan(4_700)
  })

  test.each([{ from: 0 }, { from: 100, to: 50 }, { precision: 1 }])("refuses %o", async options => {
    await expect(searchSaturation(upTo(1), options)).rejects.toMatchObject({ code: "INVALID_INPUT" })
  })

  test("on a real server takes the generator's own measurements", async () => {
    await using server = await startKnownServer({ delayMs: 5 })
    const limits = { p99Ms: 5_000, from: 50, to: 100 }
    const found = await findSaturation({ url: server.url, ...limits, probeSeconds: 0.3, warmupSeconds: 0 })
    expect(found).toMatchObject({ rate: 100, limitedBy: "ceiling" })
    expect(found.probes[0].p99).toBeGreaterThanOrEqual(4)
    expect(saturationPage(found, { seed: 0 })).toContain("100/s")
  })
})

describe("a probe", () => {
  const plan = planLoad({
    url: "http://127.0.0.1:1/",
    arrivals: { kind: "constant", rate: 100 },
    seconds: 1,
    warmupSeconds: 0,
  })
  const reportWith = (latencyMs: number, lateMs: number, failed: number) => {
    const ledger = createLedger({ fromMs: 0, toMs: 1_000, slices: 1 })
    for (let i = 0; i < 100; i++) {
      const intended = i * 10
      ledger.scheduled(intended, intended + lateMs)
      const sent = intended + lateMs
      const ended = intended + latencyMs
      ledger.finished({ intended, sent, ended, outcome: i < failed ? { status: 503 } : { status: 200 } })
    }
    return reportOf(plan, ledger.counts())
  }
  const verdict = (latencyMs: number, lateMs: number, failed: number) =>
    judge(100, reportWith(latencyMs, lateMs, failed), { p99Ms: 20, failedShare: 0.01 }).limitedBy

  test("is held by its corrected p99 and its failures", () => {
    expect([verdict(10, 0.1, 0), verdict(10, 0.1, 1)]).toEqual([undefined, undefined])
    expect([verdict(30, 0.1, 0), verdict(10, 0.1, 2)]).toEqual(["latency", "errors"])
  })

  test("blames the generator when the generator was late", () => {
    expect(verdict(30, 15, 0)).toBe("generator")
  })
})

test("the page of a run holds its figures, and no address outside itself", async () => {
  await using server = await startKnownServer({ every: { kind: "status", of: 5 } })
  const report = await runLoad({
    url: server.url.replace("//", "//user:secret@"),
    arrivals: { kind: "spike", rate: 50, peak: 300, atSeconds: 0.1, forSeconds: 0.2 },
    seconds: 0.4,
    warmupSeconds: 0,
    connections: 4,
  })
  const page = loadPage(report, { seed: report.seed })
  expect(page).toContain("an answer outside 200 to 299")
  expect(page).toContain("spike of 300/s")
  expect(page).not.toContain("secret")
  expect(page).not.toMatch(/(src|href)="https?:/)
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
})
