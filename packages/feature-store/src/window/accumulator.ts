import type { Aggregate } from "../definitions.ts"
import { exactSum } from "./exact-sum.ts"
import type { WindowFact } from "./state.ts"

/** An aggregate that facts enter and leave one by one. */
export interface Accumulator {
  add(fact: WindowFact): void
  /** Only of facts that were added, oldest first. */
  remove(fact: WindowFact): void
  /** `facts[from .. to)` are those inside, in their order. */
  value(facts: readonly WindowFact[], from: number, to: number): number | null
}

export const accumulator = (aggregate: Aggregate): Accumulator => {
  switch (aggregate) {
    case "count":
      return { add: nothing, remove: nothing, value: (_, from, to) => to - from }
    case "sum":
      return summing(sum => sum)
    case "mean":
    case "share":
      return summing((sum, count) => sum / count)
    case "min":
      return extreme(-1)
    case "max":
      return extreme(1)
    case "last":
      return {
        add: nothing,
        remove: nothing,
        value: (facts, from, to) => (from === to ? null : (facts[to - 1].value as number) + 0),
      }
    case "distinct":
      return distinct()
  }
}

const nothing = () => undefined

const summing = (result: (sum: number, count: number) => number): Accumulator => {
  const total = exactSum()
  return {
    add: fact => total.add(fact.value as number),
    remove: fact => total.add(-(fact.value as number)),
    value: (_, from, to) => (from === to ? null : result(total.value(), to - from)),
  }
}

const distinct = (): Accumulator => {
  const times = new Map<WindowFact["value"], number>()
  // -0 and 0 are one value for a Map, as they are in SQL.
  return {
    add: ({ value }) => times.set(value, (times.get(value) ?? 0) + 1),
    remove({ value }) {
      const left = times.get(value)! - 1
      if (left === 0) times.delete(value)
      else times.set(value, left)
    },
    value: () => times.size,
  }
}

/** A binary heap on sign x value; facts that left the window are dropped when they reach the top. */
const extreme = (sign: 1 | -1): Accumulator => {
  let heap: WindowFact[] = []
  const order = (a: WindowFact, b: WindowFact) => sign * ((b.value as number) - (a.value as number))
  const swap = (i: number, j: number) => {
    const held = heap[i]
    heap[i] = heap[j]
    heap[j] = held
  }
  const sink = () => {
    for (let at = 0; ; ) {
      let first = at
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && order(heap[child], heap[first]) < 0) first = child
      if (first === at) return
      swap(at, first)
      at = first
    }
  }
  return {
    add(fact) {
      heap.push(fact)
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1
        if (order(heap[at], heap[parent]) >= 0) return
        swap(at, parent)
        at = parent
      }
    },
    remove: nothing,
    value(facts, from, to) {
      if (from === to) {
        heap = []
        return null
      }
      // Facts leave in the order of their known time, so what is older than the oldest has left.
      const oldest = facts[from].known
      while (heap[0].known < oldest) {
        const last = heap.pop()!
        if (heap.length > 0) {
          heap[0] = last
          sink()
        }
      }
      // Old facts below the top would stay for ever under rising values; a sorted list is a heap.
      if (heap.length > 2 * (to - from) + 64) heap = heap.filter(({ known }) => known >= oldest).sort(order)
      return (heap[0].value as number) + 0
    },
  }
}
