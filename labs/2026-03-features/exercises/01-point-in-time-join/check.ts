import { readFileSync } from "node:fs"
import { join } from "node:path"
import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Fact, Label, pointInTimeJoin } from "./solution.ts"

const real: { airports: string[]; departures: number[]; known: number[]; delays: number[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "flights.json"), "utf8"),
)
const realFacts = real.airports.map(
  (airport, row): Fact => ({
    airport,
    departure: real.departures[row],
    known: real.known[row],
    written: real.known[row] + row / real.airports.length,
    delay: real.delays[row],
  }),
)

const flight = (
  airport: string | null,
  departure: number,
  known: number,
  delay: number,
  written = known,
) => ({
  airport,
  departure,
  known,
  written,
  delay,
})
const tied = "two flights in one minute, and a row that was written three times"

export default defineCheck<typeof pointInTimeJoin>({
  answer: "pointInTimeJoin",
  // By sorting what each label may see.
  reference: (labels, facts, ttl) =>
    labels.map(({ airport, time }) => {
      const seen = facts.filter(fact => airport !== null && fact.airport === airport && fact.known <= time)
      const latest = seen
        .toSorted((a, b) => a.departure - b.departure || a.known - b.known || a.written - b.written)
        .at(-1)
      return latest !== undefined && time - latest.departure <= ttl ? latest.delay : null
    }),
  cases: ({ random }) => {
    const airports = ["ATL", "DFW", "ORD"]
    const departures = Array.from({ length: 400 }, (_, i) => 3 * i + random.integer(3))
    const facts = departures
      .map(departure => {
        const delay = Math.round(8 + 25 * random.normal())
        const airport = random.integer(20) === 0 ? null : airports[random.integer(3)]
        return flight(airport, departure, departure + 60 + random.integer(240) + Math.max(0, delay), delay)
      })
      .sort((a, b) => a.delay - b.delay)
    const labels = Array.from(
      { length: 200 },
      (): Label => ({
        airport: random.integer(20) === 0 ? null : [...airports, "SFO"][random.integer(4)],
        time: random.integer(1_500),
      }),
    )
    return [
      {
        name: "a flight still in the air",
        args: [
          [{ airport: "ORD", time: 600 }],
          [flight("ORD", 480, 560, 5), flight("ORD", 530, 640, 90), flight("ATL", 490, 570, 41)],
          240,
        ],
        expect: [5],
        because: "the flight of 530 arrives at 640: at 600 nobody can know that it will be 90 minutes late.",
      },
      {
        name: "the label's own flight",
        args: [
          [{ airport: "ORD", time: 600 }],
          [flight("ORD", 600, 720, 33), flight("ORD", 505, 590, -4)],
          240,
        ],
        expect: [-4],
        because: "the flight of 600 is the one to predict; its delay is the answer.",
      },
      {
        name: "a flight that arrives in the label's minute",
        args: [
          [{ airport: "ORD", time: 600 }],
          [flight("ORD", 500, 600, 12), flight("ORD", 460, 550, 3)],
          240,
        ],
        expect: [12],
        because: "known at 600 is known to a label of 600.",
      },
      {
        name: "a short flight overtakes a long one",
        args: [
          [{ airport: "ORD", time: 700 }],
          [flight("ORD", 500, 690, 2), flight("ORD", 560, 650, 28)],
          240,
        ],
        expect: [28],
        because: "both have arrived; the one of 560 left later, so it tells more about the airport now.",
      },
      {
        name: "a flight until the end of its TTL, and after it",
        args: [
          [
            { airport: "ORD", time: 740 },
            { airport: "ORD", time: 741 },
            { airport: "ORD", time: 900 },
          ],
          [flight("ORD", 500, 610, 17)],
          240,
        ],
        expect: [17, null, null],
        because: "240 minutes after its departure it still counts, 241 minutes after it no longer.",
      },
      {
        name: "labels in no order, one twice, one of an unknown airport and one of none",
        args: [
          [
            { airport: "ORD", time: 660 },
            { airport: null, time: 660 },
            { airport: "ATL", time: 580 },
            { airport: "SFO", time: 660 },
            { airport: "ORD", time: 660 },
          ],
          [flight("ORD", 500, 610, 17), flight("ATL", 470, 575, 6), flight(null, 510, 600, 99)],
          240,
        ],
        expect: [17, null, 6, null, 17],
      },
      {
        name: tied,
        args: [
          [
            { airport: "ORD", time: 700 },
            { airport: "ATL", time: 700 },
          ],
          [
            flight("ORD", 540, 640, 10),
            flight("ORD", 540, 655, 20),
            flight("ORD", 540, 630, 30),
            flight("ATL", 540, 640, 40, 641),
            flight("ATL", 540, 640, 50, 650),
            flight("ATL", 540, 640, 60, 645),
          ],
          240,
        ],
        expect: [20, 50],
        because:
          "of equal departures the later known time decides, of equal known times the row written last.",
      },
      { name: "400 flights and 200 labels, shuffled", args: [labels, facts, 180] },
      {
        name: `${realFacts.length} real flights, each a label`,
        args: [realFacts.map(({ airport, departure }) => ({ airport, time: departure })), realFacts, 240],
      },
    ]
  },
  mistakes: {
    "by-departure": {
      message:
        "Flights are joined by when they left: every flight that left before the label counts, those in the air included. Their delay is known on arrival: compare `known` with the label's time.",
    },
    "own-flight": {
      message:
        "Flights are joined by when they left, the label's own minute included: the feature is the delay of the very flight to predict. Nothing looks better in training, and nothing is there to serve. Compare `known` with the label's time.",
    },
    "known-before": {
      message:
        "A fact that becomes known in the label's own minute is left out: the comparison is <. Known at the label's time is known: it is <=, in training and in serving alike, or the two differ.",
    },
    "arrived-last": {
      message:
        "The latest fact is taken to be the one that arrived last. A long flight arrives after a short one that left later: `known` decides what may be seen, `departure` which of it is the latest.",
    },
    "ties-by-position": {
      message:
        "Between flights of one departure the order of the list decides. A table has no order, so the training set would be another one each time: the later known time decides, then the row written last.",
      // Only the case with ties has any.
      when: seen =>
        seen.every(one => one.passed === (one.name !== tied)) &&
        seen.some(({ name, output }) => name === tied && Array.isArray(output) && output.length === 2),
    },
    "drops-labels": {
      message:
        "Labels without a known flight are left out, as an inner join does. The model then never trains on the morning's first flights, and meets them in production: keep every label, with null.",
    },
    "doubles-labels": {
      message:
        "A label comes out several times when several facts share the latest departure: a join on the greatest departure finds them all. Choose one fact for each label, with the rule for ties.",
    },
    "sorts-labels": {
      message:
        "The values are in the order of time, not of the labels. Beside the labels' other columns every value then stands in a wrong row: return them in the order in which the labels came.",
    },
    "no-ttl": {
      message:
        "A flight counts however old it is. Last night's delay says nothing about noon: when the latest known fact departed more than `ttl` minutes before, the value is null.",
    },
    "ttl-since-known": {
      message:
        "The age of a fact is measured from when it became known. It is about something that happened at its departure: the TTL counts from there.",
    },
    "null-is-a-key": {
      message:
        "Labels without an airport are joined to facts without one, because null === null. Nobody knows that these are the same place: a null key matches nothing.",
    },
  },
  passed:
    "packages/feature-store states the same rules once (src/definitions.ts), and three ways to compute them agree on random cases: SQL, a sweep over sorted arrays, and nested loops like yours.",
})
