import { canonicalJson } from "@roadmap/core/hash"
import type pg from "pg"
import type { OnlineView } from "../../port.ts"
import { otherVersion, unknownView } from "../../schema.ts"
import { type ViewCodec, viewCodec } from "../../view-codec.ts"
import type { PostgresConnection } from "./connection.ts"
import { createRowTable, type StoreSchema } from "./schema.ts"

export interface PostgresView {
  readonly number: number
  readonly codec: ViewCodec
}

interface ViewRow {
  number: number
  definition: string
}

/** Definitions of views, read once and kept while the database has them under the same number. */
export const viewTable = (connection: PostgresConnection, schema: StoreSchema) => {
  const known = new Map<string, PostgresView>()
  const stored = async (client: pg.ClientBase, name: string): Promise<ViewRow | undefined> => {
    const { rows } = await client.query<ViewRow>(
      `select number, definition from ${schema.name}.views where name = $1`,
      [name],
    )
    return rows[0]
  }
  const find = async (name: string): Promise<ViewRow | undefined> => {
    await schema.ready()
    return connection.read(client => stored(client, name))
  }
  const list = async (): Promise<OnlineView[]> => {
    await schema.ready()
    const { rows } = await connection.read(client =>
      client.query<ViewRow>(`select number, definition from ${schema.name}.views order by name collate "C"`),
    )
    return rows.map(({ definition }) => JSON.parse(definition) as OnlineView)
  }
  const reload = async (name: string): Promise<PostgresView> => {
    const row = await find(name)
    if (!row) {
      known.delete(name)
      throw unknownView(
        name,
        (await list()).map(view => view.name),
      )
    }
    const before = known.get(name)
    const view =
      before?.number === row.number
        ? before
        : { number: row.number, codec: viewCodec(JSON.parse(row.definition) as OnlineView) }
    known.set(name, view)
    return view
  }
  /** Definitions change one at a time, whoever changes them. */
  const changing = async <T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> => {
    await schema.ready()
    return connection.transaction(async client => {
      await client.query(`lock table ${schema.name}.views in share row exclusive mode`)
      return work(client)
    })
  }
  const remove = async (client: pg.ClientBase, number: number) => {
    await client.query(`drop table ${schema.rowTable(number)}`)
    await client.query(`delete from ${schema.name}.views where number = $1`, [number])
  }

  return {
    list,
    reload,
    get: async (name: string): Promise<PostgresView> => known.get(name) ?? reload(name),
    find: async (name: string): Promise<OnlineView | undefined> => {
      const row = await find(name)
      return row && (JSON.parse(row.definition) as OnlineView)
    },
    define: (view: OnlineView, replace: boolean): Promise<void> =>
      changing(async client => {
        const before = await stored(client, view.name)
        if (before) {
          const { version } = JSON.parse(before.definition) as OnlineView
          if (version === view.version) return
          if (!replace) throw otherVersion(view.name, version, view.version)
          await remove(client, before.number)
        }
        const { rows } = await client.query<{ number: number }>(
          `insert into ${schema.name}.views (name, definition) values ($1, $2) returning number`,
          [view.name, canonicalJson(view)],
        )
        await client.query(createRowTable(schema.rowTable(rows[0].number)))
      }),
    drop: (name: string): Promise<void> =>
      changing(async client => {
        const row = await stored(client, name)
        if (row) await remove(client, row.number)
        known.delete(name)
      }),
    /** Forgets what this process knows of views that were replaced or dropped; false when there was none. */
    forgetReplaced: async (): Promise<boolean> => {
      let forgotten = false
      for (const [name, { number }] of [...known]) {
        if ((await find(name))?.number === number) continue
        known.delete(name)
        forgotten = true
      }
      return forgotten
    },
  }
}
