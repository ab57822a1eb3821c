import { isRoadmapError } from "@roadmap/core/errors"
import type { ColumnBatch, SqlEngine } from "@roadmap/warehouse/port"
import type { FeatureView } from "../definitions.ts"
import { micros } from "../durations.ts"
import type { OnlineStore, Progress } from "../online/port.ts"
import { type CheckedView, checkView } from "../sources.ts"
import { sqlWords } from "../sql/words.ts"
import { isNumbers } from "../values.ts"
import { type FactState, factState, reach } from "./fact-state.ts"
import { readKeyedFacts } from "./materialize.ts"
import { onlineViewOf } from "./online-view.ts"
import {
  type FactRows,
  factRows,
  filterRows,
  type NeededColumn,
  neededColumns,
  packFacts,
  unpackFacts,
} from "./pushed-facts.ts"
import { type KeyedFacts, scheduleRows } from "./schedules.ts"

export interface PusherOptions {
  /** As for `materialize`. */
  horizon?: number
}

export interface PushOptions {
  /**
   * Where the stream stands after these facts, rising from push to push. A push at or before the position that the store has
   * is one that was made already: it does nothing. So a reader that was killed reads on from its last commit. Without
   * positions a push whose connection broke must not be made again: nobody knows whether it was stored.
   */
  position?: bigint
  signal?: AbortSignal
}

export interface PushReceipt {
  /** Facts that now count. */
  readonly facts: number
  /** Known before the last materialisation ended: those come with the next one, from the source's table. */
  readonly late: number
  /** Without a key, an event time or a known time. */
  readonly unusable: number
  /** Keys that were written. */
  readonly keys: number
  /** True when the position was reached already. */
  readonly repeated: boolean
}

export interface FeaturePusher {
  /**
   * Brings facts of a stream to the online values, with the columns of the view's source, in any order. Rows and progress
   * are one transaction. Throws SCHEMA_MISMATCH, STATE_LOCKED (retryable) when others write the view all the time, and what
   * the store throws.
   */
  push(facts: ColumnBatch, options?: PushOptions): Promise<PushReceipt>
}

/**
 * Continues from what was materialised and pushed before: reads the facts that can still count from the source's table, up
 * to the last materialisation, and the pushed ones from the store. A later materialisation takes the table's facts in the
 * place of those pushed up to its moment, so nothing counts twice.
 */
export const openPusher = async (
  engine: SqlEngine,
  store: OnlineStore,
  view: FeatureView,
  { horizon = micros.hour }: PusherOptions = {},
): Promise<FeaturePusher> => {
  const words = sqlWords(engine.dialect)
  const checked = await checkView(engine, view, {})
  const needed = neededColumns(checked, words)
  await store.define(onlineViewOf(checked))
  const hasLatest = Object.values(view.features).some(({ kind }) => kind === "latest")
  let loaded: Loaded | undefined

  const attempt = async (facts: FactRows, options: PushOptions): Promise<Omit<PushReceipt, "unusable">> => {
    loaded ??= await loadState(engine, store, checked, needed, options.signal)
    const { state, progress, pruneAt } = loaded
    const { position, signal } = options
    if (position !== undefined && progress.position !== undefined && position <= progress.position)
      return { facts: 0, late: 0, keys: 0, repeated: true }
    const from =
      progress.materializedTo === undefined ? Number.NEGATIVE_INFINITY : Number(progress.materializedTo)
    const fresh = filterRows(facts, row => facts.known[row] > from)
    const late = facts.known.length - fresh.known.length
    const now = fresh.known.reduce(
      (latest, known) => Math.max(latest, known),
      Math.max(from, progress.pushedTo === undefined ? from : Number(progress.pushedTo)),
    )
    if (fresh.known.length === 0 && position === undefined)
      return { facts: 0, late, keys: 0, repeated: false }
    // Until the write is done nobody can tell what the store has: a failure makes the next push load it again.
    loaded = undefined
    state.add(fresh)
    const keys = [...new Map(fresh.keys.map(key => [key.join("\0"), key])).values()]
    const { rows } = scheduleRows(checked, state.of(keys), {
      now: Number.isFinite(now) ? now : 0,
      horizon,
      revision: progress.revision + 1,
      wanted: () => true,
      words,
    })
    const moved = {
      ...(Number.isFinite(now) && { pushedTo: BigInt(now) }),
      ...(position !== undefined && { position }),
    }
    const forget = !hasLatest && Number.isFinite(now) && { forgetThrough: BigInt(now - reach(checked)) }
    await store.write(view.name, rows, {
      advance: {
        from: progress,
        ...moved,
        ...forget,
        ...(fresh.known.length > 0 && { keep: packFacts(fresh, needed) }),
      },
      ...(signal && { signal }),
    })
    const prune = state.size > pruneAt
    if (prune) state.prune(now)
    loaded = {
      state,
      progress: { ...progress, ...moved, revision: progress.revision + 1 },
      pruneAt: prune ? pruneSize(state) : pruneAt,
    }
    return { facts: fresh.known.length, late, keys: keys.length, repeated: false }
  }

  return {
    async push(facts, options = {}) {
      const rows = factRows(checked, needed, facts)
      for (let tries = 1; ; tries++)
        try {
          return { ...(await attempt(rows, options)), unusable: facts.rows - rows.known.length }
        } catch (error) {
          // Somebody else wrote the view: load what they did, and push upon it.
          if (!isRoadmapError(error, "STATE_LOCKED") || tries === 5) throw error
        }
    },
  }
}

interface Loaded {
  state: FactState
  progress: Progress
  /** So many facts in memory are looked through for old ones. */
  pruneAt: number
}

const pruneSize = ({ size }: FactState): number => 2 * size + 100_000

const loadState = async (
  engine: SqlEngine,
  store: OnlineStore,
  checked: CheckedView,
  needed: readonly NeededColumn[],
  signal?: AbortSignal,
): Promise<Loaded> => {
  const { name } = checked.view
  const progress = await store.progress(name)
  const state = factState(checked, needed)
  let from = Number.NEGATIVE_INFINITY
  if (progress.materializedTo !== undefined) {
    from = Number(progress.materializedTo)
    state.add(tableRows(await readKeyedFacts(engine, checked, { first: from, last: from }, signal), needed))
  }
  for (const { facts } of await store.pushed(name)) {
    const rows = unpackFacts(facts, name, needed)
    state.add(filterRows(rows, row => rows.known[row] > from))
  }
  return { state, progress, pruneAt: pruneSize(state) }
}

/** Facts of the source's table, row by row, in the order in which they became known. */
const tableRows = ({ table, codes, keyTexts }: KeyedFacts, needed: readonly NeededColumn[]): FactRows => {
  const rows = Array.from(table.byTime).filter(row => codes[row] >= 0)
  const numbers = (values: Float64Array | undefined) => rows.map(row => values?.[row] ?? Number.NaN)
  return {
    keys: rows.map(keyTexts),
    known: numbers(table.known),
    event: numbers(table.event),
    created: numbers(table.created),
    values: needed.map(({ sql }) => {
      const values = table.column(sql)
      if (isNumbers(values)) return numbers(values)
      return rows.map(row => (values.codes[row] < 0 ? null : values.categories[values.codes[row]]))
    }),
  }
}
