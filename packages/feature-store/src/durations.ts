import { RoadmapError } from "@roadmap/core/errors"

/** Every time and duration of this package is in microseconds, as timestamps are in the warehouse. */
export const micros = {
  second: 1_000_000,
  minute: 60_000_000,
  hour: 3_600_000_000,
  day: 86_400_000_000,
} as const

const units: Record<string, number> = {
  s: micros.second,
  m: micros.minute,
  h: micros.hour,
  d: micros.day,
}

/** "90m", "24h", "28d" in microseconds. Throws INVALID_INPUT for anything else. */
export const durationMicros = (text: string): number => {
  const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? []
  if (count === undefined)
    throw new RoadmapError("INVALID_INPUT", `"${text}" is no duration.`, {
      hint: 'Write a whole number and s, m, h or d, such as "90m", "24h" or "28d".',
    })
  return Number(count) * units[unit]
}

/** The shortest text of a duration: 86,400,000,000 is "1d". */
export const durationText = (duration: number): string => {
  const unit = ["d", "h", "m"].find(name => duration % units[name] === 0) ?? "s"
  return `${duration / units[unit]}${unit}`
}
