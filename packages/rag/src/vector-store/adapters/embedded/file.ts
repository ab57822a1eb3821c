import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { RoadmapError } from "@roadmap/core/errors"
import { openStateFile } from "@roadmap/tracking/state-file"
import type { VectorRecord } from "../../../vector-store.ts"

/** The store's file: one row a vector, all changes numbered, so that another process sees what is new. */
export interface VectorFile {
  /** The number of the last change, and that of the last deletion. */
  state(): FileState
  /** Replaces records of the same id. One transaction. */
  upsert(records: readonly VectorRecord[]): Written
  /** One transaction. */
  delete(ids: readonly string[]): Written
  count(): number
  /** Rows changed after `revision`, in blocks. */
  changedAfter(revision: number): Generator<StoredVector[]>
  ids(): Generator<string[]>
  close(): void
}

export interface FileState {
  revision: number
  deletedAt: number
}

/** The change's number; `before` tells whether another process wrote since. */
export interface Written {
  before: number
  revision: number
}

export interface StoredVector {
  id: string
  vector: Float32Array
  /** JSON. */
  metadata: string
}

const applicationId = 0x72767631
const rowsAtOnce = 4_096
const migrations = [
  `create table state (one integer primary key check (one = 1), dimensions integer not null, revision integer not null,
     deleted_at integer not null);
   create table vectors (number integer primary key, id text not null unique, revision integer not null, vector blob not null,
     metadata text not null);
   create index vectors_by_revision on vectors (revision, number)`,
]

/** Opens or makes `vectors.sqlite`. Throws IMMUTABLE when it was made for other dimensions, and what openStateFile throws. */
export const openVectorFile = (folder: string, dimensions: number): VectorFile => {
  const path = join(folder, "vectors.sqlite")
  const file = openStateFile({
    path,
    title: "vectors",
    applicationId,
    migrations,
    durability: "normal",
    connect: (location, timeout) => new DatabaseSync(location, { timeout }),
  })
  const state = (): FileState & { dimensions: number } =>
    file.get("select dimensions, revision, deleted_at as deletedAt from state")!
  file.run("insert into state values (1, ?, 0, 0) on conflict do nothing", dimensions)
  const made = state().dimensions
  if (made !== dimensions) {
    file.close()
    throw otherDimensions(path, made, dimensions)
  }
  const changing = (work: (revision: number) => void): Written =>
    file.write(() => {
      const before = state().revision
      file.run("update state set revision = ?", before + 1)
      work(before + 1)
      return { before, revision: before + 1 }
    })
  const stored = (row: { id: string; vector: Uint8Array; metadata: string }): StoredVector => {
    if (row.vector.byteLength !== 4 * dimensions)
      throw new RoadmapError(
        "STATE_CORRUPT",
        `${path}: the vector of "${row.id}" has ${row.vector.byteLength} bytes.`,
        {
          hint: "Delete that file and index again.",
        },
      )
    const bytes = row.vector.slice()
    return { id: row.id, vector: new Float32Array(bytes.buffer), metadata: row.metadata }
  }

  return {
    state,
    upsert: records =>
      changing(revision => {
        for (const { id, vector, metadata } of records)
          file.run(
            `insert into vectors (id, revision, vector, metadata) values (?, ?, ?, ?)
             on conflict (id) do update set revision = excluded.revision, vector = excluded.vector, metadata = excluded.metadata`,
            id,
            revision,
            new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
            JSON.stringify(metadata),
          )
      }),
    delete: ids =>
      changing(revision => {
        let deleted = 0
        for (const id of ids) deleted += file.run("delete from vectors where id = ?", id).changes
        if (deleted > 0) file.run("update state set deleted_at = ?", revision)
      }),
    count: () => file.get<{ count: number }>("select count(*) as count from vectors")!.count,
    *changedAfter(revision) {
      let last: { revision: number; number: number } = { revision, number: Number.MAX_SAFE_INTEGER }
      for (;;) {
        const rows = file.all<{
          number: number
          revision: number
          id: string
          vector: Uint8Array
          metadata: string
        }>(
          `select number, revision, id, vector, metadata from vectors where (revision, number) > (?, ?)
           order by revision, number limit ${rowsAtOnce}`,
          last.revision,
          last.number,
        )
        if (rows.length === 0) return
        last = rows[rows.length - 1]
        yield rows.map(stored)
      }
    },
    *ids() {
      let last = 0
      for (;;) {
        const rows = file.all<{ number: number; id: string }>(
          "select number, id from vectors where number > ? order by number limit 10000",
          last,
        )
        if (rows.length === 0) return
        last = rows[rows.length - 1].number
        yield rows.map(({ id }) => id)
      }
    },
    close: () => file.close(),
  }
}

const otherDimensions = (path: string, made: number, asked: number) =>
  new RoadmapError("IMMUTABLE", `${path} holds vectors of ${made} dimensions; the embedder gives ${asked}.`, {
    hint: "Index again into another folder, or use the embedder that the index was made with.",
  })
