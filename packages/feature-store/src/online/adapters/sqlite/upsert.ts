import type { SqlValue, StateFile } from "@roadmap/tracking/state-file"
import type { EncodedRows } from "../../view-codec.ts"

/** Rows of one statement: fewer calls between JavaScript and SQLite. */
const rowsAtOnce = 16

/** Writes the rows, each where it is not older than the stored one; returns how many were. */
export const upsertRows = (file: StateFile, table: string, encoded: EncodedRows): number => {
  const { rows, key, eventTime, createdTime, value } = encoded
  const whole = rows - (rows % rowsAtOnce)
  const many = upsert(table, rowsAtOnce)
  const one = upsert(table, 1)
  let applied = 0
  let parameters: SqlValue[] = []
  for (let i = 0; i < rows; i++) {
    parameters.push(key(i), eventTime(i), createdTime(i), value(i))
    if (i < whole && parameters.length < 4 * rowsAtOnce) continue
    applied += file.run(i < whole ? many : one, ...parameters).changes
    parameters = []
  }
  return applied
}

const upsert = (table: string, rows: number): string =>
  `insert into ${table} (key, event_time, created_time, value)
   values ${Array(rows).fill("(?, ?, ?, ?)").join(", ")}
   on conflict (key) do update
   set event_time = excluded.event_time, created_time = excluded.created_time, value = excluded.value
   where (excluded.event_time, excluded.created_time) >= (event_time, created_time)`
