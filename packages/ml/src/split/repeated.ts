import { createRandom, type Random } from "@roadmap/core/random"
import { checkWhole, type Fold, type Folds } from "./fold.ts"

/**
 * A random splitter used `repeats` times, each time with random numbers of its own: every row is tested once
 * a repeat. For example `repeatedFolds({ repeats: 10, split: random => kFold({ rows, folds: 10, random }) })`.
 * Throws INVALID_INPUT.
 */
export const repeatedFolds = (input: {
  readonly repeats: number
  readonly split: (random: Random) => Folds
  readonly random?: Random
}): Folds => {
  const { repeats, split, random = createRandom(0) } = input
  checkWhole("repeats", repeats, 1)
  const repeat = (number: number): Folds => split(random.fork(`repeat ${number}`))
  return {
    count: repeats * repeat(0).count,
    *[Symbol.iterator](): Generator<Fold> {
      for (let number = 0; number < repeats; number++) yield* repeat(number)
    },
  }
}
