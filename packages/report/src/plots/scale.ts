import { formatDecimals } from "../format.ts"

export interface Tick {
  /** Pixel. */
  readonly at: number
  readonly label: string
}

/** Values to pixels along one axis. */
export interface Scale {
  readonly domain: readonly [number, number]
  readonly ticks: readonly Tick[]
  at(value: number): number
}

export interface ScaleOptions {
  /** Smallest and largest value to show; made wider to round numbers. */
  domain: readonly [number, number]
  /** Pixels of those two. */
  range: readonly [number, number]
  /** About how many ticks. */
  ticks: number
  /** Label of a tick; the default knows the step. */
  format?: (value: number) => string
  /** False keeps the ends exactly where they are. Default true. */
  round?: boolean
}

export type ScaleKind = "linear" | "log" | "time"

export const createScale = (kind: ScaleKind, options: ScaleOptions): Scale =>
  kind === "log" ? logScale(options) : kind === "time" ? timeScale(options) : linearScale(options)

/** Ticks at 1, 2 or 5 times a power of ten. */
export const linearScale = (options: ScaleOptions): Scale => {
  const { range, round = true } = options
  const [from, to] = widenPoint(options.domain)
  const step = niceStep((to - from) / Math.max(1, options.ticks))
  const low = round ? Math.floor(from / step + 1e-9) * step : from
  const high = round ? Math.ceil(to / step - 1e-9) * step : to
  const at = (value: number) => range[0] + ((value - low) / (high - low)) * (range[1] - range[0])
  const format = options.format ?? stepFormat(step, Math.max(Math.abs(low), Math.abs(high)))
  const ticks: Tick[] = []
  const first = Math.ceil(low / step - 1e-9)
  for (let i = first; i * step <= high + step * 1e-9; i++) {
    const value = Number((i * step).toPrecision(12))
    ticks.push({ at: at(value), label: withMinus(format(value)) })
  }
  return { domain: [low, high], ticks, at }
}

/** Ticks at powers of ten, and at 2 and 5 times them where there are few. The domain must be above 0. */
export const logScale = (options: ScaleOptions): Scale => {
  const { range, round = true } = options
  const [from, to] =
    options.domain[0] === options.domain[1] ? [options.domain[0] / 2, options.domain[1] * 2] : options.domain
  const low = round ? logRound(from, Math.floor) : from
  const high = round ? logRound(to, Math.ceil) : to
  const width = Math.log(high / low)
  const at = (value: number) => range[0] + (Math.log(value / low) / width) * (range[1] - range[0])
  const decades = width / Math.LN10
  const multiples = decades * 3 <= options.ticks * 1.3 ? [1, 2, 5] : [1]
  const every = Math.max(1, Math.ceil(decades / options.ticks))
  const format = options.format ?? compactNumber
  const ticks: Tick[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    if (power % every !== 0) continue
    for (const multiple of multiples) {
      const value = Number((multiple * 10 ** power).toPrecision(12))
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
        ticks.push({ at: at(value), label: format(value) })
    }
  }
  return { domain: [low, high], ticks, at }
}

const dayMs = 86_400_000
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** Values are milliseconds since 1970, UTC. Ticks at days, weeks (Mondays), months or years. */
export const timeScale = (options: ScaleOptions): Scale => {
  const { range } = options
  const domain: readonly [number, number] =
    options.domain[0] === options.domain[1]
      ? [options.domain[0] - dayMs / 2, options.domain[1] + dayMs / 2]
      : options.domain
  const at = (value: number) =>
    range[0] + ((value - domain[0]) / (domain[1] - domain[0])) * (range[1] - range[0])
  let saidYear = Number.NaN
  const ticks = timeTicks(domain, options.ticks).map((value): Tick => {
    const date = new Date(value)
    const year = date.getUTCFullYear()
    const day = date.getUTCDate() === 1 ? "" : `${date.getUTCDate()} `
    const label = `${day}${months[date.getUTCMonth()]}${year === saidYear ? "" : ` ${year}`}`
    saidYear = year
    return { at: at(value), label }
  })
  return { domain, ticks, at }
}

