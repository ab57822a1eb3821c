import { exactSum } from "../window/exact-sum.ts"
import { nullKey } from "./keys.ts"
import type { Grouped } from "./sort.ts"

/** The rows that ask: the sweep goes through them in the order of time, as a stream would. */
export interface AskedLabels {
  readonly times: Float64Array
  /** Rows with a time, each key's earliest first; best all of them, so that facts are touched in the order of time too. */
  readonly byTime: Int32Array
  /** Key number among the facts; `nullKey`, `unknownKey`. */
  readonly keys: Int32Array
}

/** For each label row, the places [from, to) of the facts that count for it. Both 0 when there is none. */
export interface Bounds {
  readonly from: Int32Array
  readonly to: Int32Array
}

/**
 * For each label, the place behind its key's last fact known at its time; at the end of its last full bucket when a
 * bucket's length is given. One pointer a key: the state of all keys fits into the processor's cache, where
 * sweeping key by key would touch the labels in strides.
 */
export const windowEnds = (facts: Grouped, labels: AskedLabels, bucket?: number): Int32Array => {
  const { starts, times } = facts
  const { times: moments, byTime, keys } = labels
  const to = new Int32Array(moments.length)
  const next = starts.slice(0, starts.length - 1)
  for (let at = 0; at < byTime.length; at++) {
    const row = byTime[at]
    const key = keys[row]
    if (key < 0) continue
    const end = bucket === undefined ? moments[row] : endOfBucket(moments[row], bucket)
    const stop = starts[key + 1]
    let place = next[key]
    while (place < stop && times[place] <= end) place++
    next[key] = place
    to[row] = place
  }
  return to
}

/** windowEnd of window/state.ts for a tumbling window. */
const endOfBucket = (moment: number, bucket: number): number => Math.floor(moment / bucket) * bucket - 1

/** For each label, the place of the first fact within `window` before its end. */
export const windowStarts = (
  facts: Grouped,
  labels: AskedLabels,
  window: number,
  to: Int32Array,
  bucket?: number,
): Int32Array => {
  const { starts, times } = facts
  const { times: moments, byTime, keys } = labels
  const from = new Int32Array(moments.length)
  const next = starts.slice(0, starts.length - 1)
  for (let at = 0; at < byTime.length; at++) {
    const row = byTime[at]
    const key = keys[row]
    if (key < 0) continue
    const start = (bucket === undefined ? moments[row] : endOfBucket(moments[row], bucket)) - window
    const stop = to[row]
    let place = next[key]
    while (place < stop && times[place] <= start) place++
    next[key] = place
    from[row] = place
  }
  return from
}

/** A column of the facts in grouped order, and what several aggregates need of it. */
export interface FactColumn {
  /** NaN where the value does not count. */
  readonly values: Float64Array
  /** Sum of the values before each place; absent when it would not be exact. */
  readonly sums?: Float64Array
  /** Number of values before each place; absent when every place has one. */
  readonly counts?: Int32Array
}

/** Sums of whole numbers are exact as long as all of them together stay below 2^53 in size. */
export const factColumn = (values: Float64Array): FactColumn => {
  const sums = new Float64Array(values.length + 1)
  let whole = true
  let missing = 0
  let size = 0
  let sum = 0
  for (let place = 0; place < values.length; place++) {
    const value = values[place]
    if (!Number.isNaN(value)) {
      if (Math.floor(value) !== value) whole = false
      size += Math.abs(value)
      sum += value
    } else missing++
    sums[place + 1] = sum
  }
  return {
    values,
    ...(whole && size <= Number.MAX_SAFE_INTEGER && { sums }),
    ...(missing > 0 && { counts: countsBefore(values) }),
  }
}

const countsBefore = (values: Float64Array): Int32Array => {
  const counts = new Int32Array(values.length + 1)
  for (let place = 0; place < values.length; place++)
    counts[place + 1] = counts[place] + (!Number.isNaN(values[place]) ? 1 : 0)
  return counts
}

/** `counts` and `sums` of a column, or places alone for a count of facts. Labels with a null key get NaN. */
export const countWindows = (
  { from, to }: Bounds,
  { keys }: AskedLabels,
  counts: Int32Array | undefined,
  out: Float64Array,
): void => {
  for (let row = 0; row < out.length; row++) {
    if (keys[row] === nullKey) out[row] = Number.NaN
    else out[row] = counts ? counts[to[row]] - counts[from[row]] : to[row] - from[row]
  }
}

/** Sums, or means, by the difference of two exact sums. NaN for an empty window. */
export const sumWindows = (
  { from, to }: Bounds,
  sums: Float64Array,
  counts: Int32Array | undefined,
  mean: boolean,
  out: Float64Array,
): void => {
  for (let row = 0; row < out.length; row++) {
    const low = from[row]
    const high = to[row]
    const count = counts ? counts[high] - counts[low] : high - low
    const sum = sums[high] - sums[low]
    out[row] = count === 0 ? Number.NaN : mean ? sum / count : sum
  }
}

