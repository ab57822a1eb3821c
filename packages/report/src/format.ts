/** Numbers as people read them, in one place: terminal, Markdown, pages and plots all use these. */

const absent = "–"

/** 1234567 -> "1,234,567". Rounds to whole numbers; NaN and infinities give "–" and "∞". */
export const formatCount = (value: number): string => formatDecimals(value, 0)

/**
 * A fixed number of decimals with thousands separators: formatDecimals(1234.5, 2) -> "1,234.50".
 * Never "-0". NaN gives "–".
 */
export const formatDecimals = (value: number, decimals: number): string => {
  if (Number.isNaN(value)) return absent
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞"
  if (Math.abs(value) >= 1e21) return value.toExponential(2)
  const text = Math.abs(value).toFixed(decimals)
  const [whole, fraction] = text.split(".")
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",")
  const sign = value < 0 && Number(text) !== 0 ? "-" : ""
  return fraction === undefined ? sign + grouped : `${sign}${grouped}.${fraction}`
}

/**
 * A number at `significant` digits (default 4), whole digits never rounded away: 29.8132 -> "29.81", 0.77091 ->
 * "0.7709", 12345.6 -> "12,346", 3 -> "3", 0.0000321 -> "3.21e-5". Zeros at the end are dropped.
 */
export const formatNumber = (value: number, options: { significant?: number } = {}): string => {
  const { significant = 4 } = options
  if (!Number.isFinite(value)) return formatDecimals(value, 0)
  if (Number.isInteger(value)) return formatDecimals(value, 0)
  const magnitude = Math.floor(Math.log10(Math.abs(value)))
  if (magnitude < -4) return value.toExponential(significant - 1).replace(/\.?0+e/, "e")
  const text = formatDecimals(value, Math.max(0, significant - 1 - magnitude))
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text
}

/**
 * An estimate with its interval: "29.81 [29.70, 29.93]". Decimals follow the width of the interval (two
 * digits of it), because further digits are noise; give `decimals` to fix them.
 */
export const formatInterval = (point: number, low: number, high: number, decimals?: number): string => {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return formatNumber(point)
  const digits = decimals ?? intervalDecimals(high - low)
  const [p, l, h] = [point, low, high].map(value =>
    digits === undefined ? formatNumber(value) : formatDecimals(value, digits),
  )
  return `${p} [${l}, ${h}]`
}

/** Decimal units, as disks and networks are labelled: 999 -> "999 B", 1400000 -> "1.4 MB". */
export const formatBytes = (bytes: number): string => {
  if (!Number.isFinite(bytes)) return formatDecimals(bytes, 0)
  const units = ["B", "kB", "MB", "GB", "TB", "PB"]
  let value = bytes
  let unit = 0
  while (Math.abs(roundTo(value, threeDigits(value))) >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${formatDecimals(value, unit === 0 ? 0 : threeDigits(value, 1))} ${units[unit]}`
}

/** A duration in the unit that suits it: "4.9 µs", "12 ms", "1.68 s", "42 s", "1 min 15 s", "1 h 2 min". */
export const formatSeconds = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return formatDecimals(seconds, 0)
  const size = Math.abs(seconds)
  if (size === 0) return "0 s"
  if (size < 0.9995e-3) return `${trim(formatDecimals(seconds * 1e6, threeDigits(seconds * 1e6, 1)))} µs`
  if (size < 0.9995) return `${trim(formatDecimals(seconds * 1e3, threeDigits(seconds * 1e3, 1)))} ms`
  if (size < 59.95) return `${trim(formatDecimals(seconds, size < 9.995 ? 2 : 1))} s`
  const sign = seconds < 0 ? "-" : ""
  const whole = Math.round(size)
  if (whole < 3600) return `${sign}${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(size / 60)
  return `${sign}${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min`
}

/** A share as a percentage: 0.1234 -> "12.3 %". */
export const formatPercent = (share: number, options: { decimals?: number } = {}): string =>
  Number.isFinite(share)
    ? `${formatDecimals(share * 100, options.decimals ?? 1)} %`
    : formatDecimals(share, 0)

/**
 * One format for a column of numbers, so that its decimal points line up: as many decimals as its values have, at
 * most those which give the largest four significant digits and the smallest two (and six).
 */
export const columnFormat = (values: readonly number[]): ((value: number) => string) => {
  const finite = values.filter(Number.isFinite)
  if (finite.every(Number.isInteger)) return formatCount
  const sizes = finite.map(Math.abs).filter(size => size > 0)
  const smallest = sizes.reduce((least, size) => Math.min(least, size))
  const largest = sizes.reduce((most, size) => Math.max(most, size))
  if (largest < 1e-4) return value => formatNumber(value)
  const most = Math.min(6, Math.max(0, 3 - exponent(largest), 1 - exponent(smallest)))
  let decimals = 0
  while (decimals < most && finite.some(value => !sameAt(value, decimals, most))) decimals++
  return value => formatDecimals(value, decimals)
}

const intervalDecimals = (width: number): number | undefined =>
  width > 0 ? Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(width)))) : undefined

/** Decimals that show about three digits of a value, at most `most`. */
const threeDigits = (value: number, most = 2): number =>
  Math.abs(value) < 9.95 ? most : Math.abs(value) < 99.5 ? Math.min(most, 1) : 0

const roundTo = (value: number, decimals: number): number => Number(value.toFixed(decimals))

const exponent = (size: number): number => Math.floor(Math.log10(size))

const sameAt = (value: number, decimals: number, most: number): boolean =>
  Number(value.toFixed(decimals)) === Number(value.toFixed(most))

const trim = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text)
