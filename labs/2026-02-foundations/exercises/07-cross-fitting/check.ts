import { join } from "node:path"
import { defineCheck } from "@roadmap/labkit/exercises/check"
import { readCsv } from "../read-csv.ts"
import type { crossFit, Flight } from "./solution.ts"

const table = readCsv(join(import.meta.dirname, "flights.csv"))
const west = table.origin.map(
  (origin, row): Flight => ({
    origin,
    destination: table.destination[row],
    day: Number(table.day[row]),
    fold: Number(table.fold[row]),
    delay: Number(table.delay[row]),
  }),
)

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

export default defineCheck<typeof crossFit>({
  answer: "crossFit",
  // One flight at a time, from the definition; quadratic.
  reference: (flights, smoothing) =>
    flights.map(({ origin, destination, fold }) => {
      const known = flights.filter(other => other.fold >= 0 && other.fold !== fold)
      const delays = (group: readonly Flight[]) => group.map(flight => flight.delay)
      const pull = (group: readonly Flight[], wider: number) =>
        sum([...delays(group), smoothing * wider]) / (group.length + smoothing)
      const fromOrigin = known.filter(other => other.origin === origin)
      const onRoute = fromOrigin.filter(other => other.destination === destination)
      const originDelay = pull(fromOrigin, sum(delays(known)) / known.length)
      return {
        originDelay,
        routeDelay: pull(onRoute, originDelay),
        routeFlightsADay: onRoute.length / new Set(known.map(other => other.day)).size,
      }
    }),
  cases: ({ random }) => {
    const flight = (route: string, day: number, fold: number, delay: number): Flight => {
      const [origin, destination] = route.split("-")
      return { origin, destination, day, fold, delay }
    }
    const airports = ["BUR", "LAS", "OAK", "PHX"]
    return [
      {
        name: "two training flights and a later one on their route",
        args: [[flight("SAN-OAK", 1, 0, 30), flight("SAN-OAK", 2, 1, 10), flight("SAN-OAK", 9, -1, 5)], 1],
        expect: [
          { originDelay: 10, routeDelay: 10, routeFlightsADay: 1 },
          { originDelay: 30, routeDelay: 30, routeFlightsADay: 1 },
          { originDelay: 20, routeDelay: 20, routeFlightsADay: 1 },
        ],
        because:
          "each training flight knows the other fold only, 1 flight on 1 day; the later one knows both, 2 on 2.",
      },
      {
        name: "a later flight on a new route",
        args: [
          [
            flight("SAN-OAK", 1, 0, 30),
            flight("SAN-OAK", 2, 1, 20),
            flight("PHX-OAK", 1, 0, -10),
            flight("PHX-OAK", 2, 1, 0),
            flight("SAN-LAS", 9, -1, 5),
            flight("BUR-LAS", 9, -1, 5),
          ],
          2,
        ],
        because:
          "no flight went to LAS: the route takes the delay of its origin, and BUR, unseen as well, the overall 10.",
      },
      {
        name: "three flights of one fold on one day",
        args: [
          [
            flight("SAN-OAK", 1, 0, 60),
            flight("SAN-OAK", 1, 0, 50),
            flight("SAN-OAK", 1, 0, 70),
            flight("SAN-OAK", 2, 1, 4),
            flight("SAN-OAK", 3, 1, 6),
          ],
          1,
        ],
        because:
          "flights of one day share its weather: a fold is left out whole, not only the flight itself.",
      },
      {
        name: "300 random flights in 5 folds",
        args: [
          Array.from({ length: 300 }, () => {
            const day = random.integer(40)
            const [origin, destination] = [airports[random.integer(4)], airports[random.integer(4)]]
            return flight(
              `${origin}-${destination}`,
              day,
              day < 30 ? day % 5 : -1,
              Math.round(10 + 20 * random.normal()),
            )
          }),
          5,
        ],
      },
      { name: `${west.length} flights between five airports`, args: [west, 20] },
    ]
  },
  mistakes: {
    "in-sample": {
      message:
        "Training flights are in their own statistics: every training flight knows all of training. The feature then carries the answer. Leave its fold out.",
    },
    "leaves-only-itself-out": {
      message:
        "Only the flight itself is left out, while the others of its fold, and so of its day and its storm, stay in. And a mean without oneself tells one's own delay backwards: it is low where the own delay is high. Leave the whole fold out.",
    },
    "marks-unseen-routes": {
      message:
        "A route without known flights gets a value of its own. That value marks unseen routes: in training those are oddities, later they are new schedules, and the model takes one for the other. Fall back to the delay of the origin.",
      // All is right where routes have known flights; only the new route is not.
      when: seen => {
        const [allKnown, newRoutes, oneFold] = seen
        const wrong = (newRoutes?.output ?? []).flatMap((one, row) =>
          Math.abs(one.routeDelay - newRoutes.expected![row].routeDelay) < 1e-9 ? [] : [row],
        )
        return allKnown.passed && oneFold?.passed === true && wrong.length > 0 && wrong.every(row => row >= 4)
      },
    },
    "falls-back-to-overall": {
      message:
        "Routes are pulled towards the overall mean. Their origin is nearer to them: a new route from a late airport is late too. Pull a route towards the delay of its origin.",
    },
    "counts-not-scaled": {
      message:
        "routeFlightsADay is a bare count. In training rows a fold is missing from it, so it is smaller there than in later rows of the very same route: divide by the number of known days.",
    },
    "knows-the-future": {
      message:
        "Later flights (fold −1) are among the known ones. Their delay is not known when a flight leaves; it is what the model is tested on.",
    },
  },
  passed:
    "src/features.ts does this in SQL for six groups. Its comments say what the leak looked like in the real data.",
})
