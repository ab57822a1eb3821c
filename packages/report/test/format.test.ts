import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  columnFormat,
  formatBytes,
  formatCount,
  formatDecimals,
  formatInterval,
  formatNumber,
  formatPercent,
  formatSeconds,
} from "../src/format.ts"

describe("numbers", () => {
  test("counts have thousands separators", () => {
    expect(formatCount(3_000_000)).toBe("3,000,000")
    expect(formatCount(999)).toBe("999")
    expect(formatCount(-1204)).toBe("-1,204")
  })

  test("a number shows four significant digits and keeps all of its whole ones", () => {
    expect(formatNumber(29.8132)).toBe("29.81")
    expect(formatNumber(0.770912)).toBe("0.7709")
    expect(formatNumber(12_345.6)).toBe("12,346")
    expect(formatNumber(0.5)).toBe("0.5")
    expect(formatNumber(3.21e-5)).toBe("3.21e-5")
    expect(formatNumber(0)).toBe("0")
  })

  test("what is not a number is a dash, an infinity is its sign", () => {
    for (const format of [formatNumber, formatCount, formatBytes, formatSeconds, formatPercent])
      expect(format(Number.NaN)).toBe("–")
    expect(formatNumber(Number.NEGATIVE_INFINITY)).toBe("-∞")
  })

  test("nothing is ever minus zero", () => {
    expect(formatDecimals(-0.001, 2)).toBe("0.00")
    expect(formatCount(-0.2)).toBe("0")
  })

  test("a formatted number reads back within half of its last digit", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        fc.integer({ min: 0, max: 6 }),
        (value, decimals) => {
          const back = Number(formatDecimals(value, decimals).replaceAll(",", ""))
          expect(Math.abs(back - value)).toBeLessThanOrEqual(
            0.500001 * 10 ** -decimals + Math.abs(value) * 1e-15,
          )
        },
      ),
    )
  })

  test("a percentage", () => {
    expect(formatPercent(0.1234)).toBe("12.3 %")
    expect(formatPercent(1, { decimals: 0 })).toBe("100 %")
  })
})

describe("an estimate with its interval", () => {
  test("has as many decimals as its width makes meaningful", () => {
    expect(formatInterval(29.8132, 29.7, 29.93)).toBe("29.81 [29.70, 29.93]")
    expect(formatInterval(0.77091, 0.7695, 0.7723)).toBe("0.7709 [0.7695, 0.7723]")
    expect(formatInterval(1204, 1150, 1263)).toBe("1,204 [1,150, 1,263]")
  })

  test("is the point alone when an end is missing", () => {
    expect(formatInterval(29.8132, Number.NaN, 30)).toBe("29.81")
  })

  test("of no width still shows the point", () => {
    expect(formatInterval(0.25, 0.25, 0.25)).toBe("0.25 [0.25, 0.25]")
    expect(formatInterval(0, 0, 0)).toBe("0 [0, 0]")
  })
})

describe("bytes and seconds", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [23_400, "23.4 kB"],
    [999_960, "1.0 MB"],
    [1_400_000, "1.4 MB"],
    [3_221_225_472, "3.2 GB"],
  ])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  test.each([
    [0, "0 s"],
    [4.9e-6, "4.9 µs"],
    [0.9996e-3, "1 ms"],
    [0.0124, "12.4 ms"],
    [0.99961, "1 s"],
    [1.684, "1.68 s"],
    [59.96, "1 min 0 s"],
    [75, "1 min 15 s"],
    [3599.7, "1 h 0 min"],
    [3725, "1 h 2 min"],
  ])("%d seconds are %s", (seconds, text) => expect(formatSeconds(seconds)).toBe(text))
})

describe("the format of a column", () => {
  test("aligns the decimal points of its numbers", () => {
    expect([29.81, 3, 0.2].map(columnFormat([29.81, 3, 0.2]))).toEqual(["29.81", "3.00", "0.20"])
    expect([0.294, 0].map(columnFormat([0.294, 0]))).toEqual(["0.294", "0.000"])
  })

  test("shows whole numbers whole and drops digits past four significant ones", () => {
    expect([1204, 3].map(columnFormat([1204, 3]))).toEqual(["1,204", "3"])
    expect([123.456789].map(columnFormat([123.456789]))).toEqual(["123.5"])
    expect([1204, -3.54].map(columnFormat([1204, -3.54]))).toEqual(["1,204.0", "-3.5"])
    expect([0.0000321, 0.00000456].map(columnFormat([0.0000321, 0.00000456]))).toEqual(["3.21e-5", "4.56e-6"])
  })
})
