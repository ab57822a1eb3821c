import type { StateFile } from "@roadmap/tracking/state-file"
import type { Advance, Progress, PushedFacts } from "../../port.ts"
import { progressMoved } from "../../schema.ts"

/** How far each view is filled, and the pushed facts kept with it. Microseconds are texts here: they may pass 2^53. */
export const progressTable = (file: StateFile) => ({
  get(view: number): Progress {
    const row = file.get<
      { revision: number } & Record<"materialized" | "pushed" | "position", string | null>
    >(
      `select revision, cast(materialized_to as text) as materialized, cast(pushed_to as text) as pushed,
         cast(position as text) as position
       from views where number = ?`,
      view,
    )!
    return {
      revision: row.revision,
      ...(row.materialized !== null && { materializedTo: BigInt(row.materialized) }),
      ...(row.pushed !== null && { pushedTo: BigInt(row.pushed) }),
      ...(row.position !== null && { position: BigInt(row.position) }),
    }
  },
  pushed: (view: number): PushedFacts[] =>
    file
      .all<{ through: string; facts: Uint8Array }>(
        "select cast(through as text) as through, facts from pushed where view = ? order by number",
        view,
      )
      .map(({ through, facts }) => ({ through: BigInt(through), facts })),
  /** Inside the transaction of a write. */
  advance(view: number, name: string, change: Advance): void {
    const { from, materializedTo, pushedTo, position, keep, forgetThrough } = change
    const { changes } = file.run(
      `update views set revision = revision + 1, materialized_to = coalesce(?, materialized_to),
         pushed_to = coalesce(?, pushed_to), position = coalesce(?, position)
       where number = ? and revision = ?`,
      materializedTo ?? null,
      pushedTo ?? null,
      position ?? null,
      view,
      from.revision,
    )
    if (changes === 0) throw progressMoved(name)
    if (forgetThrough !== undefined)
      file.run("delete from pushed where view = ? and through <= ?", view, forgetThrough)
    if (keep && pushedTo !== undefined)
      file.run("insert into pushed (view, through, facts) values (?, ?, ?)", view, pushedTo, keep)
  },
})
