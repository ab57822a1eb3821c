import { canonicalJson } from "@roadmap/core/hash"
import type { StateFile } from "@roadmap/tracking/state-file"
import type { OnlineView } from "../../port.ts"
import { otherVersion, unknownView } from "../../schema.ts"
import { type ViewCodec, viewCodec } from "../../view-codec.ts"
import { createRowTable, rowTable } from "./schema.ts"

export interface SqliteView {
  readonly number: number
  readonly table: string
  readonly codec: ViewCodec
  /** The packed value of a key. */
  readRow(key: string): Uint8Array | undefined
}

interface ViewRow {
  number: number
  definition: string
}

/** Definitions of views, read once and kept while the file has them under the same number. */
export const viewTable = (file: StateFile) => {
  const known = new Map<string, SqliteView>()
  const stored = (name: string) =>
    file.get<ViewRow>("select number, definition from views where name = ?", name)

  const open = ({ number, definition }: ViewRow): SqliteView => {
    const table = rowTable(number)
    const select = `select value from ${table} where key = ?`
    return {
      number,
      table,
      codec: viewCodec(JSON.parse(definition) as OnlineView),
      readRow: key => file.get<{ value: Uint8Array }>(select, key)?.value,
    }
  }
  const list = (): OnlineView[] =>
    file
      .all<ViewRow>("select number, definition from views order by name")
      .map(({ definition }) => JSON.parse(definition) as OnlineView)
  const reload = (name: string): SqliteView => {
    const row = stored(name)
    if (!row) {
      known.delete(name)
      throw unknownView(
        name,
        list().map(view => view.name),
      )
    }
    const before = known.get(name)
    const view = before?.number === row.number ? before : open(row)
    known.set(name, view)
    return view
  }
  const remove = (number: number) => {
    file.run(`drop table ${rowTable(number)}`)
    file.run("delete from views where number = ?", number)
  }
  const isCurrent = ({ number, codec }: SqliteView): boolean => stored(codec.view.name)?.number === number

  return {
    list,
    reload,
    isCurrent,
    get: (name: string): SqliteView => known.get(name) ?? reload(name),
    find: (name: string): OnlineView | undefined => {
      const row = stored(name)
      return row && (JSON.parse(row.definition) as OnlineView)
    },
    define: (view: OnlineView, replace: boolean): void =>
      file.write(() => {
        const before = stored(view.name)
        if (before) {
          const { version } = JSON.parse(before.definition) as OnlineView
          if (version === view.version) return
          if (!replace) throw otherVersion(view.name, version, view.version)
          remove(before.number)
        }
        const { lastInsertRowid } = file.run(
          "insert into views (name, definition) values (?, ?)",
          view.name,
          canonicalJson(view),
        )
        file.run(createRowTable(lastInsertRowid))
      }),
    drop: (name: string): void =>
      file.write(() => {
        const row = stored(name)
        if (row) remove(row.number)
        known.delete(name)
      }),
    /** Forgets what this process knows of views that were replaced or dropped; false when there was none. */
    forgetReplaced: (): boolean => {
      const replaced = [...known].filter(([, view]) => !isCurrent(view))
      for (const [name] of replaced) known.delete(name)
      return replaced.length > 0
    },
  }
}
