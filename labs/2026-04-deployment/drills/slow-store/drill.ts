import { defineDrill } from "@roadmap/labkit/drills/drill"
import { grade, observe, type State, slowAirports, stalled } from "./state.ts"
import { buildSystem, writeHealth } from "./store.ts"
import { readServing, writeServing } from "./traffic.ts"

const usual = { maxInFlight: 8, timeoutMs: 10_000 }

export default defineDrill<State>({
  id: "slow-store",
  title: "Somebody else is slow",
  targetMinutes: 15,
  async prepare({ config, signal }) {
    await buildSystem(config, signal)
    await writeServing(config, usual)
    await writeHealth(config, { slowAirports, stallMs: 0 })
  },
  break: ({ config }) => writeHealth(config, stalled),
  observe,
  grade,
  causes: {
    store: "a part of the feature store answers slowly, and requests to it hold all places of the server",
    model: "the model has become slower with its last release",
    flood: "more requests come than the server can score",
    blocked: "large requests block the event loop",
  },
  cause: "store",
  recoveries: {
    right: ({ config }) => writeServing(config, { maxInFlight: 128, timeoutMs: 200 }),
    wrong: {
      "gives the store more time": ({ config }) =>
        writeServing(config, { maxInFlight: 8, timeoutMs: 60_000 }),
      "makes room for more, and lets them wait": ({ config }) =>
        writeServing(config, { maxInFlight: 128, timeoutMs: 10_000 }),
      "shortens the wait, and leaves eight places": ({ config }) =>
        writeServing(config, { maxInFlight: 8, timeoutMs: 200 }),
      "takes every limit away": ({ config }) =>
        writeServing(config, { maxInFlight: 1_000_000, timeoutMs: 200 }),
      async "writes down that the store is well"({ config }) {
        await writeHealth(config, { slowAirports, stallMs: 0 })
        await writeServing(config, { ...(await readServing(config)), maxInFlight: 128 })
      },
    },
  },
  passed:
    "A slow dependency is worse than a dead one: it keeps what it is given. The deadline bounds how long a place is held, the number of places bounds how many are, and both together decide who else is hurt. Rate × deadline is how many places a stall takes.",
})
