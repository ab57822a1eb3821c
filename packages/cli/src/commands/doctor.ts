import { mkdir, rm, statfs, writeFile } from "node:fs/promises"
import { availableParallelism, totalmem } from "node:os"
import { join } from "node:path"
import { type RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { formatBytes } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import type { CommandContext } from "../context.ts"

interface Check {
  name: string
  /** The part that answers: "DuckDB, embedded". */
  part: string
  status: "ok" | "failed"
  detail: string
  hint?: string
}

/** Enough for the tables, models and reports of February on all rows. */
const leastFreeBytes = 2 ** 31

/** Shows which adapter each port resolves to and tries each. Exit code of the first failure, or 0. */
export const doctor = async (context: CommandContext): Promise<number> => {
  const { config } = context
  const failures: RoadmapError[] = []
  const attempt = async (name: string, part: string, work: () => Promise<string>): Promise<Check> => {
    try {
      return { name, part, status: "ok", detail: await work() }
    } catch (error) {
      const known = toRoadmapError(error)
      failures.push(known)
      return { name, part, status: "failed", detail: known.message, hint: known.hint }
    }
  }
  const checks = [
    await attempt(
      "node",
      "",
      async () => `${process.version}, ${availableParallelism()} cores, ${formatBytes(totalmem())} of memory`,
    ),
    await attempt("home", config.home, () => checkHome(config.home)),
    await attempt("warehouse", config.databricks ? "Databricks SQL" : "DuckDB, embedded", async () => {
      const { openWarehouse } = await import("@roadmap/warehouse/open")
      const engine = await openWarehouse(config)
      try {
        const { rowsOf } = await import("@roadmap/warehouse/rows")
        return String(rowsOf(await engine.query("SELECT version() AS version"))[0].version)
      } finally {
        await engine.close()
      }
    }),
    await attempt("tracking", config.mlflow?.trackingUri ?? "SQLite, embedded", async () => {
      const { openTracking } = await import("@roadmap/tracking/open")
      const store = await openTracking(config)
      try {
        return count((await store.searchExperiments()).items.length, "experiment")
      } finally {
        await store.close()
      }
    }),
    await attempt("model registry", config.mlflow?.trackingUri ?? "SQLite, embedded", async () => {
      const { openRegistry } = await import("@roadmap/model-registry/open")
      const registry = await openRegistry(config)
      try {
        return count((await registry.searchModels()).items.length, "model")
      } finally {
        await registry.close()
      }
    }),
  ]
  context.print({ checks }, () => describe(context, checks))
  return failures[0]?.exitCode ?? 0
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`

const checkHome = async (home: string): Promise<string> => {
  await mkdir(home, { recursive: true })
  const probe = join(home, `.probe-${process.pid}`)
  await writeFile(probe, "probe")
  await rm(probe)
  const { bavail, bsize } = await statfs(home)
  const free = bavail * bsize
  const note = free < leastFreeBytes ? `; a whole run wants ${formatBytes(leastFreeBytes)}` : ""
  return `writable, ${formatBytes(free)} free${note}`
}

const describe = ({ colors, columns }: CommandContext, checks: Check[]): string => {
  const table = textTable(
    {
      columns: [{ label: "" }, { label: "check" }, { label: "part" }, { label: "found" }],
      rows: checks.map(check => [check.status === "ok" ? "✔" : "✖", check.name, check.part, check.detail]),
    },
    {
      width: columns,
      paint: (text, row, column) =>
        column > 0 ? text : checks[row].status === "ok" ? colors.green(text) : colors.red(text),
    },
  )
  const hints = checks.filter(check => check.hint).map(check => `${check.name}: ${check.hint}`)
  return [table, ...hints].join("\n")
}
