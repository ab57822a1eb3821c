import { DatabaseSync } from "node:sqlite"
import { throwIfAborted } from "@roadmap/core/async"
import { openStateFile } from "@roadmap/tracking/state-file"
import { now } from "../now.ts"
import type { OnlineStore, ReadRequest } from "../port.ts"
import { checkView, otherVersion, replacedView } from "../schema.ts"
import { progressTable } from "./sqlite/progress.ts"
import { applicationId, migrations } from "./sqlite/schema.ts"
import { upsertRows } from "./sqlite/upsert.ts"
import { type SqliteView, viewTable } from "./sqlite/views.ts"

export interface SqliteOnlineOptions {
  /** The SQLite file; created when missing. */
  file: string
  /** How long a write waits for another process' transaction. Default 10,000. */
  busyTimeoutMs?: number
}

/**
 * The embedded OnlineStore: one SQLite file in WAL mode, shared by processes. Readers never wait for a writer. A commit
 * survives a kill of the process; after a power cut the last few may be missing, whole, rows and progress together.
 * Throws STATE_CORRUPT, STATE_VERSION, STATE_LOCKED, PERMISSION or DISK_FULL.
 */
export const sqliteOnlineStore = ({ file: path, busyTimeoutMs }: SqliteOnlineOptions): OnlineStore => {
  const file = openStateFile({
    path,
    title: "online store",
    applicationId,
    migrations,
    durability: "normal",
    connect(location, timeout) {
      const database = new DatabaseSync(location, { timeout })
      // 32 MiB of pages instead of 2: millions of keys are written without reading each page again.
      database.exec("pragma cache_size = -32768")
      return database
    },
    ...(busyTimeoutMs !== undefined && { busyTimeoutMs }),
  })
  const views = viewTable(file)
  const progress = progressTable(file)

  const readView = (view: SqliteView, { keys, features }: ReadRequest, asOf: bigint) => {
    const { codec, readRow } = view
    const read = codec.reader(features)
    return keys.map(key => {
      const text = codec.encodeKey(key)
      return read(text, text === null ? undefined : readRow(text), asOf)
    })
  }
  const viewOf = (request: ReadRequest): SqliteView => {
    let view = views.get(request.view)
    if (request.version === undefined || request.version === view.codec.view.version) return view
    view = views.reload(request.view)
    if (request.version !== view.codec.view.version)
      throw otherVersion(request.view, view.codec.view.version, request.version)
    return view
  }
  const readAll = (requests: readonly ReadRequest[], asOf: bigint) =>
    file.read(() => requests.map(request => readView(viewOf(request), request, asOf)))

  const readViews: OnlineStore["readViews"] = async (requests, { asOf = now(), signal } = {}) => {
    throwIfAborted(signal)
    try {
      return readAll(requests, asOf)
    } catch (error) {
      // Another process may have replaced a view, and with it the table that was read: then read the new one.
      if (!views.forgetReplaced()) throw error
      return readAll(requests, asOf)
    }
  }
  const close = async () => file.close()

  return {
    async define(view, { replace = false } = {}) {
      checkView(view)
      views.define(view, replace)
    },
    views: async () => views.list(),
    view: async name => views.find(name),
    async write(name, rows, { signal, advance } = {}) {
      throwIfAborted(signal)
      const view = views.reload(name)
      const encoded = view.codec.encode(rows)
      return file.write(() => {
        if (!views.isCurrent(view)) throw replacedView(name)
        const applied = upsertRows(file, view.table, encoded)
        if (advance) progress.advance(view.number, name, advance)
        return { rows: rows.rows, applied }
      })
    },
    async read(view, keys, { features, version, ...moment } = {}) {
      const [rows] = await readViews(
        [{ view, keys, ...(features && { features }), ...(version !== undefined && { version }) }],
        moment,
      )
      return rows
    },
    readViews,
    progress: async name => progress.get(views.reload(name).number),
    pushed: async name => progress.pushed(views.reload(name).number),
    drop: async name => views.drop(name),
    close,
    [Symbol.asyncDispose]: close,
  }
}
