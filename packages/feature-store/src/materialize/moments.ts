import type { FeatureView } from "../definitions.ts"
import type { FactTable } from "../sweep/facts.ts"
import type { Grouped } from "../sweep/sort.ts"

/** The moments for which each key's values are computed: `now`, then each at which they change by time alone. */
export interface Moments {
  /** Those of one key lie together, earliest first. */
  readonly times: Float64Array
  /** Key k has the moments starts[k] up to starts[k + 1]. */
  readonly starts: Int32Array
  /** For each key, the last moment at which its values change if no further fact comes. */
  readonly lastChange: Float64Array
}

/**
 * Between two writes values change because facts leave their windows, buckets end and latest values outlive their ttl.
 * All such moments in (now, now + horizon] are known now, so a schedule of values can be stored. A moment too many costs
 * an entry; one too few would be a wrong value. Keys for which `wanted` is false get no moment.
 */
export const changeMoments = (
  view: FeatureView,
  facts: Grouped,
  table: FactTable,
  span: { now: number; horizon: number; wanted: (lastChange: number) => boolean },
): Moments => {
  const { now, horizon, wanted } = span
  const until = now + horizon
  const { ttl } = view
  const eventTime = ttl === undefined ? undefined : table.event
  const windows = windowsOf(view)
  const keys = facts.starts.length - 1
  const starts = new Int32Array(keys + 1)
  const lastChange = new Float64Array(keys)
  const times: number[] = []
  for (let key = 0; key < keys; key++) {
    starts[key] = times.length
    const [from, to] = [facts.starts[key], facts.starts[key + 1]]
    if (from === to) continue
    const lastKnown = facts.times[to - 1]
    let last = lastKnown
    for (const { window, tumbling } of windows)
      last = Math.max(last, tumbling ? (Math.floor(lastKnown / window) + 2) * window : lastKnown + window)
    const own = new Set<number>([now])
    if (ttl !== undefined && eventTime)
      for (let place = from; place < to; place++) {
        const dies = eventTime[facts.rows[place]] + ttl + 1
        last = Math.max(last, dies)
        if (dies > now && dies <= until) own.add(dies)
      }
    lastChange[key] = last
    if (!wanted(last)) continue
    for (const { window, tumbling } of windows)
      if (tumbling)
        for (let end = (Math.floor(now / window) + 1) * window; end <= until; end += window) own.add(end)
      else
        for (let place = firstAfter(facts.times, now - window, from, to); place < to; place++) {
          const leaves = facts.times[place] + window
          if (leaves > until) break
          own.add(leaves)
        }
    for (const time of [...own].sort((a, b) => a - b)) times.push(time)
  }
  starts[keys] = times.length
  return { times: Float64Array.from(times), starts, lastChange }
}

/** The different windows of a view. */
const windowsOf = (view: FeatureView): { window: number; tumbling: boolean }[] => {
  const windows = new Map<string, { window: number; tumbling: boolean }>()
  for (const feature of Object.values(view.features)) {
    if (feature.kind !== "window") continue
    const { window, shape } = feature
    windows.set(`${shape} ${window}`, { window, tumbling: shape === "tumbling" })
  }
  return [...windows.values()]
}

/** The first place of [from, to) with a later time. */
const firstAfter = (times: Float64Array, time: number, from: number, to: number): number => {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle] <= time) low = middle + 1
    else high = middle
  }
  return low
}
