/** What a sync counts. */
export const kinds = [
  "experiments",
  "runs",
  "metric points",
  "parameters",
  "tags",
  "inputs",
  "artifacts",
  "models",
  "versions",
  "aliases",
] as const
export type Kind = (typeof kinds)[number]

/** Counts of one sync: how many there are here, were written now, and were read back equal; and what was not equal. */
export interface Tally {
  here: Record<Kind, number>
  pushed: Record<Kind, number>
  verified: Record<Kind, number>
  differences: string[]
  /** Things that are not pushed, and why. */
  left: string[]
}

export const newTally = (): Tally => {
  const zero = () => Object.fromEntries(kinds.map(kind => [kind, 0])) as Record<Kind, number>
  return { here: zero(), pushed: zero(), verified: zero(), differences: [], left: [] }
}

/** Counts those that are equal there, and notes the others. Both are compared as text of their values. */
export const verify = <T>(
  tally: Tally,
  kind: Kind,
  what: string,
  here: Iterable<[string, T]>,
  there: ReadonlyMap<string, T>,
): void => {
  for (const [key, value] of here) {
    const found = there.get(key)
    if (found !== undefined && textOf(found) === textOf(value)) tally.verified[kind]++
    else tally.differences.push(`${what}: ${kind} "${key}" ${found === undefined ? "is missing" : "differs"}`)
  }
}

/** NaN equals NaN; minus zero equals zero, because MLflow's databases do not keep it. */
const textOf = (value: unknown): string => (typeof value === "number" ? String(value) : JSON.stringify(value))
