import { RoadmapError } from "@roadmap/core/errors"
import type { PostgresConnection } from "./connection.ts"
import { isMissingTable } from "./errors.ts"

/** The layout of the tables below; a store written by a newer program has a greater one. */
const format = 1

export interface StoreSchema {
  /** Quoted. */
  readonly name: string
  /** The table of a view's rows. Numbers are never used twice. */
  rowTable(number: number): string
  /** Makes the tables when they are missing; done once a process. */
  ready(): Promise<void>
}

const tables = (schema: string): string => `
  create schema if not exists ${schema};
  create table if not exists ${schema}.store (format integer primary key);
  insert into ${schema}.store values (${format}) on conflict do nothing;
  create table if not exists ${schema}.views (
    number integer generated always as identity primary key,
    name text not null unique,
    definition text not null,
    revision bigint not null default 0,
    materialized_to bigint,
    pushed_to bigint,
    position bigint
  );
  create table if not exists ${schema}.pushed (
    number bigint generated always as identity primary key,
    view integer not null references ${schema}.views on delete cascade,
    through bigint not null,
    facts bytea not null
  );
  create index if not exists pushed_by_view on ${schema}.pushed (view, number)`

export const storeSchema = (connection: PostgresConnection, schemaName: string): StoreSchema => {
  const name = `"${schemaName.replaceAll('"', '""')}"`
  let made: Promise<void> | undefined
  // A user who may only read needs no DDL when another one has made the tables.
  const make = async () => {
    const newest = await connection
      .read(client => client.query<{ format: number }>(`select max(format) as format from ${name}.store`))
      .catch(error => {
        if (isMissingTable(error) || (error as RoadmapError).message.includes("does not exist"))
          return undefined
        throw error
      })
    const found = newest?.rows[0].format
    if (found === format) return
    if (found !== undefined && found > format)
      throw new RoadmapError(
        "STATE_VERSION",
        `The online store in schema ${name} was written by a newer version (format ${found}); this one knows ${format}.`,
        { hint: "Update this checkout, or use another database." },
      )
    await connection.transaction(async client => {
      // "if not exists" alone lets two openers collide.
      await client.query("select pg_advisory_xact_lock(hashtext($1))", [`online_store ${schemaName}`])
      await client.query(tables(name))
    })
  }
  return {
    name,
    rowTable: number => `${name}.rows_${number}`,
    ready: () => {
      made ??= make().catch(error => {
        made = undefined
        throw error
      })
      return made
    },
  }
}

/** Updates touch no index; the free space of a page lets them stay on it (heap-only tuples). */
export const createRowTable = (table: string): string =>
  `create table ${table} (
     key text collate "C" primary key,
     event_time bigint not null,
     created_time bigint not null,
     value bytea not null
   ) with (fillfactor = 70)`
