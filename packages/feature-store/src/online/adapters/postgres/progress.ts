import type pg from "pg"
import type { Advance, Progress, PushedFacts } from "../../port.ts"
import { progressMoved } from "../../schema.ts"
import type { PostgresConnection } from "./connection.ts"
import type { StoreSchema } from "./schema.ts"

export const readProgress = async (
  connection: PostgresConnection,
  schema: StoreSchema,
  view: number,
): Promise<Progress> => {
  const { rows } = await connection.read(client =>
    client.query<Record<"revision" | "materialized_to" | "pushed_to" | "position", string | null>>(
      `select revision, materialized_to, pushed_to, position from ${schema.name}.views where number = $1`,
      [view],
    ),
  )
  const { revision, materialized_to, pushed_to, position } = rows[0]
  return {
    revision: Number(revision),
    ...(materialized_to !== null && { materializedTo: BigInt(materialized_to) }),
    ...(pushed_to !== null && { pushedTo: BigInt(pushed_to) }),
    ...(position !== null && { position: BigInt(position) }),
  }
}

export const readPushed = async (
  connection: PostgresConnection,
  schema: StoreSchema,
  view: number,
): Promise<PushedFacts[]> => {
  const { rows } = await connection.read(client =>
    client.query<{ through: string; facts: Buffer }>(
      `select through, facts from ${schema.name}.pushed where view = $1 order by number`,
      [view],
    ),
  )
  return rows.map(({ through, facts }) => ({ through: BigInt(through), facts }))
}

/** Inside the transaction of a write. */
export const advanceProgress = async (
  client: pg.ClientBase,
  schema: StoreSchema,
  { number, name, advance }: { number: number; name: string; advance: Advance },
): Promise<void> => {
  const { from, materializedTo, pushedTo, position, keep, forgetThrough } = advance
  const { rowCount } = await client.query(
    `update ${schema.name}.views set revision = revision + 1,
       materialized_to = coalesce($1, materialized_to), pushed_to = coalesce($2, pushed_to),
       position = coalesce($3, position)
     where number = $4 and revision = $5`,
    [materializedTo ?? null, pushedTo ?? null, position ?? null, number, from.revision],
  )
  if (rowCount === 0) throw progressMoved(name)
  if (forgetThrough !== undefined)
    await client.query(`delete from ${schema.name}.pushed where view = $1 and through <= $2`, [
      number,
      forgetThrough,
    ])
  if (keep && pushedTo !== undefined)
    await client.query(`insert into ${schema.name}.pushed (view, through, facts) values ($1, $2, $3)`, [
      number,
      pushedTo,
      Buffer.from(keep.buffer, keep.byteOffset, keep.byteLength),
    ])
}
