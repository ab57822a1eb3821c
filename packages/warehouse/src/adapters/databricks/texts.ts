import { RoadmapError } from "@roadmap/core/errors"

const dayMs = 86_400_000

/** "2001-06-30" as days since 1970; years may have a sign and more than four digits. */
export const daysOf = (text: string): number => {
  const parts = /^([+-]?\d{4,7})-(\d\d)-(\d\d)$/.exec(text)
  if (!parts) throw unreadable(text, "date")
  return utcMs(parts) / dayMs
}

/** "2001-06-30 12:00:00.123456", in UTC, as microseconds since 1970. */
export const microsOf = (text: string): bigint => {
  const parts = /^([+-]?\d{4,7})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z?$/.exec(text)
  if (!parts) throw unreadable(text, "timestamp")
  const seconds = utcMs(parts) / 1_000 + Number(parts[4]) * 3_600 + Number(parts[5]) * 60 + Number(parts[6])
  return BigInt(seconds) * 1_000_000n + BigInt((parts[7] ?? "").padEnd(6, "0").slice(0, 6))
}

/** Date.UTC takes the years 0 to 99 for 1900 to 1999. */
const utcMs = ([, year, month, day]: RegExpExecArray): number =>
  new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day))

/** Days since 1970 as text that Spark's cast reads. */
export const dateText = (days: number): string => new Date(days * dayMs).toISOString().slice(0, -14)

/** Microseconds since 1970 as text with its zone, so that the session's does not matter. */
export const timestampText = (micros: bigint): string => {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = new Date(Number((micros - fraction) / 1_000n)).toISOString().slice(0, -5)
  return `${seconds}.${String(fraction).padStart(6, "0")}Z`
}

/** Java writes small decimals as "0E-10"; the port promises digits alone. */
export const plainDecimal = (text: string, scale: number): string => {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(text)
  if (!parts) throw unreadable(text, "decimal")
  const [, sign, whole, fraction = "", exponent = "0"] = parts
  if (exponent === "0" && fraction.length === scale) return text
  const shift = scale + Number(exponent) - fraction.length
  const digits =
    shift >= 0
      ? (whole + fraction).padEnd(whole.length + fraction.length + shift, "0")
      : (whole + fraction).slice(0, shift)
  const padded = digits.replace(/^0+/, "").padStart(scale + 1, "0")
  return scale === 0 ? sign + padded : `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

const unreadable = (text: string, type: string) =>
  new RoadmapError("SQL_FAILED", `The warehouse sent "${text}" as a ${type}.`, {
    hint: "Cast the column to string in the statement.",
  })
