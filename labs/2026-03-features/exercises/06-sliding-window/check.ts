import { readFileSync } from "node:fs"
import { join } from "node:path"
import { defineCheck } from "@roadmap/labkit/exercises/check"
import { counted } from "@roadmap/labkit/exercises/prepared"
import type { windowMeans } from "./solution.ts"

const real: { departures: number[]; known: number[]; delays: number[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "flights.json"), "utf8"),
)
const byKnown = real.known.map((_, i) => i).sort((a, b) => real.known[a] - real.known[b])

export default defineCheck<typeof windowMeans>({
  answer: "windowMeans",
  // Every window from the beginning.
  reference: (times, known, delays, window) =>
    times.map(time => {
      const inside = delays.filter((delay, i) => {
        const age = time - known[i]
        return age >= 0 && age < window && !Number.isNaN(delay)
      })
      return inside.reduce((sum, delay) => sum + delay, 0) / inside.length
    }),
  cases: ({ random }) => {
    const ascending = (count: number, range: number) =>
      Array.from({ length: count }, () => random.integer(range)).sort((a, b) => a - b)
    const delays = (count: number) =>
      Array.from({ length: count }, () =>
        random.integer(15) === 0 ? Number.NaN : Math.round(8 + 25 * random.normal()),
      )
    return [
      {
        name: "three facts and three times",
        args: [[100, 160, 300], [50, 100, 130], [10, 20, 60], 60],
        expect: [15, 60, Number.NaN],
        because:
          "at 160 the fact of 100 has just left; at 300 nothing is left, and a mean of nothing is NaN.",
      },
      {
        name: "a delay that was not recorded",
        args: [[20, 30, 200], [10, 15, 25, 180], [4, Number.NaN, 8, 6], 60],
        expect: [4, 6, 6],
        because: "the NaN of 15 counts nowhere, neither while it is in the window nor after it has left.",
      },
      {
        name: "several facts and times in one minute",
        args: [[5, 10, 10, 70], [10, 10, 10, 70], [3, 6, 9, 30], 60],
        expect: [Number.NaN, 6, 6, 30],
      },
      {
        name: "200 times, 300 random facts",
        args: [ascending(200, 5_000), ascending(300, 5_000), delays(300), 180],
      },
      {
        name: "500 times, 500 facts, a window of a third of them",
        args: [counted(ascending(500, 9_000)), counted(ascending(500, 9_000)), counted(delays(500)), 3_000],
        limit: {
          reads: 6_000,
          why: "a fact enters the window once and leaves it once, so a few reads of each suffice",
        },
      },
      {
        name: `${real.known.length} real flights`,
        args: [real.departures, byKnown.map(i => real.known[i]), byKnown.map(i => real.delays[i]), 180],
      },
    ]
  },
  mistakes: {
    "scans-for-each-time": {
      message:
        "The means are right, but the facts are searched again for each time. The window moves forward only: keep two positions and a sum, and move them.",
    },
    "window-closed-at-both-ends": {
      message:
        "A fact known exactly at t − window is still counted. The window is (t − window, t]: closed on both sides, windows side by side count a fact twice.",
    },
    "leaves-out-now": {
      message:
        "A fact known exactly at t is not counted. Known now is known: leave it out in training, and the values that serve are other ones.",
    },
    "nan-stays": {
      message:
        "A delay of NaN enters the sum and makes every later mean NaN: subtracting NaN does not take it out again. Leave it out, on the way in and on the way out.",
    },
    "missing-counts-as-zero": {
      message:
        "A delay that was not recorded counts as 0 minutes. Unknown is not on time: it counts neither in the sum nor in the number.",
    },
    "empty-is-zero": {
      message:
        "A window without any delay gives 0, which says that flights were on time. Nothing is known: the mean is NaN, and the model is told so.",
    },
    "never-forgets": {
      message:
        "Facts enter the window and never leave it: this is the mean of all the past. Subtract those that became known at t − window or before.",
    },
  },
  passed:
    "The sweep of packages/feature-store (src/sweep/windows.ts) does this for every key and window of a view at once.",
})