/** The last value of each window; `lastPlace` is lastPlaces of latest.ts. */
export const lastOfWindows = (
  { from, to }: Bounds,
  values: Float64Array,
  lastPlace: Int32Array,
  out: Float64Array,
): void => {
  for (let row = 0; row < out.length; row++) {
    const last = to[row] > from[row] ? lastPlace[to[row] - 1] : -1
    out[row] = last >= from[row] && last >= 0 ? values[last] + 0 : Number.NaN
  }
}

/** Sums or means of doubles: exact, rounded once, whatever the order. One exact sum a key. */
export const exactWindows = (
  facts: Grouped,
  labels: AskedLabels,
  { from, to }: Bounds,
  values: Float64Array,
  mean: boolean,
  out: Float64Array,
): void => {
  const sums = Array.from({ length: facts.starts.length - 1 }, exactSum)
  const counts = new Int32Array(sums.length)
  const enter = (place: number, key: number, sign: 1 | -1) => {
    const value = values[place]
    if (Number.isNaN(value)) return
    sums[key].add(sign * value)
    counts[key] += sign
  }
  sweep(facts, labels, { from, to }, enter, (row, key) => {
    const sum = sums[key].value()
    out[row] = counts[key] === 0 ? Number.NaN : mean ? sum / counts[key] : sum
  })
}

/** How many different values each window has. */
export const distinctWindows = (
  facts: Grouped,
  labels: AskedLabels,
  bounds: Bounds,
  values: Float64Array,
  out: Float64Array,
): void => {
  const { codes, size } = denseCodes(values)
  const keys = facts.starts.length - 1
  const inside = keys * size <= 1 << 24 ? new Int32Array(keys * size) : new Map<number, number>()
  const different = new Int32Array(keys)
  const add = (slot: number, change: 1 | -1): number => {
    if (inside instanceof Int32Array) return (inside[slot] += change)
    const count = (inside.get(slot) ?? 0) + change
    if (count === 0) inside.delete(slot)
    else inside.set(slot, count)
    return count
  }
  const enter = (place: number, key: number, sign: 1 | -1) => {
    if (codes[place] < 0) return
    const count = add(key * size + codes[place], sign)
    if (sign === 1 ? count === 1 : count === 0) different[key] += sign
  }
  for (let row = 0; row < out.length; row++) out[row] = labels.keys[row] === nullKey ? Number.NaN : 0
  sweep(facts, labels, bounds, enter, (row, key) => {
    out[row] = different[key]
  })
}

const denseCodes = (values: Float64Array): { codes: Int32Array; size: number } => {
  const numbers = new Map<number, number>()
  const codes = new Int32Array(values.length).fill(-1)
  for (let place = 0; place < values.length; place++) {
    const value = values[place]
    if (Number.isNaN(value)) continue
    const known = numbers.get(value)
    if (known === undefined) numbers.set(value, numbers.size)
    codes[place] = known ?? numbers.size - 1
  }
  return { codes, size: numbers.size }
}

/** Lets each fact enter its key's window once and leave it once, and asks at each label. */
const sweep = (
  { starts }: Grouped,
  { byTime, keys }: AskedLabels,
  { from, to }: Bounds,
  enter: (place: number, key: number, sign: 1 | -1) => void,
  ask: (row: number, key: number) => void,
): void => {
  const low = starts.slice(0, starts.length - 1)
  const high = starts.slice(0, starts.length - 1)
  for (let at = 0; at < byTime.length; at++) {
    const row = byTime[at]
    const key = keys[row]
    if (key < 0) continue
    while (high[key] < to[row]) enter(high[key]++, key, 1)
    while (low[key] < from[row]) enter(low[key]++, key, -1)
    ask(row, key)
  }
}

/**
 * Least (sign -1) or greatest (sign 1) values by a monotone queue a key: it keeps only values that no later one beats.
 * A key's queue lies in the places of its facts.
 */
export const extremeWindows = (
  { starts }: Grouped,
  { byTime, keys }: AskedLabels,
  { from, to }: Bounds,
  values: Float64Array,
  sign: 1 | -1,
  out: Float64Array,
): void => {
  const queue = new Int32Array(values.length)
  const heads = starts.slice(0, starts.length - 1)
  const tails = starts.slice(0, starts.length - 1)
  const highs = starts.slice(0, starts.length - 1)
  for (let at = 0; at < byTime.length; at++) {
    const row = byTime[at]
    const key = keys[row]
    if (key < 0) continue
    let head = heads[key]
    let tail = tails[key]
    let high = highs[key]
    for (; high < to[row]; high++) {
      const value = values[high]
      if (Number.isNaN(value)) continue
      while (tail > head && sign * (value - values[queue[tail - 1]]) >= 0) tail--
      queue[tail++] = high
    }
    while (head < tail && queue[head] < from[row]) head++
    heads[key] = head
    tails[key] = tail
    highs[key] = high
    out[row] = head === tail ? Number.NaN : values[queue[head]] + 0
  }
}
