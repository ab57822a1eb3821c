import { readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
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
/** Programs that `roadmap services up` has installed: the next start would fetch them again. */
const isInstalled = (name: string) => /^(venv|jars)-/.test(name)
const evidence = "evidence.jsonl"
const locks = ["run.lock", "run.owner", "watch.lock", "evidence.lock"]

/** Deletes what runs have made, after asking. The only command that deletes. */
export const clean = async (
  context: CommandContext,
  flags: { yes?: boolean; all?: boolean; installed?: boolean },
): Promise<number> => {
  const { home } = context.config
  await refuseRunning(context)
  const services = await namesIn(join(home, "services"))
  const deleted = [
    ...made,
    ...services.filter(name => flags.installed || !isInstalled(name)).map(name => join("services", name)),
    ...(flags.all ? [evidence] : []),
  ]
  const present = await Promise.all(
    deleted.map(async name => ({
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

/** A running server would write into files that are gone, and its state would no longer say how to stop it. */
const refuseRunning = async ({ config, signal }: CommandContext): Promise<void> => {
  const { startedServices } = await import("@roadmap/services/service")
  const running = (await startedServices({ home: config.home, signal })).filter(
    service => service.status !== "dead" || service.pids.length > 0,
  )
  if (running.length === 0) return
  throw new RoadmapError(
    "STATE_LOCKED",
    `${running.map(({ name }) => name).join(", ")} ${running.length === 1 ? "is" : "are"} running with data in ${config.home}.`,
    { hint: "Stop it first: roadmap services down" },
  )
}

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
    throw error
  }
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
