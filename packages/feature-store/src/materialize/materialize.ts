import { breathe } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { SqlEngine } from "@roadmap/warehouse/port"
import type { FeatureView } from "../definitions.ts"
import { micros } from "../durations.ts"
import type { OnlineStore, Progress } from "../online/port.ts"
import { type CheckedView, checkView } from "../sources.ts"
import { keySql } from "../sql/expressions.ts"
import { sqlWords } from "../sql/words.ts"
import { readFacts } from "../sweep/facts.ts"
import { numberKeys } from "../sweep/keys.ts"
import { onlineViewOf } from "./online-view.ts"
import { type KeyedFacts, scheduleRows, sliceRows } from "./schedules.ts"

export interface MaterializeOptions {
  /** The moment up to which facts are known to the online store. The source must be complete up to it. */
  to: Date
  /**
   * Rewrites also the keys whose values changed after this moment, though it lies before the last materialisation: after
   * a backfill. Default: where the last one ended.
   */
  from?: Date
  /**
   * How far beyond `to` values stay right without a write, in microseconds; a read after it says `expired`. Default one
   * hour: materialise at least that often. A longer one costs an entry a row for each fact that leaves a window in it.
   */
  horizon?: number
  /** Takes the place of another version of the view, whose rows are dropped. Default: refused. */
  replace?: boolean
  signal?: AbortSignal
  /** Called after each batch. */
  onProgress?: (progress: { keys: number; of: number }) => void
}

export interface MaterializeReceipt {
  readonly view: string
  readonly version: string
  /** Where the store had been before; absent at the first time. Microseconds. */
  readonly from?: bigint
  readonly to: bigint
  /** Facts that were read. */
  readonly facts: number
  /** Keys that were written. The others' values do not change. */
  readonly keys: number
}

/** Keys of one transaction. */
const keysAtOnce = 8_192

/**
 * Brings the online values of a view to what was known at `to`. Reads the facts that can still count, writes the keys whose
 * values changed since the last time, and moves the view's progress with the last batch. A call for a moment that is
 * reached already does nothing; one that was killed or lost its store is simply made again. Of two at once, one is
 * refused with STATE_LOCKED (retryable).
 *
 * Throws INVALID_INPUT for a `to` before the store's own, SCHEMA_MISMATCH for another version of the view or a changed
 * source, TABLE_MISSING, and what the store throws (UNREACHABLE among them).
 */
export const materialize = async (
  engine: SqlEngine,
  store: OnlineStore,
  view: FeatureView,
  options: MaterializeOptions,
): Promise<MaterializeReceipt> => {
  const { horizon = micros.hour, replace = false, signal } = options
  const to = options.to.getTime() * 1_000
  if (!Number.isSafeInteger(to)) throw new RoadmapError("INVALID_INPUT", "`to` is no moment.")
  const checked = await checkView(engine, view, {})
  await store.define(onlineViewOf(checked), { replace })
  const before = await store.progress(view.name)
  const reached = before.materializedTo === undefined ? undefined : Number(before.materializedTo)
  const from = options.from ? options.from.getTime() * 1_000 : reached
  const receipt = {
    view: view.name,
    version: view.version,
    ...(before.materializedTo !== undefined && { from: before.materializedTo }),
    to: BigInt(to),
  }
  if (reached !== undefined && to < reached)
    throw new RoadmapError(
      "INVALID_INPUT",
      `View "${view.name}" is materialised to ${timeText(reached)} already; it cannot go back to ${timeText(to)}.`,
      { hint: "Drop the view from the online store to start it again." },
    )
  if (reached === to && !options.from) return { ...receipt, facts: 0, keys: 0 }

  const facts = await readKeyedFacts(engine, checked, { first: Math.min(from ?? to, to), last: to }, signal)
  const { rows, keyStarts } = scheduleRows(checked, facts, {
    now: to,
    horizon,
    revision: before.revision + 1,
    wanted: lastChange => from === undefined || lastChange > from,
    words: sqlWords(engine.dialect),
  })
  const keys = keyStarts.length - 1
  let progress: Progress = before
  for (let done = 0; ; ) {
    await breathe(signal)
    const next = Math.min(done + keysAtOnce, keys)
    const last = next === keys
    await store.write(view.name, sliceRows(rows, keyStarts[done], keyStarts[next]), {
      advance: {
        from: progress,
        ...(last && { materializedTo: BigInt(to), forgetThrough: BigInt(to) }),
      },
      ...(signal && { signal }),
    })
    progress = { ...progress, revision: progress.revision + 1 }
    done = next
    options.onProgress?.({ keys: done, of: keys })
    if (last) return { ...receipt, facts: facts.table.known.length, keys }
  }
}

/** The facts that can count for a moment of the span, with their keys. */
export const readKeyedFacts = async (
  engine: SqlEngine,
  checked: CheckedView,
  span: { first: number; last: number },
  signal?: AbortSignal,
): Promise<KeyedFacts> => {
  const words = sqlWords(engine.dialect)
  const table = await readFacts(engine, [checked], span, signal)
  const texts = Object.values(checked.view.source.keys).map(column => table.text(keySql(column, words)))
  const { codes, size } = numberKeys(texts)
  return {
    table,
    codes,
    size,
    keyTexts: row => texts.map(text => text.categories[text.codes[row]]),
  }
}

const timeText = (time: number): string => new Date(time / 1_000).toISOString()
