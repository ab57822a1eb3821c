import { RoadmapError } from "@roadmap/core/errors"
import type { WindowFeature } from "../definitions.ts"
import { type Accumulator, accumulator } from "./accumulator.ts"

/** What one fact brings to one aggregate. Times in microseconds. */
export interface WindowFact {
  readonly known: number
  /** Break ties of `last`; absent: 0. */
  readonly event?: number
  readonly created?: number
  /** The feature's column; any value for a `count` without a column. Booleans as 0 and 1. */
  readonly value: number | string | null
}

/** The facts of one entity and one windowed feature, kept as long as their window needs them. */
export interface WindowState {
  /** Takes a fact, also a late one. False when it cannot count any more, or never counts (null, NaN). */
  add(fact: WindowFact): boolean
  /**
   * The feature's value for a label of time `at`, as the training set has it. Moments must not go back: facts that
   * left the window are gone. Throws INVALID_INPUT when they do.
   */
  valueAt(at: number): number | null
  /** The facts held, oldest first; adding them to a new state restores it. */
  facts(): readonly WindowFact[]
}

/** The value beyond which a number does not count (see exact-sum.ts). */
export const greatestValue = 1e300

/** The moment up to which facts count for a label of time `at`. */
export const windowEnd = (feature: Pick<WindowFeature, "shape" | "window">, at: number): number =>
  feature.shape === "tumbling" ? Math.floor(at / feature.window) * feature.window - 1 : at

/**
 * Incremental state for streams: facts arrive in any order, each is added once and expires once. It gives the same
 * numbers as the batch, because no aggregate depends on the order of its facts.
 */
export const createWindowState = (feature: WindowFeature): WindowState => {
  const { window, aggregate, column } = feature
  const facts: WindowFact[] = []
  const inside: Accumulator = accumulator(aggregate)
  /** Facts [from, to) are in the accumulator: those before have expired, those after lie beyond `end`. */
  let from = 0
  let to = 0
  let end = Number.NEGATIVE_INFINITY
  const anyValue = aggregate === "count" && column === undefined

  return {
    add(fact) {
      if (!(anyValue || counts(fact.value)) || !(fact.known > end - window)) return false
      facts.splice(placeOf(facts, fact, from), 0, fact)
      if (fact.known <= end) {
        to++
        inside.add(fact)
      }
      return true
    },
    valueAt(at) {
      const next = windowEnd(feature, at)
      if (!(next >= end))
        throw new RoadmapError(
          "INVALID_INPUT",
          `A window at ${end} was asked for its value at ${at}, before it.`,
        )
      end = next
      while (to < facts.length && facts[to].known <= end) inside.add(facts[to++])
      while (from < to && facts[from].known <= end - window) inside.remove(facts[from++])
      if (from > 1024 && from > facts.length / 2) {
        facts.splice(0, from)
        to -= from
        from = 0
      }
      return inside.value(facts, from, to)
    },
    facts: () => facts.slice(from),
  }
}

const counts = (value: number | string | null): boolean =>
  typeof value === "number" ? Math.abs(value) <= greatestValue : value !== null

/** Where a fact belongs in the order of (known, event, created, value). */
const placeOf = (facts: readonly WindowFact[], fact: WindowFact, from: number): number => {
  let low = from
  let high = facts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareFacts(facts[middle], fact) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

const compareFacts = (a: WindowFact, b: WindowFact): number =>
  a.known - b.known ||
  (a.event ?? 0) - (b.event ?? 0) ||
  (a.created ?? Number.NEGATIVE_INFINITY) - (b.created ?? Number.NEGATIVE_INFINITY) ||
  (a.value === b.value ? 0 : (a.value ?? 0) < (b.value ?? 0) ? -1 : 1)
