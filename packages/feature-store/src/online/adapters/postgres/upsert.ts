import { throwIfAborted } from "@roadmap/core/async"
import type pg from "pg"
import type { EncodedRows } from "../../view-codec.ts"
import { bytesArray, int64Array, textArray } from "./binary-arrays.ts"

/** Rows of one statement. */
const atOnce = 8_192

/** Writes the rows, each where it is not older than the stored one; returns how many were. */
export const upsertRows = async (
  client: pg.ClientBase,
  table: string,
  encoded: EncodedRows,
  signal?: AbortSignal,
): Promise<number> => {
  let applied = 0
  for (let from = 0; from < encoded.rows; from += atOnce) {
    throwIfAborted(signal)
    const rows = Math.min(atOnce, encoded.rows - from)
    const { rowCount } = await client.query({
      name: `upsert_${table}`,
      text: `insert into ${table} as stored (key, event_time, created_time, value)
        select * from unnest($1::text[], $2::int8[], $3::int8[], $4::bytea[])
        on conflict (key) do update
        set event_time = excluded.event_time, created_time = excluded.created_time, value = excluded.value
        where (excluded.event_time, excluded.created_time) >= (stored.event_time, stored.created_time)`,
      values: [
        textArray(rows, i => encoded.key(from + i)),
        int64Array(rows, i => encoded.eventTime(from + i)),
        int64Array(rows, i => encoded.createdTime(from + i)),
        bytesArray(rows, i => encoded.value(from + i)),
      ],
    })
    applied += rowCount ?? 0
  }
  return applied
}
upsertRows.atOnce = atOnce
