import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compactNumber, linearScale, logScale, timeScale } from "../src/plots/scale.ts"

const labels = (scale: { ticks: readonly { label: string }[] }) => scale.ticks.map(tick => tick.label)
const day = (text: string) => Date.parse(`${text}T00:00:00Z`)

describe("a linear axis", () => {
  test("has ticks at round numbers with the decimals of their step", () => {
    expect(labels(linearScale({ domain: [27.2, 31.9], range: [0, 300], ticks: 5 }))).toEqual([
      "27",
      "28",
      "29",
      "30",
      "31",
      "32",
    ])
    expect(labels(linearScale({ domain: [-0.3, 0.1], range: [0, 300], ticks: 4 }))).toEqual([
      "−0.3",
      "−0.2",
      "−0.1",
      "0.0",
      "0.1",
    ])
  })

  test("of one value is made wider around it", () => {
    const scale = linearScale({ domain: [5, 5], range: [0, 100], ticks: 4 })
    expect(scale.domain[0]).toBeLessThan(5)
    expect(scale.domain[1]).toBeGreaterThan(5)
    expect(Number.isFinite(scale.at(5))).toBe(true)
  })

  test("of values that differ by less than floating point can divide still ends", () => {
    const scale = linearScale({ domain: [9e11, 9e11 + 1e-3], range: [0, 100], ticks: 5 })
    expect(scale.ticks.length).toBeLessThan(20)
  })

  test("holds every value of its domain inside its range, at any size of number", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e12, max: 1e12, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (low, width, ticks) => {
          const scale = linearScale({ domain: [low, low + width], range: [0, 500], ticks })
          for (const value of [low, low + width / 3, low + width]) {
            expect(scale.at(value)).toBeGreaterThanOrEqual(-1e-3)
            expect(scale.at(value)).toBeLessThanOrEqual(500 + 1e-3)
          }
          expect(scale.ticks.length).toBeLessThanOrEqual(4 * ticks)
        },
      ),
    )
  })
})

describe("a logarithmic axis", () => {
  test("has powers of ten over many decades and 1, 2, 5 over few", () => {
    expect(labels(logScale({ domain: [1, 1e6], range: [0, 300], ticks: 7 }))).toEqual([
      "1",
      "10",
      "100",
      "1,000",
      "10k",
      "100k",
      "1M",
    ])
    expect(labels(logScale({ domain: [3, 40], range: [0, 300], ticks: 6 }))).toEqual([
      "2",
      "5",
      "10",
      "20",
      "50",
    ])
  })

  test("gives equal ratios equal distances", () => {
    const { at } = logScale({ domain: [1, 1000], range: [0, 300], ticks: 4 })
    expect(at(10) - at(1)).toBeCloseTo(at(1000) - at(100), 9)
  })
})

describe("a time axis", () => {
  test("of half a year has a tick a month and says the year once", () => {
    const scale = timeScale({ domain: [day("2001-01-01"), day("2001-06-30")], range: [0, 600], ticks: 8 })
    expect(labels(scale)).toEqual(["Jan 2001", "Feb", "Mar", "Apr", "May", "Jun"])
  })

  test("of two weeks has days, of two months has Mondays", () => {
    const days = timeScale({ domain: [day("2001-03-05"), day("2001-03-12")], range: [0, 600], ticks: 8 })
    expect(labels(days)[1]).toBe("6 Mar")
    const weeks = timeScale({ domain: [day("2001-03-01"), day("2001-04-30")], range: [0, 600], ticks: 9 })
    expect(labels(weeks).slice(0, 2)).toEqual(["5 Mar 2001", "12 Mar"])
  })

  test("says the new year where it begins", () => {
    const scale = timeScale({ domain: [day("2001-10-01"), day("2002-02-10")], range: [0, 600], ticks: 8 })
    expect(labels(scale)).toEqual(["Oct 2001", "Nov", "Dec", "Jan 2002", "Feb"])
  })
})

test("large numbers are short", () => {
  expect([25_000, 3_000_000, 1_500, 0.25, 2e9].map(compactNumber)).toEqual([
    "25k",
    "3M",
    "1,500",
    "0.25",
    "2G",
  ])
})
