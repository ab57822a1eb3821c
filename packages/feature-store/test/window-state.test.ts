import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { aggregates, type WindowFeature } from "../src/definitions.ts"
import { micros } from "../src/durations.ts"
import { exactSum } from "../src/window/exact-sum.ts"
import { createWindowState, type WindowFact } from "../src/window/state.ts"
import { featureByDefinition } from "../testing/oracle.ts"
import { refusal } from "./warehouse.ts"

const { hour } = micros
const mean = (window = hour): WindowFeature => ({
  kind: "window",
  aggregate: "mean",
  column: "value",
  window,
  shape: "sliding",
})

describe("an exact sum", () => {
  it("is the double nearest to the true sum, in any order", () => {
    const tenths = exactSum()
    for (let i = 0; i < 10; i++) tenths.add(0.1)
    expect(tenths.value()).toBe(1)
    const large = exactSum()
    for (const value of [1e16, 1, -1e16, 2 ** -60]) large.add(value)
    expect(large.value()).toBe(1)
  })

  it("rounds a half-way case by the parts below it", () => {
    const sum = exactSum()
    for (const value of [1, 2 ** -53, 2 ** -106]) sum.add(value)
    expect(sum.value()).toBe(1 + 2 ** -52)
    sum.add(-(2 ** -106))
    expect(sum.value()).toBe(1)
  })

  it("forgets what leaves it without a trace", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), { maxLength: 40 }),
        fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
        (values, kept) => {
          const sum = exactSum()
          for (const value of values) sum.add(value)
          sum.add(kept)
          for (const value of values.toReversed()) sum.add(-value)
          expect(sum.value()).toBe(kept + 0)
        },
      ),
    ))
})

describe("the state of a window", () => {
  it("holds facts known after t - window and up to t", () => {
    const state = createWindowState(mean())
    state.add({ known: 0, value: 10 })
    state.add({ known: hour, value: 20 })
    expect(state.valueAt(0)).toBe(10)
    expect(state.valueAt(hour - 1)).toBe(10)
    expect(state.valueAt(hour)).toBe(20)
    expect(state.valueAt(2 * hour)).toBeNull()
  })

  it("takes late facts as long as they can count, and says when they cannot", () => {
    const state = createWindowState(mean())
    state.add({ known: 3 * hour, value: 10 })
    expect(state.valueAt(3 * hour)).toBe(10)
    expect(state.add({ known: 2.5 * hour, value: 20 })).toBe(true)
    expect(state.valueAt(3 * hour)).toBe(15)
    expect(state.add({ known: 2 * hour, value: 1000 })).toBe(false)
    expect(state.add({ known: 3 * hour, value: Number.NaN })).toBe(false)
    expect(state.valueAt(3.5 * hour)).toBe(10)
  })

  it("refuses to go back in time", async () => {
    const state = createWindowState(mean())
    state.valueAt(hour)
    await refusal("INVALID_INPUT", () => state.valueAt(hour - 1))
  })

  it("is restored from its facts", () => {
    const state = createWindowState({ ...mean(), aggregate: "max" })
    for (const [known, value] of [
      [0, 9],
      [1, 3],
      [2, 7],
    ])
      state.add({ known, value })
    const restored = createWindowState({ ...mean(), aggregate: "max" })
    for (const fact of state.facts()) restored.add(fact)
    expect(restored.valueAt(hour)).toBe(7)
    expect(state.valueAt(hour)).toBe(7)
  })

  it("forgets what expired also when a thousand facts come and go", () => {
    const state = createWindowState({ ...mean(), aggregate: "max" })
    for (let minute = 0; minute < 5_000; minute++) {
      state.add({ known: minute * micros.minute, value: minute })
      expect(state.valueAt(minute * micros.minute)).toBe(minute)
    }
    expect(state.facts().length).toBe(60)
  })

  it("gives what the definition gives, in whatever order facts arrive", () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...aggregates),
        fc.boolean(),
        fc.array(
          fc.record({
            known: fc.integer({ min: -30, max: 60 }),
            event: fc.integer({ min: 0, max: 2 }),
            value: fc.option(fc.constantFrom(0.1, 0.2, 0.3, 5, -5, 1e16, Number.NaN), { nil: null }),
            arrives: fc.integer({ min: 0, max: 3 }),
          }),
          { maxLength: 25 },
        ),
        fc.array(fc.integer({ min: -30, max: 90 }), { minLength: 1, maxLength: 6 }),
        (aggregate, tumbling, facts, moments) => {
          const feature: WindowFeature = {
            kind: "window",
            aggregate,
            column: "value",
            window: 2 * hour,
            shape: tumbling ? "tumbling" : "sliding",
          }
          const state = createWindowState(feature)
          const minutes = 10 * micros.minute
          const source = { table: "t", keys: {}, eventTime: "event", knownTime: "known" }
          const view = { name: "v", source, features: { x: feature } } as never
          const arrived: (WindowFact & { event: number })[] = []
          for (const [turn, at] of moments.toSorted((a, b) => a - b).entries()) {
            for (const { arrives, ...fact } of facts)
              if (arrives === turn) {
                const timed = { ...fact, known: fact.known * minutes }
                arrived.push(timed)
                state.add(timed)
              }
            const expected = featureByDefinition(view, "x", arrived as never, [], at * minutes)
            expect(state.valueAt(at * minutes)).toBe(expected)
          }
        },
      ),
      { numRuns: 500, seed: 7 },
    ))
})