/** 25000 -> "25k", 3000000 -> "3M"; smaller numbers as they are. */
export const compactNumber = (value: number): string => {
  const size = Math.abs(value)
  for (const [unit, letter] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const)
    if (size >= unit && (unit > 1e3 || size >= 1e4))
      return `${Number((value / unit).toPrecision(4))}${letter}`
  if (size > 0 && size < 1e-4) return value.toExponential().replace(/\.?0+e/, "e")
  return formatDecimals(value, decimalsOf(value))
}

/** The typographic minus of labels, and none before a zero. */
export const withMinus = (text: string): string =>
  /^-0(\.0*)?$/.test(text) ? text.slice(1) : text.replace(/^-/, "−")

/** A domain that floating point cannot divide into ticks is treated as one value. */
const widenPoint = ([low, high]: readonly [number, number]): readonly [number, number] => {
  const size = Math.max(Math.abs(low), Math.abs(high))
  if (high - low > size * 1e-9) return [low, high]
  const half = size === 0 ? 1 : size * 0.1
  return [low - half, high + half]
}

const niceStep = (rough: number): number => {
  const power = 10 ** Math.floor(Math.log10(rough))
  const ratio = rough / power
  return (ratio > 7.07 ? 10 : ratio > 3.16 ? 5 : ratio > 1.41 ? 2 : 1) * power
}

const stepFormat = (step: number, largest: number): ((value: number) => string) => {
  if (largest >= 1e4 && step >= 100) return compactNumber
  if (largest < 1e-3) return value => (value === 0 ? "0" : Number(value.toPrecision(3)).toExponential())
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  return value => formatDecimals(value, decimals)
}

const decimalsOf = (value: number): number => {
  const text = String(Number(value.toPrecision(6)))
  const point = text.indexOf(".")
  return point < 0 ? 0 : text.length - point - 1
}

const logRound = (value: number, direction: (value: number) => number): number => {
  const power = Math.floor(Math.log10(value) + 1e-9)
  const ratio = value / 10 ** power
  const up = direction === Math.ceil
  const steps = [1, 2, 5, 10]
  const chosen = up
    ? (steps.find(step => step >= ratio * (1 - 1e-9)) ?? 10)
    : (steps.findLast(step => step <= ratio * (1 + 1e-9)) ?? 1)
  return Number((chosen * 10 ** power).toPrecision(12))
}

const timeTicks = ([from, to]: readonly [number, number], wanted: number): number[] => {
  const days = (to - from) / dayMs
  const every = days / Math.max(1, wanted)
  if (every > 250) return calendarTicks(from, to, 12 * Math.ceil(every / 366))
  if (every > 100) return calendarTicks(from, to, 6)
  if (every > 45) return calendarTicks(from, to, 3)
  if (every > 10) return calendarTicks(from, to, every > 31 ? 2 : 1)
  const step = every > 5 ? 7 : every > 1.5 ? 2 : 1
  const offset = step === 7 ? 4 : 0 // 1970-01-05 was a Monday
  const ticks: number[] = []
  for (let day = Math.ceil(from / dayMs); day * dayMs <= to; day++)
    if ((day - offset) % step === 0) ticks.push(day * dayMs)
  return ticks
}

const calendarTicks = (from: number, to: number, everyMonths: number): number[] => {
  const ticks: number[] = []
  const start = new Date(from)
  for (let month = start.getUTCFullYear() * 12 + start.getUTCMonth(); ; month++) {
    const value = Date.UTC(Math.floor(month / 12), month % 12, 1)
    if (value > to) return ticks
    if (month % everyMonths === 0 && value >= from) ticks.push(value)
  }
}
