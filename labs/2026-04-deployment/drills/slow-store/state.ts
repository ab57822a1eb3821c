import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { readHealth, type StoreHealth } from "./store.ts"
import { type Fate, readServing, type Serving, sendAfterwards, sendTraffic, type Traffic } from "./traffic.ts"

/** Every second airport by size is kept by the part that fails. */
export const slowAirports = ["ATL", "BOS", "DFW", "EWR", "IAH", "ORD"]

export const stalled: StoreHealth = { slowAirports, stallMs: 3_600_000 }

export interface State extends Traffic {
  serving: Serving
  /** Requests to the slow part, once it is well again. */
  afterwards: Record<Fate, number>
  storeUntouched: boolean
}

export const observe = async ({ config }: DrillPlace): Promise<State> => {
  const health = await readHealth(config)
  const during = await sendTraffic(config, stalled)
  return {
    ...during,
    serving: await readServing(config),
    afterwards: await sendAfterwards(config, slowAirports),
    storeUntouched: JSON.stringify(health) === JSON.stringify(stalled),
  }
}

const total = (counts: Record<Fate, number>): number => counts.answered + counts.told + counts["given up"]
const text = (counts: Record<Fate, number>): string =>
  Object.entries(counts)
    .map(([fate, count]) => `${count} ${fate}`)
    .join(", ")

/** More than that in work at once, and a flood would take the process's memory. */
const mostInFlight = 500

export const grade = (state: State): readonly Grade[] => {
  const { slowPart, otherAirports, withoutStore, afterwards, serving, storeUntouched } = state
  const answered = (counts: Record<Fate, number>) => counts.answered === total(counts)
  return [
    {
      what: "requests that bring their features are answered while the store is slow",
      passed: answered(withoutStore),
      found: text(withoutStore),
    },
    {
      what: "so are those for airports of its other parts",
      passed: answered(otherAirports),
      found: text(otherAirports),
    },
    {
      what: "nobody who asks for the slow part waits until he gives up: he is told in time",
      passed: slowPart["given up"] === 0,
      found: text(slowPart),
    },
    {
      what: "once the store is well, its airports are answered as before",
      passed: answered(afterwards),
      found: text(afterwards),
    },
    {
      what: `the server still has a limit that protects it (at most ${mostInFlight} in work)`,
      passed: serving.maxInFlight <= mostInFlight,
      found: `maxInFlight is ${serving.maxInFlight}`,
    },
    {
      what: "the other team's store is as it is",
      passed: storeUntouched,
      found: storeUntouched ? "it is" : "store.json was changed: their store was not",
    },
  ]
}
