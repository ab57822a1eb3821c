import { join } from "node:path"
import { shuffle } from "@roadmap/core/random"
import { defineCheck, type Observation } from "@roadmap/labkit/exercises/check"
import { readCsv } from "../read-csv.ts"
import { type default as harness, nearestFlightsError } from "./harness.ts"
import type { Flight } from "./solution.ts"

type Subject = ReturnType<typeof harness>
type Seen = readonly Observation<Subject>[]

const chicago = readCsv(join(import.meta.dirname, "chicago.csv"))
const flights = chicago.departure.map(
  (departure, row): Flight => ({ departure, delay: Number(chicago.delay[row]) }),
)
const dayOf = ({ departure }: Flight) => departure.slice(0, 10)

/** The two sides of an output, when it has two lists of row numbers. */
const sidesOf = ({ output, args }: Seen[number]): { train: number[]; test: number[] } | undefined => {
  const areRows = (rows: unknown) =>
    Array.isArray(rows) && rows.length > 0 && rows.every(row => row in args[0])
  return output && areRows(output.train) && areRows(output.test) ? output : undefined
}
const shared = <T>(a: readonly T[], b: readonly T[]): number =>
  [...new Set(a)].filter(one => b.includes(one)).length

/** Days that have flights on both sides. */
const sharedDays = (one: Seen[number]): number => {
  const sides = sidesOf(one)
  const daysOf = (rows: readonly number[]) => rows.map(row => dayOf(one.args[0][row]))
  return sides ? shared(daysOf(sides.train), daysOf(sides.test)) : 0
}
const sharesRows = (one: Seen[number]): boolean => {
  const sides = sidesOf(one)
  return sides !== undefined && shared(sides.train, sides.test) > 0
}
const inPosition = (one: Seen[number]): boolean => {
  const sides = sidesOf(one)
  return sides !== undefined && Math.max(...sides.train) < Math.min(...sides.test)
}
const inTime = (one: Seen[number]): boolean => {
  const sides = sidesOf(one)
  const times = (rows: readonly number[]) => rows.map(row => one.args[0][row].departure).sort()
  return sides !== undefined && times(sides.train).at(-1)! <= times(sides.test)[0]
}

export default defineCheck<Subject>({
  answer: "splitByTime",
  // By trying every day, latest first, and counting afresh.
  reference: (given, testShare) => {
    const days = [...new Set(given.map(dayOf))].sort().reverse()
    const share = (day: string) => given.filter(flight => dayOf(flight) >= day).length / given.length
    const firstTestDay = days.find(day => share(day) >= testShare)!
    const rowsWhere = (keep: (flight: Flight) => boolean) =>
      given.flatMap((flight, row) => (keep(flight) ? [row] : []))
    const train = rowsWhere(flight => dayOf(flight) < firstTestDay)
    const test = rowsWhere(flight => dayOf(flight) >= firstTestDay)
    const meanDelay = train.reduce((mean, row) => mean + given[row].delay / train.length, 0)
    return { firstTestDay, train, test, meanDelay, error: nearestFlightsError(given, { train, test }) }
  },
  cases: ({ random }) => [
    {
      name: "flights around two midnights",
      args: [
        [
          { departure: "2001-05-01T08:00", delay: -4 },
          { departure: "2001-05-01T23:59", delay: 10 },
          { departure: "2001-05-02T00:00", delay: 3 },
          { departure: "2001-05-02T12:00", delay: 21 },
          { departure: "2001-05-03T00:00", delay: 60 },
          { departure: "2001-05-03T09:00", delay: 33 },
        ],
        0.3,
      ],
      because: "2 of 6 flights leave on 3 May, which is at least 30 %; its first one leaves at 00:00.",
    },
    {
      name: "a cut by rows would fall into a day",
      args: [
        Array.from({ length: 10 }, (_, i) => ({
          departure: `2001-05-0${1 + Math.floor(i / 4)}T1${i % 4}:00`,
          delay: i * i,
        })),
        0.3,
      ],
      because: "the last day has 2 of 10 flights, too few; with the day before there are 6.",
    },
    {
      name: "rows in no order",
      args: [
        [
          { departure: "2001-05-03T09:00", delay: 33 },
          { departure: "2001-05-01T08:00", delay: -4 },
          { departure: "2001-05-04T07:00", delay: 60 },
          { departure: "2001-05-02T12:00", delay: 21 },
          { departure: "2001-05-01T19:00", delay: 8 },
          { departure: "2001-05-02T06:30", delay: 0 },
        ],
        0.25,
      ],
    },
    { name: "two months of Chicago", args: [flights, 0.25] },
    {
      name: "two months of Chicago, shuffled",
      args: [
        Array.from(
          shuffle(
            Int32Array.from(flights, (_, row) => row),
            random,
          ),
          row => flights[row],
        ),
        0.4,
      ],
    },
    {
      name: "all flights on one day",
      args: [
        [
          { departure: "2001-05-01T08:00", delay: -4 },
          { departure: "2001-05-01T09:00", delay: 10 },
        ],
        0.5,
      ],
      throws: /train/,
      because: "the one day would be the test set.",
    },
  ],
  mistakes: {
    "random-split": {
      message:
        "Flights of one day are on both sides: this is a random split. The nearest-flights model then looks up the storm it is tested on (error about 35 minutes); on days it has not seen the same model is at 112.",
      when: seen =>
        seen.some(one => sharedDays(one) > 1 && !sharesRows(one) && !inPosition(one) && !inTime(one)),
    },
    "cuts-a-day": {
      message:
        "The cut is by number of rows and falls into the middle of a day, so its morning trains and its evening tests. Weather and knock-on delays make flights of one day alike: move the cut to midnight.",
      when: seen => seen.some(one => sharedDays(one) === 1 && !sharesRows(one) && inTime(one)),
    },
    "both-ends": {
      message:
        "The first test day is in training too: both comparisons include the boundary. A flight belongs to exactly one side.",
      when: seen => seen.some(sharesRows),
    },
    "loses-a-day": {
      message:
        "The boundary day is on neither side: both comparisons leave it out. Test rows are those of that day or later.",
    },
    "by-position": {
      message:
        "The last rows of the list are taken for the latest flights. Files and tables have no order that you can rely on: look at the departure.",
      when: seen => seen.some(one => sharedDays(one) > 1 && !sharesRows(one) && inPosition(one)),
    },
    "mean-of-all-rows": {
      message:
        "The split is right, but the mean delay is taken over all flights. A statistic that has seen the test days tells the model about them: take it over the training rows.",
    },
  },
  passed:
    "The lab cuts its six months the same way (src/split.ts), deals training days, whole, to folds, and resamples days, not flights, for its intervals.",
})
