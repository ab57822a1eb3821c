import type { StateFile } from "@roadmap/tracking/state-file"
import type { Chunk } from "../chunk.ts"
import type { LexicalIndex } from "../document-index.ts"
import { type Bm25Parameters, bm25, defaultBm25 } from "../lexical/bm25.ts"
import { buildSegment } from "../lexical/build.ts"
import { type LiveSegment, mergeSegments } from "../lexical/merge.ts"
import { decodeSegment, encodeSegment, idAt, idLength, type Segment } from "../lexical/segment.ts"

interface Stored extends LiveSegment {
  id: number
  deletions: number
  /** Number of a chunk's id, made when something is deleted. */
  numbers?: Map<string, number>
}

/**
 * The lexical index in the file of the document index: segments, as in Lucene. Adding writes a small segment; deleting
 * marks; segments of like size are merged, so that there are few of them and every chunk is copied log(n) times.
 */
export interface LexicalSegments {
  /** Reads the file's state when it has changed since. */
  readonly reader: LexicalIndex
  /** One transaction on the file; the changes below are made inside of it. */
  write<T>(work: () => T): T
  add(chunks: readonly Chunk[]): void
  /** Unknown ids are passed over. */
  remove(ids: readonly string[]): void
  /** Merges what should be merged. `all`: as far as it costs little, so that searching is at its quickest. */
  merge(options?: { all?: boolean }): void
  clear(): void
}

export const lexicalSegments = (
  file: StateFile,
  parameters: Bm25Parameters = defaultBm25,
): LexicalSegments => {
  let stored: Stored[] = []
  let generation = "none"
  /** Made when somebody asks: an indexer commits many times without a question. */
  let index: LexicalIndex | undefined

  const current = (): string =>
    file.get<{ value: string }>("select value from facts where name = 'generation'")!.value

  const newest = (): LexicalIndex => {
    if (current() !== generation) file.read(load)
    return (index ??= bm25(stored, parameters))
  }
  const load = () => {
    const rows = file.all<{ id: number; deletions: number }>("select id, deletions from segments order by id")
    stored = rows.map(row => {
      const known = stored.find(each => each.id === row.id)
      if (known?.deletions === row.deletions) return known
      const { deleted } = file.get<{ deleted: Uint8Array }>(
        "select deleted from segments where id = ?",
        row.id,
      )!
      return { ...(known ?? { segment: segmentOf(row.id) }), ...row, deleted }
    })
    generation = current()
    index = undefined
  }
  const segmentOf = (id: number): Segment =>
    decodeSegment(file.get<{ bytes: Uint8Array }>("select bytes from segments where id = ?", id)!.bytes)

  /** For writers, inside of their transaction: the scores are not needed, the segments are. */
  const writable = (): Stored[] => {
    if (current() !== generation) load()
    return stored
  }
  const insert = (segment: Segment) => {
    file.run(
      "insert into segments (count, bytes, deleted, deletions) values (?, ?, ?, 0)",
      segment.count,
      encodeSegment(segment),
      new Uint8Array(segment.count),
    )
  }
  const touched = () => {
    file.run("update facts set value = cast(value as integer) + 1 where name = 'generation'")
  }

  return {
    reader: {
      search: (query, options) => newest().search(query, options),
      terms: query => newest().terms(query),
    },
    add(chunks) {
      if (chunks.length === 0) return
      insert(buildSegment(chunks))
      touched()
    },
    remove(ids) {
      if (ids.length === 0) return
      for (const part of writable()) {
        part.numbers ??= numbersOf(part.segment)
        const found = ids.flatMap(id => {
          const number = part.numbers!.get(id)
          return number === undefined || part.deleted[number] === 1 ? [] : [number]
        })
        if (found.length === 0) continue
        const deleted = part.deleted.slice()
        for (const number of found) deleted[number] = 1
        file.run(
          "update segments set deleted = ?, deletions = ? where id = ?",
          deleted,
          part.deletions + found.length,
          part.id,
        )
      }
      touched()
    },
    merge({ all = false } = {}) {
      const chosen = all ? needless(writable()) : mergeable(writable())
      if (chosen.length === 0) return
      insert(mergeSegments(chosen))
      for (const { id } of chosen) file.run("delete from segments where id = ?", id)
      touched()
    },
    clear() {
      file.run("delete from segments")
      touched()
    },
    write(work) {
      try {
        return file.write(work)
      } catch (error) {
        // What was read inside of the transaction was never committed.
        stored = []
        generation = "none"
        throw error
      }
    },
  }
}

const numbersOf = (segment: Segment): Map<string, number> => {
  const numbers = new Map<string, number>()
  for (let number = 0; number < segment.ids.length / idLength; number++)
    numbers.set(idAt(segment, number), number)
  return numbers
}

/** As many of one size class as are merged to one of the next: each has eight times the chunks of the one below. */
const mergeFactor = 8

const liveOf = ({ segment, deletions }: Stored): number => segment.count - deletions

/** Of the smallest size class that is full, its segments; else one that is mostly deleted. */
const mergeable = (stored: readonly Stored[]): Stored[] => {
  const classOf = (each: Stored) => Math.floor(Math.log(Math.max(1, liveOf(each))) / Math.log(mergeFactor))
  const classes = Map.groupBy(stored, classOf)
  for (const size of [...classes.keys()].sort((a, b) => a - b))
    if (classes.get(size)!.length >= mergeFactor) return stored.filter(each => classOf(each) <= size)
  return stored.filter(each => each.deletions > each.segment.count / 2)
}

/** What stands in the way of one segment without deletions, where that costs little or gains much. */
const needless = (stored: readonly Stored[]): Stored[] => {
  const small = stored.filter(each => liveOf(each) < smallSegment || each.deletions > each.segment.count / 5)
  return small.length > 1 || small.some(each => each.deletions > 0) ? small : []
}

/** A merge of this many chunks takes some tens of milliseconds. */
const smallSegment = 20_000
