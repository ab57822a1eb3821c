import { readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { lockHome } from "@roadmap/labkit/lock"
import { formatBytes } from "@roadmap/report/format"
import { askFirst } from "../ask.ts"
import type { CommandContext } from "../context.ts"

/** All that runs write below the home folder. Nothing else there is touched. */
const made = [
  "artifacts",
  "drills",
  "duckdb-spill",
  "labs",
  "reports",
  "samples",
  "state",
  "tmp",
  "warehouse.duckdb",
  "warehouse.duckdb.wal",
] as const
const evidence = "evidence.jsonl"
const locks = ["run.lock", "run.owner", "watch.lock", "evidence.lock"]

/** Deletes what runs have made, after asking. The only command that deletes. */
export const clean = async (
  context: CommandContext,
  flags: { yes?: boolean; all?: boolean },
): Promise<number> => {
  const { home } = context.config
  const present = await Promise.all(
    [...made, ...(flags.all ? [evidence] : [])].map(async name => ({
      name,
      bytes: await sizeOf(join(home, name)),
    })),
  )
  const found = present.filter(item => item.bytes !== undefined) as { name: string; bytes: number }[]
  const bytes = found.reduce((sum, item) => sum + item.bytes, 0)
  if (found.length > 0) {
    const names = found.map(({ name }) => name).join(", ")
    if (!(await askFirst(context, `Delete ${formatBytes(bytes)} in ${home} (${names})?`, flags.yes))) return 1
    // Refuses while a run is using the folder.
    using _lock = lockHome(home)
    for (const { name } of found) await rm(join(home, name), { recursive: true, force: true })
  }
  for (const name of locks) await rm(join(home, name), { force: true })
  context.print({ home, deleted: found.map(item => item.name), bytes }, () =>
    found.length === 0 ? `Nothing to delete in ${home}.` : `Deleted ${formatBytes(bytes)} in ${home}.`,
  )
  return 0
}

const sizeOf = async (path: string): Promise<number | undefined> => {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) return found?.size
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter(entry => entry.isFile())
      .map(async entry => (await stat(join(entry.parentPath, entry.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
