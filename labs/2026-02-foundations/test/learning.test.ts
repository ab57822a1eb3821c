import { join } from "node:path"
import { createRandom, shuffle } from "@roadmap/core/random"
import { describeDrills } from "@roadmap/labkit/testing/drills"
import { describeExercises } from "@roadmap/labkit/testing/exercises"
import { describe, expect, test } from "vitest"
import { nearestFlightsError } from "../exercises/03-time-split/harness.ts"
import { type Flight, splitByTime } from "../exercises/03-time-split/solution.ts"
import { chooseK } from "../exercises/06-choosing-k/solution.ts"
import { readCsv } from "../exercises/read-csv.ts"

const lab = join(import.meta.dirname, "..")
await describeExercises(lab)
await describeDrills(lab)

describe("figures that the exercises' texts state", () => {
  const dataOf = (exercise: string, file: string) => readCsv(join(lab, "exercises", exercise, file))

  test("a random split flatters the nearest-flights model, and a split by time does not", () => {
    const { departure, delay } = dataOf("03-time-split", "chicago.csv")
    const flights = departure.map((time, row): Flight => ({ departure: time, delay: Number(delay[row]) }))
    const constantError = ({ train, test }: { train: number[]; test: number[] }) => {
      const mean = train.reduce((sum, row) => sum + flights[row].delay, 0) / train.length
      const squares = test.reduce((sum, row) => sum + (flights[row].delay - mean) ** 2, 0)
      return Math.sqrt(squares / test.length)
    }
    const shuffled = Array.from({ length: 10 }, (_, seed) => {
      const order = [
        ...shuffle(
          Int32Array.from(flights, (_, row) => row),
          createRandom(seed),
        ),
      ]
      const cut = Math.ceil(0.25 * order.length)
      const split = { test: order.slice(0, cut), train: order.slice(cut) }
      return { nearest: nearestFlightsError(flights, split), constant: constantError(split) }
    })
    const meanOf = (name: "nearest" | "constant") =>
      shuffled.reduce((sum, one) => sum + one[name] / shuffled.length, 0)
    const byTime = splitByTime(flights, 0.25)

    expect(flights).toHaveLength(1_918)
    expect(Math.round(meanOf("nearest"))).toBe(35)
    expect(Math.round(meanOf("constant"))).toBe(38)
    expect(Math.round(nearestFlightsError(flights, byTime))).toBe(112)
    expect(Math.round(constantError(byTime))).toBe(37)
  })

  test("the silhouette chooses three groups of airports", () => {
    const table = dataOf("06-choosing-k", "airports.csv")
    const points = table.airport.map((_, row) =>
      ["delay", "late", "flights", "distance"].map(name => Number(table[name][row])),
    )
    const clusterings = [2, 3, 4, 5, 6, 7, 8].map(k => ({ k, labels: table[`k${k}`].map(Number) }))
    expect(points).toHaveLength(200)
    expect(chooseK(points, clusterings).k).toBe(3)
  })

  test("the files have the rows that the texts speak of", () => {
    const days = new Set(dataOf("05-baseline", "june-errors.csv").day)
    expect(days.size).toBe(10)
    expect(dataOf("05-baseline", "june-errors.csv").day).toHaveLength(1_671)
    expect(dataOf("07-cross-fitting", "flights.csv").day).toHaveLength(517)
  })
})
