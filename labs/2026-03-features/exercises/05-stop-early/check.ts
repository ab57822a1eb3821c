import { defineCheck } from "@roadmap/labkit/exercises/check"
import { type Curve, type default as harness, lossOf, type Search } from "./harness.ts"

const curve = (floor: number, gap: number, rate = 0.5): Curve => ({ floor, gap, rate })

/** Each next one is better, with any number of trees. */
const parallel = (count: number) => Array.from({ length: count }, (_, i) => curve(20 - i / 10, 5))

export default defineCheck<ReturnType<typeof harness>>({
  answer: "searchByHalving",
  // By asking of each candidate in which rounds it takes part.
  reference: (curves, { minTrees, maxTrees, reduction }) => {
    const rungs: Search["rungs"] = []
    let running = curves.map((_, candidate) => candidate)
    for (let trees = minTrees; trees <= maxTrees; trees *= reduction) {
      rungs.push({ trees, candidates: running.toSorted((a, b) => a - b) })
      const beats = (a: number, b: number) => {
        const [first, second] = [lossOf(curves[a], trees), lossOf(curves[b], trees)]
        return Number.isNaN(second) || first < second || (first === second && a < b)
      }
      const healthy = running.filter(candidate => !Number.isNaN(lossOf(curves[candidate], trees)))
      const places = new Map(
        healthy.map(a => [a, running.filter(b => b !== a && !beats(a, b)).length] as const),
      )
      const wanted = trees === maxTrees ? 1 : Math.max(1, Math.floor(running.length / reduction))
      running = healthy.filter(candidate => places.get(candidate)! < wanted)
    }
    const treesFitted = rungs.reduce((sum, { trees, candidates }) => sum + trees * candidates.length, 0)
    return { winner: running[0], rungs, treesFitted }
  },
  cases: ({ random }) => [
    {
      name: "four candidates, halved twice",
      args: [
        [curve(0.5, 0), curve(0.2, 0), curve(0.4, 0), curve(0.3, 0)],
        { minTrees: 10, maxTrees: 40, reduction: 2 },
      ],
      expect: {
        winner: 1,
        rungs: [
          { trees: 10, candidates: [0, 1, 2, 3] },
          { trees: 20, candidates: [1, 3] },
          { trees: 40, candidates: [1] },
        ],
        treesFitted: 120,
      },
      because: "two of four go on with 20 trees, one of two with 40: 120 trees in place of 160.",
    },
    {
      name: "27 candidates",
      args: [parallel(27), { minTrees: 1, maxTrees: 27, reduction: 3 }],
      because: "four rounds of 27 trees are 108; 27 full fits would be 729.",
    },
    {
      name: "curves that cross",
      args: [
        [
          curve(10, 40, 0.2),
          curve(14, 10, 1.5),
          curve(11, 14, 1),
          curve(10.5, 16, 0.6),
          curve(18, 9, 1),
          curve(16, 13, 1),
          curve(15, 30, 0.1),
          curve(12, 18, 0.8),
          curve(19, 9, 0.4),
        ],
        { minTrees: 2, maxTrees: 18, reduction: 3 },
      ],
      because: "who leads with 2 trees need not lead with 6: each round is ranked by its own losses.",
    },
    {
      name: "ten candidates, of which three fail",
      args: [
        [
          curve(Number.NaN, 3),
          curve(20, 3),
          curve(19, 3),
          curve(Number.NaN, 3),
          curve(18, 3),
          curve(21, 3),
          curve(15, 3),
          curve(16, 3),
          curve(Number.NaN, 3),
          curve(17, 3),
        ],
        { minTrees: 5, maxTrees: 20, reduction: 2 },
      ],
      because: "ten were running, so five go on; a failed one is not among them.",
    },
    {
      name: "eleven candidates that learn nothing",
      args: [Array.from({ length: 11 }, () => curve(7, 0)), { minTrees: 4, maxTrees: 36, reduction: 3 }],
      because: "11 / 3 is 3 rounded down, then 1. Between equal losses the lower number is better.",
    },
    {
      name: "three candidates, one left long before the end",
      args: [[curve(12, 4), curve(11, 4), curve(13, 4)], { minTrees: 1, maxTrees: 81, reduction: 3 }],
      because: "the model to use has 81 trees; the last candidate is trained up to there.",
    },
    {
      name: "60 random candidates",
      args: [
        Array.from({ length: 60 }, () =>
          curve(10 + 5 * random.next(), 30 * random.next(), 0.1 + 1.5 * random.next()),
        ),
        { minTrees: 8, maxTrees: 128, reduction: 4 },
      ],
    },
  ],
  mistakes: {
    "trains-all-to-the-end": {
      message:
        "Every candidate is trained with all trees. That finds the best one, and pays in full for those that were hopeless after the first round.",
    },
    "keeps-the-worst": {
      message:
        "The candidates with the highest losses go on. A loss is lower when it is better: sort ascending.",
    },
    "ranks-once": {
      message:
        "The ranking of the first round is kept to the end. Curves cross: who leads with few trees may fall behind with more, so rank each round by its own losses.",
    },
    "same-trees-each-round": {
      message:
        "Every round has the trees of the first. The point of having fewer candidates is to look at each of them longer: multiply the trees by `reduction`.",
    },
    "failed-fits-go-on": {
      message:
        "A failed fit is sorted with its NaN. Every comparison with NaN is false, so it stays where it is, and the order of the others is left to chance: take failed ones out first.",
    },
    "rounds-up": {
      message:
        "The number that goes on is rounded up: a third of 11 are 3, not 4. Rounded up, a search costs more than its budget.",
    },
    "stops-with-one-left": {
      message:
        "The search ends as soon as one candidate is left, with a model of few trees. It is still to be trained up to `maxTrees`.",
    },
    "drops-one-a-round": {
      message:
        "Only the worst candidate is dropped in each round. While the trees multiply, nearly everybody is still there: keep one in `reduction`.",
    },
  },
  passed:
    "packages/ml/src/selection/halving.ts asks for candidates in the same way, with the trials of a round in parallel and resumable.",
})
