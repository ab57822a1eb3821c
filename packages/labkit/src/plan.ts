import { RoadmapError } from "@roadmap/core/errors"
import type { Lab } from "./lab.ts"

export interface PlannedMonth<E> {
  entry: E
  lab: Lab
  /** Months whose products this one consumes. */
  upstream: string[]
}

/**
 * The wanted labs and all that they build on, each before those that consume it. A lab consumes another
 * when a name in its `consumes` is in the other's `produces`. Throws UNKNOWN_NAME for a name nobody produces.
 */
export const planMonths = <E>(
  labs: readonly (readonly [E, Lab])[],
  wanted: readonly E[],
): PlannedMonth<E>[] => {
  const producer = new Map(labs.flatMap(pair => pair[1].produces.map(name => [name, pair] as const)))
  const planned = new Map<Lab, PlannedMonth<E>>()

  const visit = ([entry, lab]: readonly [E, Lab], path: readonly Lab[]): void => {
    if (planned.has(lab)) return
    if (path.includes(lab))
      throw new Error(`Labs build on each other in a circle: ${path.map(l => l.month).join(" -> ")}.`)
    const upstream = new Set<string>()
    for (const name of lab.consumes) {
      const found = producer.get(name)
      if (!found)
        throw new RoadmapError(
          "UNKNOWN_NAME",
          `Month ${lab.month} consumes "${name}", which no month produces.`,
          {
            hint: "Correct `consumes` in its lab.ts.",
          },
        )
      visit(found, [...path, lab])
      upstream.add(found[1].month)
    }
    planned.set(lab, { entry, lab, upstream: [...upstream] })
  }

  for (const pair of labs) if (wanted.includes(pair[0])) visit(pair, [])
  return [...planned.values()]
}
