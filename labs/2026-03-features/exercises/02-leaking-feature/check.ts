import type { Random } from "@roadmap/core/random"
import { defineCheck } from "@roadmap/labkit/exercises/check"
import { features, type default as harness } from "./harness.ts"
import type { Departing, Flight } from "./solution.ts"

/** What the delivered columns were made from: for each flight, the facts its features were given. */
type Sees = (fact: Flight, flight: Flight) => boolean
const honest: Sees = (fact, flight) => fact.known <= flight.departure

/** 160 flights of two days. Each airport has storms of some hours, so delays of neighbouring flights are alike. */
const flightsOf = (random: Random, flights = 160): Flight[] => {
  const airports = ["ATL", "DEN", "DFW", "ORD", "SFO"]
  const storms = airports.map(() => ({ start: 60 * random.integer(40), minutes: 30 + random.integer(40) }))
  return Array.from({ length: flights }, (_, i) => {
    const departure = 300 + 17 * i + random.integer(17)
    const from = random.integer(airports.length)
    const to = (from + 1 + random.integer(airports.length - 1)) % airports.length
    const storm = storms[from]
    const isStorm = departure >= storm.start && departure < storm.start + 480
    const delay = Math.round(10 * ((isStorm ? storm.minutes : 3) + 9 * random.normal())) / 10
    const distance = 400 + 60 * Math.abs(from - to) + random.integer(300)
    const landed = Math.round(departure + 30 + distance / 7.5 + Math.max(0, delay))
    // One row in twelve comes hours late.
    const known = landed + (random.integer(12) === 0 ? 200 + random.integer(300) : 0)
    return { origin: airports[from], destination: airports[to], departure, landed, known, distance, delay }
  })
}

/** A training set: features by name, with what each was allowed to see. */
const tableOf = (flights: readonly Flight[], made: Record<string, Sees>): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(made).map(([name, sees]) => [
      name,
      // In the other order, as another engine may add: sums then differ in their last digits.
      flights.map(flight => features[name](flight, flights.filter(fact => sees(fact, flight)).reverse())),
    ]),
  )

export default defineCheck<ReturnType<typeof harness>>({
  answer: "findLeaks",
  reference: (flights, table) =>
    Object.entries(table).flatMap(([name, column]) => {
      const clean = column.every((value, row) => {
        const { origin, destination, departure, distance } = flights[row]
        const then: Departing = { origin, destination, departure, distance }
        const again = features[name](
          then,
          flights.filter(fact => fact.known <= departure),
        )
        return Object.is(value, again) || Math.abs(value - again) <= 1e-6
      })
      return clean ? [] : [name]
    }),
  cases: ({ random }) => {
    const world = (name: string, made: Record<string, Sees>, expect: string[], because: string) => {
      const flights = flightsOf(random.fork(name))
      return {
        name,
        args: [flights, tableOf(flights, made)] as [Flight[], Record<string, number[]>],
        expect,
        because,
      }
    }
    const inTheAir: Sees = (fact, flight) => fact.departure < flight.departure
    return [
      world(
        "a mean with flights that were in the air",
        {
          hour: honest,
          distance: honest,
          origin_delay: inTheAir,
          inbound_delay: honest,
          traffic: honest,
        },
        ["origin_delay"],
        "origin_delay was made from every flight that had left; those in the air had no delay yet.",
      ),
      world(
        "strong features, all of them clean",
        {
          origin_delay: honest,
          network_delay: honest,
          inbound_delay: honest,
          hour: honest,
          traffic: honest,
        },
        [],
        "all five give the same values again. origin_delay is strong because storms last for hours.",
      ),
      world(
        "a mean over the whole table",
        {
          origin_delay: honest,
          route_delay: () => true,
          distance: honest,
          hour: honest,
          network_delay: honest,
        },
        ["route_delay"],
        "route_delay holds flights of later days, and each flight itself.",
      ),
      world(
        "a column that is filled on the ground",
        {
          traffic: honest,
          speed: honest,
          origin_delay: honest,
          hour: honest,
          distance: honest,
        },
        ["speed"],
        "speed needs the landing time, which no flight has when it leaves.",
      ),
      world(
        "rows that came in late",
        {
          hour: honest,
          inbound_delay: (fact, flight) => fact.landed <= flight.departure,
          distance: honest,
          origin_delay: honest,
          route_delay: honest,
        },
        ["inbound_delay"],
        "inbound_delay used flights that had landed, but whose row was not in the warehouse yet.",
      ),
      world(
        "a leak in the last day alone",
        {
          origin_delay: honest,
          hour: honest,
          route_delay: honest,
          traffic: (fact, flight) =>
            flight.departure > 2_200 ? inTheAir(fact, flight) : honest(fact, flight),
          distance: honest,
        },
        ["traffic"],
        "traffic was filled by another job from minute 2,200 on, which counted flights when they left.",
      ),
      world(
        "another clean one",
        {
          route_delay: honest,
          distance: honest,
          network_delay: honest,
          traffic: honest,
          inbound_delay: honest,
        },
        [],
        "NaN stands where a flight had no history, in the table and in the replay.",
      ),
    ]
  },
  mistakes: {
    "trusts-correlation": {
      message:
        "The feature that goes best with the delay is accused. Clean features can be strong (a storm lasts for hours), and a leak can be weak: replay the features instead of judging by their skill.",
    },
    "replays-by-departure": {
      message:
        "The replay gives the features every flight that had left before. Those in the air had no delay: the replay leaks as the table does, and clean features look different. Known is what `known` says.",
    },
    "replays-by-landing": {
      message:
        "The replay gives the features every flight that had landed. Some rows reach the warehouse hours later; until then nothing that serves can read them. Known is what `known` says.",
    },
    "replays-everything": {
      message:
        "The replay gives the features all flights, later ones included. It repeats the only leak it should find, and accuses whatever is clean: give each flight the facts known when it left.",
    },
    "shows-the-outcome": {
      message:
        "The replay hands `compute` the whole row, with its landing and its delay. A column that is filled on arrival then gives the same value again: pass a flight that has only what was there when it left.",
    },
    "missing-differs": {
      message:
        "Two missing values count as a difference, because NaN !== NaN. Every feature without history in its first rows is accused: two NaN are the same.",
    },
    "exact-equality": {
      message:
        "Values must be equal to the last bit. The same mean, added in another order, differs in its last digits: allow for 0.000001.",
    },
    "first-rows-only": {
      message:
        "Only the first rows are replayed. Leaks of late rows and of a changed job are in a few rows somewhere: replay all of them.",
    },
  },
  passed:
    "The leakage report of packages/feature-store replays features in the same way (src/leakage/replay.ts), beside their skill against a time-shifted control.",
})
