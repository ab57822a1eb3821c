import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createSchedule } from "../../src/load/arrivals.ts"
import { createDispatch, type Finished } from "../../src/load/dispatch.ts"
import { createHistogram } from "../../src/load/histogram.ts"
import { createRing } from "../../src/load/ring.ts"
import { queueLatencies, simulateLoad } from "../../testing/simulated-load.ts"

const gaps = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 80 })
const momentsOf = (distances: readonly number[]): number[] => {
  let at = 0
  return distances.map(gap => (at += gap))
}
const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)
const firstArrivals = (count: number, kind: "constant" | "poisson", rate: number): number[] => {
  const next = createSchedule({ kind, rate }, createRandom(5))
  return Array.from({ length: count }, next)
}

describe("the open loop", () => {
  test("books what a queue with as many places as connections gives by calculation", () => {
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 9 }),
        (distances, connections, services) => {
          const arrivals = momentsOf(distances)
          const endOf = (start: number, request: number) => start + services[request % services.length]
          const found = simulateLoad(arrivals, { connections, answeredAt: endOf })
          const truth = queueLatencies(arrivals, connections, endOf)
          expect(sorted(found.map(({ ended, intended }) => ended - intended))).toEqual(
            sorted(truth.map(({ corrected }) => corrected)),
          )
          expect(sorted(found.map(({ ended, sent }) => ended - sent))).toEqual(
            sorted(truth.map(({ naive }) => naive)),
          )
        },
      ),
    )
  })

  test("has the mean wait of Pollaczek and Khinchine for Poisson arrivals at one connection", () => {
    const serviceMs = 1
    for (const load of [0.3, 0.6, 0.8]) {
      const arrivals = firstArrivals(150_000, "poisson", load * 1_000)
      const found = simulateLoad(arrivals, { connections: 1, answeredAt: sent => sent + serviceMs })
      const mean = found.reduce((sum, { sent, intended }) => sum + sent - intended, 0) / found.length
      const expected = (load * serviceMs) / (2 * (1 - load))
      expect(Math.abs(mean / expected - 1)).toBeLessThan(0.06)
    }
  })

  test("shows a server that stalls for a second, which the time from sending hides", () => {
    // 1,000 requests a second for ten seconds; nothing is answered from 5.0 s to 6.0 s.
    const arrivals = firstArrivals(10_000, "constant", 1_000)
    const answeredAt = (sent: number) => (sent > 4_999 && sent < 6_000 ? 6_001 : sent + 1)
    const corrected = createHistogram()
    const naive = createHistogram()
    for (const { intended, sent, ended } of simulateLoad(arrivals, { connections: 64, answeredAt })) {
      corrected.record(ended - intended)
      naive.record(ended - sent)
    }
    // A tenth of the requests was due in the stall and waited for its end: evenly from 1,000 ms down to 0.
    expect(corrected.quantile(0.99) / 900).toBeCloseTo(1, 1)
    expect(corrected.quantile(0.95) / 500).toBeCloseTo(1, 1)
    expect(corrected.countAbove(100)).toBeGreaterThan(890)
    expect(naive.quantile(0.99)).toBeLessThan(2)
    expect(naive.countAbove(100)).toBe(64)
  })

  test("answers every request once, whatever times out", () => {
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 90 }),
        (distances, connections, service) => {
          const arrivals = momentsOf(distances)
          const found = simulateLoad(arrivals, {
            connections,
            answeredAt: sent => sent + service,
            timeoutMs: 50,
          })
          expect(sorted(found.map(({ intended }) => intended))).toEqual(arrivals)
          for (const { outcome, ended, intended, sent } of found) {
            if ("status" in outcome) expect(ended - sent).toBe(service)
            else if (outcome.failed === "unsent") expect(ended - intended).toBeGreaterThanOrEqual(50)
            else expect(ended - sent).toBeGreaterThanOrEqual(50)
          }
        },
      ),
    )
  })
})

describe("a connection", () => {
  const open = (connections: number, timeoutMs = 1_000) => {
    const sent: number[] = []
    const abandoned: number[] = []
    const finished: Finished[] = []
    const dispatch = createDispatch({
      connections,
      timeoutMs,
      send: connection => sent.push(connection),
      abandon: connection => abandoned.push(connection),
      onFinished: each => finished.push(each),
    })
    for (let connection = 0; connection < connections; connection++) dispatch.ready(connection, 0)
    return { dispatch, sent, abandoned, finished }
  }

  test("that has been idle the longest is taken first", () => {
    const { dispatch, sent } = open(3)
    for (const at of [1, 2, 3]) dispatch.arrive(at, at)
    dispatch.finish(1, 4, { status: 200 }, { ready: true })
    dispatch.finish(0, 5, { status: 200 }, { ready: true })
    dispatch.arrive(6, 6)
    dispatch.arrive(7, 7)
    expect(sent).toEqual([0, 1, 2, 1, 0])
  })

  test("that the server closed takes no request until it is open again", () => {
    const { dispatch, sent, finished } = open(2)
    dispatch.lost(0)
    dispatch.arrive(1, 1)
    dispatch.arrive(2, 2)
    expect([sent, dispatch.waiting]).toEqual([[1], 1])
    dispatch.ready(0, 9)
    expect(sent).toEqual([1, 0])
    dispatch.finish(0, 11, { status: 200 }, { ready: true })
    expect(finished).toEqual([{ intended: 2, sent: 9, ended: 11, outcome: { status: 200 } }])
  })

  test("that answers after its request has timed out changes nothing", () => {
    const { dispatch, abandoned, finished } = open(1, 100)
    dispatch.arrive(0, 0)
    dispatch.expire(99)
    expect(finished).toEqual([])
    dispatch.expire(100)
    dispatch.finish(0, 101, { status: 200 }, { ready: true })
    expect(abandoned).toEqual([0])
    expect(finished.map(({ outcome }) => outcome)).toEqual([{ failed: "timeout" }])
    expect([dispatch.inFlight, dispatch.waiting]).toEqual([0, 0])
  })

  test("that nobody can make fails all that wait", () => {
    const { dispatch, finished } = open(1)
    dispatch.arrive(0, 0)
    dispatch.arrive(1, 1)
    dispatch.finish(0, 5, { failed: "reset" }, { ready: false })
    dispatch.refuse(6)
    expect(finished.map(({ outcome }) => outcome)).toEqual([{ failed: "reset" }, { failed: "connect" }])
  })

  test("at the end of a run: what is open is given up, sent or not", () => {
    const { dispatch, finished } = open(1)
    dispatch.arrive(0, 0)
    dispatch.arrive(1, 1)
    dispatch.giveUp(500)
    expect(finished.map(({ outcome }) => outcome)).toEqual([{ failed: "unsent" }, { failed: "timeout" }])
  })
})

test("a ring gives back what came in, in order, while it grows", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat({ max: 700 }))), steps => {
      const ring = createRing()
      const model: number[] = []
      let value = 0
      for (const step of steps) {
        if (step === null) while (model.length > 0) expect(ring.shift()).toBe(model.shift())
        else
          for (let i = 0; i < step; i++) {
            ring.push(value)
            model.push(value++)
          }
        expect(ring.length).toBe(model.length)
        if (model.length > 0) expect(ring.first()).toBe(model[0])
      }
    }),
  )
})
