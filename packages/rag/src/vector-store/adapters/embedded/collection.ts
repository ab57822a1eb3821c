import { canonicalJson } from "@roadmap/core/hash"
import type { Filter, Filterable } from "../../../filter.ts"
import type { VectorHit, VectorRecord } from "../../../vector-store.ts"
import { type Bitmap, clearBit, countBits, emptyWords, setBit } from "./bitmap.ts"
import type { FileState, VectorFile, Written } from "./file.ts"
import { createMatrix, type VectorMatrix } from "./matrix.ts"
import { createPostings, type Postings } from "./postings.ts"

/** What a search needs of the file, in memory: read at the first search, and kept up with what any process writes. */
export interface Collection {
  search(query: Float32Array, options: { k: number; filter: Filter | undefined; exact: boolean }): VectorHit[]
  count(filter: Filter): number
  /** Tells of a change by this process, which then needs not be read from the file. */
  written(change: Written, records: readonly VectorRecord[]): void
  deleted(change: Written, ids: readonly string[]): void
}

/** Bitmaps of filters that are kept until the next change. */
const keptFilters = 64

export const createCollection = (file: VectorFile, dimensions: number): Collection => {
  let loaded: Loaded | undefined

  /** What is loaded, with all changes up to now. */
  const current = (): Loaded => {
    const now = file.state()
    if (loaded?.seen.revision === now.revision) return loaded
    const target = loaded ?? newLoaded(dimensions, file.count())
    for (const rows of file.changedAfter(target.seen.revision))
      for (const { id, vector, metadata } of rows) put(target, id, vector, metadata)
    if (loaded && now.deletedAt > target.seen.deletedAt) {
      const kept = new Set<string>()
      for (const ids of file.ids()) for (const id of ids) kept.add(id)
      for (const id of [...target.rowOf.keys()]) if (!kept.has(id)) drop(target, id)
    }
    target.seen = now
    target.filters.clear()
    loaded = target
    return target
  }
  const apply = ({ before, revision }: Written, deletes: boolean, work: (target: Loaded) => void) => {
    // Another process wrote in between, or nothing is loaded: the next search reads the file.
    if (loaded?.seen.revision !== before) return
    work(loaded)
    loaded.seen = { revision, deletedAt: deletes ? revision : loaded.seen.deletedAt }
    loaded.filters.clear()
  }
  return {
    search(query, { k, filter, exact }) {
      const target = current()
      const live = { words: target.live, count: target.rowOf.size }
      const eligible = filter ? matching(target, filter) : live
      const { rows, scores } = target.matrix.nearest(query, { k, eligible, live, exact })
      return Array.from(rows, (row, i) => ({
        id: target.ids[row],
        score: Math.max(-1, Math.min(1, scores[i])),
      }))
    },
    count: filter => matching(current(), filter).count,
    written: (change, records) =>
      apply(change, false, target => {
        for (const { id, vector, metadata } of records) put(target, id, vector, JSON.stringify(metadata))
      }),
    deleted: (change, ids) =>
      apply(change, true, target => {
        for (const id of ids) drop(target, id)
      }),
  }
}

interface Loaded {
  seen: FileState
  readonly matrix: VectorMatrix
  readonly rowOf: Map<string, number>
  /** By row; those of free rows mean nothing. */
  readonly ids: string[]
  /** JSON by row. */
  readonly metadata: string[]
  readonly free: number[]
  live: Uint32Array
  /** Made at the first filter. */
  postings?: Postings
  readonly filters: Map<string, Bitmap>
}

const newLoaded = (dimensions: number, rows: number): Loaded => {
  const matrix = createMatrix(dimensions)
  matrix.reserve(rows)
  return {
    seen: { revision: 0, deletedAt: 0 },
    matrix,
    rowOf: new Map(),
    ids: [],
    metadata: [],
    free: [],
    live: emptyWords(Math.max(rows, 1_024)),
    filters: new Map(),
  }
}

const put = (target: Loaded, id: string, vector: Float32Array, metadata: string): void => {
  let row = target.rowOf.get(id)
  if (row === undefined) {
    row = target.free.pop() ?? target.ids.length
    target.rowOf.set(id, row)
    target.ids[row] = id
    target.matrix.reserve(row + 1)
    if (row >= 32 * target.live.length) {
      const live = emptyWords(64 * target.live.length)
      live.set(target.live)
      target.live = live
    }
    setBit(target.live, row)
  } else target.postings?.remove(row, JSON.parse(target.metadata[row]) as Filterable)
  target.matrix.write(row, vector)
  target.metadata[row] = metadata
  target.postings?.add(row, JSON.parse(metadata) as Filterable)
}

const drop = (target: Loaded, id: string): void => {
  const row = target.rowOf.get(id)
  if (row === undefined) return
  target.rowOf.delete(id)
  target.postings?.remove(row, JSON.parse(target.metadata[row]) as Filterable)
  clearBit(target.live, row)
  target.free.push(row)
}

const matching = (target: Loaded, filter: Filter): Bitmap => {
  const key = canonicalJson(filter)
  const kept = target.filters.get(key)
  if (kept) return kept
  if (!target.postings) {
    target.postings = createPostings()
    for (const row of target.rowOf.values())
      target.postings.add(row, JSON.parse(target.metadata[row]) as Filterable)
  }
  const words = target.postings.matching(filter, target.live)
  const bitmap = { words, count: countBits(words) }
  if (target.filters.size === keptFilters) target.filters.delete(target.filters.keys().next().value!)
  target.filters.set(key, bitmap)
  return bitmap
}
