import { describe, expect, test } from "vitest"
import { type ColourName, darkColours, lightColours } from "../src/plots/palette.ts"

type Rgb = [number, number, number]

const linear = (colour: string): Rgb =>
  [1, 3, 5].map(at => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as Rgb

/** Contrast ratio of WCAG 2.2, 1 to 21. */
const contrast = (a: string, b: string): number => {
  const [x, y] = [a, b].map(colour => {
    const [red, green, blue] = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  })
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

/** What the three colour-vision deficiencies make of linear RGB (Machado, Oliveira and Fernandes, 2009, severity 1). */
const deficiencies: Record<string, Rgb[]> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

/** Oklab (Ottosson, 2020): distances in it are roughly distances to the eye. */
const oklab = ([r, g, b]: Rgb): Rgb => {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

const seen = (colour: string, matrix: Rgb[]): Rgb => {
  const rgb = linear(colour)
  return oklab(matrix.map(row => Math.max(0, row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2])) as Rgb)
}

const distance = (a: Rgb, b: Rgb): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])

const series = ["c1", "c2", "c3", "c4", "c5", "c6"] as const

describe.each([
  ["light", lightColours as Record<ColourName, string>],
  ["dark", darkColours],
])("the %s colours", (_, colours) => {
  test.each(["ink", "muted", "accent", "good", "warning", "bad"] as const)("text in %s is readable", name => {
    expect(contrast(colours[name], colours.paper)).toBeGreaterThanOrEqual(4.5)
    expect(contrast(colours[name], colours.raised)).toBeGreaterThanOrEqual(4.5)
  })

  test.each(series)("marks of series %s stand out from the paper", name => {
    expect(contrast(colours[name], colours.paper)).toBeGreaterThanOrEqual(3)
  })

  test.each(["h", "d"] as const)("numbers on every step of the heat map (%s) are readable", ramp => {
    for (let step = 0; step < 9; step++) {
      const strong = ramp === "h" ? step >= 5 : step <= 1 || step >= 7
      const ratio = contrast(colours[strong ? "onStrong" : "ink"], colours[`${ramp}${step}` as ColourName])
      expect(ratio, `${ramp}${step}`).toBeGreaterThanOrEqual(4.5)
    }
  })

  test("the steps of the sequential heat map go one way in lightness", () => {
    const lightness = Array.from({ length: 9 }, (_, i) => oklab(linear(colours[`h${i}` as ColourName]))[0])
    const steps = lightness.slice(1).map((value, i) => Math.sign(value - lightness[i]))
    expect(new Set(steps).size).toBe(1)
  })

  test.each(Object.keys(deficiencies))("series can be told apart with %s", name => {
    const colour = series.map(key => seen(colours[key], deficiencies[name]))
    // About 0.02 is just noticeable. The first three, which most plots use, are farther apart.
    for (let i = 0; i < colour.length; i++)
      for (let j = 0; j < i; j++)
        expect(distance(colour[i], colour[j]), `${series[i]} ${series[j]}`).toBeGreaterThan(
          i < 3 ? 0.11 : 0.055,
        )
  })
})
