/**
 * Microseconds since 1970 of a date-time as MLflow's schema enforcement takes it: ISO 8601 without an
 * offset, within the range of 64-bit nanoseconds (1677 to 2262). Undefined for any other text; it is read as
 * UTC. More than six digits of a second are refused, because they would be lost.
 */
export const readDatetime = (text: string): number | undefined => {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?$/.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(digits => Number(digits ?? 0))
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const time = Date.UTC(year, month - 1, day, hour, minute, second)
  const date = new Date(time)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || date.getUTCFullYear() !== year)
    return undefined
  if (time < earliest || time > latest) return undefined
  return time * 1000 + Number((match[7] ?? "").padEnd(6, "0"))
}

const earliest = Date.UTC(1677, 8, 22)
const latest = Date.UTC(2262, 3, 11)
