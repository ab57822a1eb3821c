import { readFileSync } from "node:fs"
import { join } from "node:path"
import { createRandom, type Random, shuffle } from "@roadmap/core/random"
import { describeDrills } from "@roadmap/labkit/testing/drills"
import { describeExercises } from "@roadmap/labkit/testing/exercises"
import { rocAuc } from "@roadmap/ml/metrics/ranking"
import { correctedResampledTTest } from "@roadmap/ml/selection/compare"
import { purgedFolds as platformFolds } from "@roadmap/ml/split/purged"
import { describe, expect, test } from "vitest"
import { encodeInFolds as encodeBeforeTheSplit } from "../exercises/03-encoding-in-folds/mistakes/before-the-split.ts"
import { encodeInFolds } from "../exercises/03-encoding-in-folds/solution.ts"
import { purgedFolds } from "../exercises/04-purged-folds/solution.ts"
import { compareScores as comparePlainly } from "../exercises/07-corrected-test/mistakes/plain-t-test.ts"
import { compareScores } from "../exercises/07-corrected-test/solution.ts"

const lab = join(import.meta.dirname, "..")
await describeExercises(lab)
await describeDrills(lab)

const dataOf = (exercise: string) =>
  JSON.parse(readFileSync(join(lab, "exercises", exercise, "flights.json"), "utf8"))

describe("figures that the exercises' texts state", () => {
  test("an encoding made before the split finds skill in shuffled labels, one made in the folds finds none", () => {
    const { origins, late, folds }: { origins: string[]; late: number[]; folds: number[] } =
      dataOf("03-encoding-in-folds")
    expect(origins).toHaveLength(296)
    expect(new Set(origins).size).toBe(80)

    const areaOf = (encode: typeof encodeInFolds): number => {
      const areas = Array.from({ length: 20 }, (_, seed) => {
        const shuffled = shuffle([...late], createRandom(seed))
        const rows = origins.map((origin, row) => ({ origin, late: shuffled[row], fold: folds[row] }))
        const tested = encode(rows, 5, 10).map((encoding, fold) => {
          const inFold = rows.flatMap((row, i) => (row.fold === fold ? [i] : []))
          return rocAuc(
            Float64Array.from(inFold, row => shuffled[row]),
            Float64Array.from(inFold, row => encoding[row]),
          )
        })
        return mean(tested)
      })
      return mean(areas)
    }
    expect(areaOf(encodeBeforeTheSplit).toFixed(2)).toBe("0.81")
    expect(areaOf(encodeInFolds).toFixed(2)).toBe("0.50")
  })

  test("the solution of the purged folds is what the platform does", () => {
    const random = createRandom(4)
    const rows = Array.from({ length: 300 }, () => {
      const taken = random.integer(500)
      return { taken, known: taken + random.integer(20) }
    })
    const starts = [100, 220, 300, 410]
    for (const train of ["past", "around"] as const) {
      const folds = platformFolds({
        timestamps: Float64Array.from(rows, row => row.taken),
        labelTimes: Float64Array.from(rows, row => row.known),
        periods: starts,
        purge: 5,
        embargo: 9,
        train,
      })
      const asLists = Array.from(folds, fold => ({ train: [...fold.train], test: [...fold.test] }))
      expect(purgedFolds(rows, starts, { purge: 5, embargo: 9, train })).toEqual(asLists)
    }
  })

  test("the plain t-test calls equal models different in about a third of all cases, the corrected one in 5 %", () => {
    const random = createRandom(1)
    const rows = { train: 90, test: 10 }
    const critical = 2.045 // Student's 97.5 % quantile for 29 degrees of freedom
    const pairs = 400
    let plain = 0
    let corrected = 0
    for (let pair = 0; pair < pairs; pair++) {
      const [first, second] = scoresOfEqualModels(random, 30, rows)
      if (comparePlainly(first, second, rows, critical).decision !== "not proven") plain++
      if (compareScores(first, second, rows, critical).decision !== "not proven") corrected++
    }
    expect(Math.round((100 * plain) / pairs)).toBe(31)
    expect(Math.round((100 * corrected) / pairs)).toBe(5)
  })

  test("the solution of the corrected test is what the platform does", () => {
    const rows = { train: 90, test: 10 }
    const [first, second] = scoresOfEqualModels(createRandom(2), 30, rows)
    const platform = correctedResampledTTest({
      first: Float64Array.from(first),
      second: Float64Array.from(second),
      trainRows: rows.train,
      testRows: rows.test,
    })
    const answer = compareScores(first, second, rows, 2.0452296)
    expect(answer.low).toBeCloseTo(platform.low, 6)
    expect(answer.high).toBeCloseTo(platform.high, 6)
  })

  test("the files have the rows that the texts speak of", () => {
    expect(dataOf("06-sliding-window").known).toHaveLength(461)
  })
})

/**
 * Scores of two straight lines, each fitted to another feature, on the same random splits. Both features are the target
 * with noise of the same size: neither model is the better one.
 */
const scoresOfEqualModels = (
  random: Random,
  splits: number,
  rows: { train: number; test: number },
): [number[], number[]] => {
  const count = rows.train + rows.test
  const target = Array.from({ length: count }, () => random.normal())
  const features = [0, 1].map(() => target.map(value => value + 2 * random.normal()))
  const scores: [number[], number[]] = [[], []]
  for (let split = 0; split < splits; split++) {
    const order = shuffle(
      Array.from({ length: count }, (_, row) => row),
      random,
    )
    const [tested, trained] = [order.slice(0, rows.test), order.slice(rows.test)]
    features.forEach((feature, model) => {
      const [x, y] = [mean(trained.map(row => feature[row])), mean(trained.map(row => target[row]))]
      const slope =
        mean(trained.map(row => (feature[row] - x) * (target[row] - y))) /
        mean(trained.map(row => (feature[row] - x) ** 2))
      scores[model].push(-mean(tested.map(row => (target[row] - y - slope * (feature[row] - x)) ** 2)))
    })
  }
  return scores
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
