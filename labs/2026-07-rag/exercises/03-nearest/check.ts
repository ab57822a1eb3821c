import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { nearest } from "./solution.ts"

export default defineCheck<typeof nearest>({
  answer: "nearest",
  // By the law of cosines, and one hit after the other.
  reference: (query, vectors, k) => {
    const squared = (vector: readonly number[]) => vector.reduce((sum, value) => sum + value ** 2, 0)
    const q = squared(query)
    const left = vectors.flatMap((vector, index) => {
      const v = squared(vector)
      const between = squared(vector.map((value, i) => value - query[i]))
      return v === 0 ? [] : [{ index, score: (q + v - between) / (2 * Math.sqrt(q * v)) }]
    })
    const found: { index: number; score: number }[] = []
    while (found.length < k && left.length > 0) {
      const best = left.reduce((a, b) => (b.score > a.score + 1e-12 ? b : a))
      found.push(best)
      left.splice(left.indexOf(best), 1)
    }
    return found
  },
  tolerance: { absolute: 1e-7 },
  cases: ({ random }) => {
    const vector = (dimensions: number): number[] => {
      const reach = 1 + random.integer(50)
      return Array.from({ length: dimensions }, () => (random.integer(2001) - 1000) * reach * 0.001)
    }
    return [
      {
        name: "a long vector beside a near one",
        args: [
          [1, 0],
          [
            [10, 10],
            [0.5, 0],
            [0, 3],
          ],
          2,
        ],
        expect: [
          { index: 1, score: 1 },
          { index: 0, score: Math.SQRT1_2 },
        ],
        because: "[0.5, 0] points where the query points; how long it is does not matter.",
      },
      {
        name: "a query that is not of length 1",
        args: [
          [3, 4],
          [
            [4, 3],
            [-3, -4],
            [3, 4],
          ],
          3,
        ],
        because: "the cosine is between -1 and 1, whatever the lengths.",
      },
      {
        name: "three in the same direction",
        args: [
          [0, 2],
          [
            [1, 1],
            [0, 1],
            [0, 8],
            [0, 4],
          ],
          3,
        ],
        because: "equal scores keep the order of their index.",
      },
      {
        name: "a vector of zeros",
        args: [
          [1, 1],
          [
            [0, 0],
            [-1, -1],
            [1, 0],
          ],
          3,
        ],
        expect: [
          { index: 2, score: Math.SQRT1_2 },
          { index: 1, score: -1 },
        ],
        because: "it has no direction: 0 / 0 is no score, and 0 would put it above what is opposite.",
      },
      {
        name: "many numbers of one sign, and one sharp match",
        args: [
          [0, 0, 1, 0, 0],
          [
            [1, 1, 1, 1, 1],
            [0, 0, 0.2, 0, 0.01],
          ],
          2,
        ],
      },
      { name: "no vectors", args: [[1, 2], [], 5], expect: [] },
      {
        name: "vectors of another embedder",
        args: [
          [1, 0, 0],
          [
            [1, 0, 0],
            [1, 0],
          ],
          2,
        ],
        throws: /dimension|embedder|length/i,
      },
      {
        name: "a query of zeros",
        args: [[0, 0], [[1, 0]], 1],
        throws: /./,
      },
      {
        name: "a vector with a number that is none",
        args: [
          [1, 0],
          [
            [1, 0],
            [Number.NaN, 1],
          ],
          1,
        ],
        throws: /./,
      },
      ...[2, 8, 32].map(dimensions => ({
        name: `40 random vectors of ${dimensions} dimensions`,
        args: [vector(dimensions), Array.from({ length: 40 }, () => vector(dimensions)), 10] as [
          number[],
          number[][],
          number,
        ],
      })),
    ]
  },
  mistakes: {
    "dot-product": {
      message:
        "The dot product is taken as it is. Long vectors win over near ones: divide by both lengths, or make all of length 1 first.",
    },
    "forgets-the-query": {
      message:
        "Only the vectors are divided by their lengths. The order is right, and the scores are not cosines: a threshold that was set for one question means something else for the next.",
    },
    distance: {
      message:
        "The distance between the points is measured. For vectors of length 1 it gives the same order; for others the length decides.",
    },
    "sums-instead-of-lengths": {
      message:
        "A vector is divided by the sum of its numbers' sizes. Its length is the root of the sum of squares; the other makes vectors with many small numbers look far away.",
    },
    "zero-is-a-direction": {
      message:
        "A vector of zeros gets the score 0 and is found before everything opposite. It stands for an empty text: leave it out.",
    },
    "cuts-dimensions": {
      message:
        "Vectors with fewer dimensions are compared as far as they go. They come from another embedder, and the number that comes out means nothing: refuse.",
    },
    "changes-the-vectors": {
      message:
        "The vectors are made to length 1 in place. They belong to the caller, and the next query meets others: copy.",
      when: seen => seen.some(({ changedInputs }) => changedInputs.length > 0),
    },
    "last-first": {
      message:
        "Equal scores come in the opposite order of their index: sort by index where scores are equal.",
    },
    "lets-nan-pass": {
      message:
        "A number that is not finite goes through. A comparison with NaN is always false, so one such vector leaves the list in no order at all: refuse it where it comes in.",
    },
  },
  passed:
    "packages/rag/src/vector-store keeps vectors at length 1 when they are stored, so that each search is dot products alone, and has an index for a hundred thousand of them.",
})
