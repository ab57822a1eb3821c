import { seriesClass, seriesDash } from "./palette.ts"
import { coordinate, element } from "./svg.ts"

/** Points as a path; a NaN in either coordinate lifts the pen. */
export const linePath = (xs: ArrayLike<number>, ys: ArrayLike<number>): string => {
  let path = ""
  let down = false
  for (let i = 0; i < xs.length; i++) {
    if (!Number.isFinite(xs[i]) || !Number.isFinite(ys[i])) {
      down = false
      continue
    }
    const alone = !down && !(i + 1 < xs.length && Number.isFinite(xs[i + 1]) && Number.isFinite(ys[i + 1]))
    path += `${down ? "L" : "M"}${coordinate(xs[i])} ${coordinate(ys[i])}${alone ? "h0" : ""}`
    down = true
  }
  return path
}

/** The area between two lines, in pieces where either is missing. */
export const bandPath = (
  xs: ArrayLike<number>,
  lows: ArrayLike<number>,
  highs: ArrayLike<number>,
): string => {
  let path = ""
  let start = -1
  for (let i = 0; i <= xs.length; i++) {
    const whole = i < xs.length && [xs[i], lows[i], highs[i]].every(Number.isFinite)
    if (whole && start < 0) start = i
    if (whole || start < 0) continue
    for (let j = start; j < i; j++)
      path += `${j === start ? "M" : "L"}${coordinate(xs[j])} ${coordinate(highs[j])}`
    for (let j = i - 1; j >= start; j--) path += `L${coordinate(xs[j])} ${coordinate(lows[j])}`
    path += "Z"
    start = -1
  }
  return path
}

/** Many small round dots as one path: zero-length strokes with round ends, about ten bytes each. */
export const dotsPath = (xs: ArrayLike<number>, ys: ArrayLike<number>): string => {
  let path = ""
  for (let i = 0; i < xs.length; i++)
    if (Number.isFinite(xs[i]) && Number.isFinite(ys[i]))
      path += `M${coordinate(xs[i])} ${coordinate(ys[i])}h0`
  return path
}

const shapes: ((x: number, y: number, r: number) => string)[] = [
  (x, y, r) => `M${p(x - r, y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`,
  (x, y, r) => `M${p(x - r * 0.95, y - r * 0.95)}h${u(r * 1.9)}v${u(r * 1.9)}h${u(-r * 1.9)}Z`,
  (x, y, r) => `M${p(x, y - r * 1.3)}L${p(x + r * 1.3, y)}L${p(x, y + r * 1.3)}L${p(x - r * 1.3, y)}Z`,
  (x, y, r) => `M${p(x, y - r * 1.2)}L${p(x + r * 1.15, y + r * 0.9)}L${p(x - r * 1.15, y + r * 0.9)}Z`,
  (x, y, r) => `M${p(x, y + r * 1.2)}L${p(x + r * 1.15, y - r * 0.9)}L${p(x - r * 1.15, y - r * 0.9)}Z`,
  (x, y, r) => `M${p(x - r * 1.3, y - r * 0.45)}h${u(r * 2.6)}v${u(r * 0.9)}h${u(-r * 2.6)}Z`,
]

/** Outline of the marker of series `index` around a point. */
export const markerPath = (index: number, x: number, y: number, radius: number): string =>
  shapes[index % shapes.length](x, y, radius)

/** One marker as an element, with what a pointer is told. */
export const marker = (index: number, x: number, y: number, radius: number, title = ""): string =>
  element("path", { class: `mark ${seriesClass(index)}`, d: markerPath(index, x, y, radius) }, title)

export const curve = (index: number, path: string, extra = ""): string =>
  path === ""
    ? ""
    : element("path", {
        class: `curve ${seriesClass(index)}${extra}`,
        "stroke-dasharray": seriesDash(index),
        d: path,
      })

export const band = (index: number, path: string): string =>
  path === "" ? "" : element("path", { class: `band ${seriesClass(index)}`, d: path })

/** Legend sample of a line series. */
export const lineSample = (index: number, withMarker: boolean): string =>
  curve(index, "M1 0H23") + (withMarker ? marker(index, 12, 0, 4) : "")

/** Legend sample of a filled series. */
export const blockSample = (index: number, extra = ""): string =>
  element("rect", { class: `block ${seriesClass(index)}${extra}`, x: 6, y: -6, width: 12, height: 12, rx: 2 })

const p = (x: number, y: number): string => `${coordinate(x)} ${coordinate(y)}`
const u = (value: number): string => String(Number(value.toFixed(2)))
