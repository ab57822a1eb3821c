import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { fuse } from "./solution.ts"

export default defineCheck<typeof fuse>({
  answer: "fuse",
  // Document by document.
  reference: (lists, { constant, k, weights }) => {
    const voting = lists.flatMap((list, i) => {
      const weight = weights?.[i] ?? 1
      return weight === 0 ? [] : [{ list, weight }]
    })
    const ids = [...new Set(voting.flatMap(({ list }) => list))].sort()
    const fused = ids.map(id => ({
      id,
      score: voting.reduce(
        (sum, { list, weight }) =>
          list.includes(id) ? sum + weight / (constant + list.indexOf(id) + 1) : sum,
        0,
      ),
    }))
    return fused.sort((a, b) => b.score - a.score).slice(0, k)
  },
  tolerance: { absolute: 1e-12 },
  cases: ({ random }) => {
    const list = (length: number): string[] => Array.from({ length }, () => `d${random.integer(25)}`)
    return [
      {
        name: "two lists that share one document",
        args: [
          [
            ["server", "proxy", "hooks"],
            ["proxy", "agent"],
          ],
          { constant: 60, k: 2 },
        ],
        expect: [
          { id: "proxy", score: 1 / 62 + 1 / 61 },
          { id: "server", score: 1 / 61 },
        ],
      },
      {
        name: "a document that one list has not found",
        args: [
          [
            ["a", "b"],
            ["c", "b"],
          ],
          { constant: 1, k: 3 },
        ],
        because: "a and c have a half from one list each, b a third from both.",
      },
      {
        name: "a document far behind in both lists",
        args: [
          [
            ["a", "b", "c", "x"],
            ["d", "e", "f", "x"],
          ],
          { constant: 60, k: 2 },
        ],
        because: "x is fourth twice: 2/64 is more than 1/61. Cut to k after the fusion, not before.",
      },
      {
        name: "a document three times in one list",
        args: [
          [
            ["a", "b", "b", "b"],
            ["a", "c"],
          ],
          { constant: 60, k: 3 },
        ],
        because: "one list has one vote for a document, at its best rank.",
      },
      {
        name: "doubles in front of others",
        args: [[["a", "a", "b", "c"], ["c"]], { constant: 10, k: 3 }],
        because: "b stands third in its list: the second a keeps its place.",
      },
      {
        name: "equal scores",
        args: [
          [
            ["z", "m"],
            ["b", "k"],
          ],
          { constant: 60, k: 4 },
        ],
        because: "equal scores are in the order of their ids, on every run.",
      },
      {
        name: "ids that are numbers as text",
        args: [
          [
            ["10", "x"],
            ["9", "y"],
          ],
          { constant: 60, k: 2 },
        ],
        because: 'as texts, "10" is before "9".',
      },
      {
        name: "a list of twice the weight",
        args: [
          [
            ["a", "b", "c"],
            ["c", "d"],
          ],
          { constant: 2, k: 4, weights: [1, 2] },
        ],
      },
      {
        name: "a list of weight 0",
        args: [
          [
            ["a", "b"],
            ["c", "b"],
          ],
          { constant: 60, k: 5, weights: [1, 0] },
        ],
        because: "c is in a list that decides nothing: it is not there.",
      },
      { name: "an empty list, and another", args: [[[], ["a"]], { constant: 60, k: 5 }] },
      { name: "no lists", args: [[], { constant: 60, k: 5 }], expect: [] },
      ...Array.from({ length: 4 }, (_, i) => ({
        name: `random lists ${i + 1}`,
        args: [[list(12), list(20), list(5)], { constant: 60, k: 8, weights: [1, 0.5, 2] }] as [
          string[][],
          { constant: number; k: number; weights: number[] },
        ],
      })),
    ]
  },
  mistakes: {
    "rank-from-zero": {
      message:
        "Ranks begin with 0. The scores are not those of the method, and with a constant of 0 the first place is divided by nothing.",
    },
    "only-shared": {
      message:
        "Only documents that are in all lists remain. What one search alone finds is why there are two of them.",
    },
    "cuts-first": {
      message:
        "Each list is cut to k before the fusion. A document that both have just behind their first k then loses to one that a single list has in front.",
    },
    "counts-doubles": {
      message:
        "A document gets a vote for each time it stands in a list. One with many chunks gathers votes until it is first everywhere: count its best rank.",
    },
    "closes-ranks": {
      message:
        "Doubles are removed before ranks are counted, and what comes behind them moves up. Their places were taken: a rank is a position in the list.",
    },
    "no-constant": {
      message:
        "1 / rank without the constant: a single first place outweighs nearly everything, and the fusion is little more than the two winners.",
    },
    "average-rank": {
      message:
        "Ranks are averaged. The average of one list is better than the sum of two when the second rank is low, so being found twice makes a document worse.",
    },
    "ignores-weights": {
      message: "All lists count the same, whatever their weights.",
    },
    "weight-zero-is-there": {
      message:
        "A list of weight 0 still brings its documents, with the score 0. They fill the places up to k: leave it out.",
    },
    "ties-by-arrival": {
      message:
        "Equal scores stay in the order in which they were met. Ask in another order and the answer is another: break ties by id.",
    },
    "ties-by-number": {
      message: "Ids are compared as numbers or by the language of the machine: compare texts with <.",
    },
  },
  passed:
    "packages/rag/src/retrieve fuses like this, or by weights that were chosen on questions: July's report shows which was better, with intervals.",
})
