import { join } from "node:path"
import { defineCheck } from "@roadmap/labkit/exercises/check"
import { readCsv } from "../read-csv.ts"
import type { Clustering, chooseK } from "./solution.ts"

const table = readCsv(join(import.meta.dirname, "airports.csv"))
const airports = table.airport.map((_, row) =>
  ["delay", "late", "flights", "distance"].map(name => Number(table[name][row])),
)
const airportClusterings: Clustering[] = [2, 3, 4, 5, 6, 7, 8].map(k => ({
  k,
  labels: table[`k${k}`].map(Number),
}))

type Points = readonly (readonly number[])[]

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

/** One point at a time, from the definition. */
const silhouetteOf = (points: Points, labels: readonly number[], at: number): number => {
  const to = (others: readonly number[]) =>
    mean(
      others.map(other => Math.sqrt(points[at].reduce((sum, x, i) => sum + (x - points[other][i]) ** 2, 0))),
    )
  const groups = Map.groupBy(labels.keys(), row => labels[row])
  const own = groups.get(labels[at])!.filter(row => row !== at)
  if (own.length === 0) return 0
  const others = [...groups].filter(([label]) => label !== labels[at]).map(([, rows]) => to(rows))
  const [a, b] = [to(own), Math.min(...others)]
  return a === b ? 0 : a < b ? 1 - a / b : b / a - 1
}

export default defineCheck<typeof chooseK>({
  answer: "chooseK",
  reference: (points, clusterings) => {
    const silhouettes = clusterings.map(({ labels }) =>
      mean(points.map((_, point) => silhouetteOf(points, labels, point))),
    )
    const best = Math.max(...silhouettes)
    return {
      k: Math.min(...clusterings.filter((_, i) => silhouettes[i] === best).map(({ k }) => k)),
      silhouettes,
    }
  },
  cases: ({ random }) => {
    const centres = [
      [0, 0],
      [6, 0],
      [0, 6],
    ]
    const blobs = Array.from({ length: 60 }, (_, i) => centres[i % 3].map(x => x + random.normal()))
    return [
      {
        name: "two pairs on a line",
        args: [
          [[0], [1], [5], [6]],
          [
            { k: 2, labels: [0, 0, 1, 1] },
            { k: 3, labels: [0, 0, 1, 2] },
          ],
        ],
        because:
          "with two groups the point 0 has a = 1 (to 1), b = 5.5 (to 5 and 6): 4.5 / 5.5. With three, 5 and 6 are alone and count 0.",
      },
      {
        name: "three pairs in a plane",
        args: [
          [
            [0, 0],
            [0, 2],
            [9, 0],
            [9, 2],
            [30, 40],
            [30, 43],
          ],
          [
            { k: 2, labels: [7, 7, 7, 7, 4, 4] },
            { k: 3, labels: [1, 1, 2, 2, 3, 3] },
          ],
        ],
      },
      {
        name: "points that lie on each other",
        args: [[[3], [3], [3], [8]], [{ k: 2, labels: [0, 1, 0, 1] }]],
        because: "the point 3 of the first group has a = 0 and b = 2.5: 1.",
      },
      {
        name: "60 points around three centres",
        args: [
          blobs,
          [
            { k: 2, labels: blobs.map((_, i) => (i % 3 === 0 ? 0 : 1)) },
            { k: 3, labels: blobs.map((_, i) => i % 3) },
            { k: 6, labels: blobs.map((_, i) => i % 6) },
          ],
        ],
      },
      { name: `${airports.length} airports, 2 to 8 groups`, args: [airports, airportClusterings] },
      {
        name: "a single group",
        args: [[[0], [1]], [{ k: 1, labels: [0, 0] }]],
        throws: /group/,
        because: "there is no other group, so b is not defined.",
      },
    ]
  },
  invariants: [
    {
      name: "A mean silhouette lies in -1..1",
      holds: ({ silhouettes }) =>
        silhouettes.every(value => value >= -1 && value <= 1) || `${silhouettes} do not`,
    },
  ],
  mistakes: {
    "smallest-inertia": {
      message:
        "The silhouettes are right, but k is always the largest one offered: so chooses who looks at the inertia, which shrinks with every further group. Take the k of the largest mean silhouette.",
    },
    "counts-itself": {
      message:
        "The point itself is counted in its own group, with distance 0. That makes a too small, most of all in small groups: divide by the size minus 1.",
    },
    "rewards-loners": {
      message:
        "A point alone in its group counts 1 here, as if it were perfectly placed. Then a group for every point wins; by definition it counts 0.",
    },
    "all-others-are-one": {
      message:
        "b is the mean distance to all points of all other groups. It asks about the next group only: the smallest of the groups' means.",
    },
    "squared-distances": {
      message:
        "The distances are squared. That is what k-means' inertia adds up; the silhouette takes the distances themselves.",
    },
  },
  passed:
    "The lab's group step chooses 3 groups of airports in the same way, with packages/ml/src/metrics/silhouette.ts.",
})
