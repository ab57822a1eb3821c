import { mkdir, rm, statfs, writeFile } from "node:fs/promises"
import { availableParallelism, totalmem } from "node:os"
import { join } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { formatBytes } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import type { ServiceStatus } from "@roadmap/services/service"
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
export const doctor = async (context: CommandContext, service?: string): Promise<number> => {
  if (service === "databricks") return (await import("./doctor-databricks.ts")).doctorDatabricks(context)
  if (service !== undefined)
    throw new RoadmapError("UNKNOWN_NAME", `The doctor knows no "${service}".`, {
      hint: "Try: roadmap doctor databricks",
    })
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
  const { modelChecks } = await import("./doctor-models.ts")
  for (const { name, part, hint, work } of modelChecks(context)) {
    const check = await attempt(name, part, work)
    checks.push(check.status === "ok" && hint ? { ...check, hint } : check)
  }
  const { startedServices } = await import("@roadmap/services/service")
  const services = await startedServices({ home: config.home, signal: context.signal })
  for (const service of services)
    checks.push(await attempt(`service ${service.name}`, service.title, async () => describeService(service)))
  context.print({ checks }, () => describe(context, checks))
  return failures[0]?.exitCode ?? 0
}

const count = (n: number, noun: string, plural = `${noun}s`) => `${n} ${n === 1 ? noun : plural}`

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

/** Throws SERVICE_FAILED for one that should run and does not answer. */
const describeService = ({ name, status, ports, pids, memoryBytes }: ServiceStatus): string => {
  if (status === "dead" || status === "unhealthy")
    throw new RoadmapError(
      "SERVICE_FAILED",
      status === "dead" ? "it was started and has ended" : "it runs and does not answer",
      { hint: `Start it again: roadmap services up ${name}; its logs: roadmap services logs ${name}` },
    )
  const memory = memoryBytes ? [formatBytes(memoryBytes)] : []
  return [status, `port ${ports.main}`, count(pids.length, "process", "processes"), ...memory].join(", ")
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
