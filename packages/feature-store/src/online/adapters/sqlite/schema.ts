/** "rmon" in ASCII: the file's PRAGMA application_id. */
export const applicationId = 0x726d6f6e

/**
 * A view's rows are in a table of its own, `rows_<number>`; numbers are never used twice, so that a statement prepared
 * for a dropped view fails instead of reading the rows of another one.
 */
export const migrations = [
  `create table views (
     number integer primary key autoincrement,
     name text not null unique,
     definition text not null,
     revision integer not null default 0,
     materialized_to integer,
     pushed_to integer,
     position integer
   );
   create table pushed (
     number integer primary key autoincrement,
     view integer not null references views on delete cascade,
     through integer not null,
     facts blob not null
   );
   create index pushed_by_view on pushed (view, number)`,
]

export const rowTable = (number: number): string => `rows_${number}`

/** Clustered by key; the times are there for the upsert's condition, the value holds them again for one-column reads. */
export const createRowTable = (number: number): string =>
  `create table ${rowTable(number)} (
     key text primary key,
     event_time integer not null,
     created_time integer not null,
     value blob not null
   ) without rowid`
