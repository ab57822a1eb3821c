import { isRoadmapError, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { formatBytes, formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import { composeRuns } from "@roadmap/services/compose"
import { engines, findEngine } from "@roadmap/services/engines"
import {
  type RunningService,
  type ServiceStatus,
  serviceStatus,
  startService,
  stopService,
} from "@roadmap/services/service"
import { type CommandContext, describeError } from "../context.ts"

interface UpFlags {
  export?: boolean
  port?: number
  native?: boolean
  allowOpenPort?: boolean
}

interface Failed {
  name: string
  error: RoadmapError
}

/**
 * `services up`: one engine after the other. One that cannot start does not keep the others from it; Ctrl-C stops what
 * this call has started. Exit code of the first failure, or 0.
 */
export const servicesUp = async (
  context: CommandContext,
  given: readonly string[],
  flags: UpFlags,
): Promise<number> => {
  const { signal, config } = context
  if (flags.export && context.json)
    throw new RoadmapError("USAGE", "--export and --json are two forms of output.", {
      hint: "Give one of them.",
    })
  const names = given.length > 0 ? namesOf(given) : await startable(signal)
  if (flags.port !== undefined && names.length !== 1)
    throw new RoadmapError("USAGE", "--port goes with the name of one engine.", {
      hint: `For example: roadmap services up mlflow --port ${flags.port}`,
    })
  const up: RunningService[] = []
  const failed: Failed[] = []
  for (const name of names) {
    try {
      const service = await startService(name, {
        home: config.home,
        port: flags.port,
        starter: flags.native ? "native" : undefined,
        allowOpenPort: flags.allowOpenPort,
        signal,
        onProgress: line => process.stderr.write(`${name}: ${line}\n`),
      })
      up.push(service)
      process.stderr.write(`${name}: ${service.started ? "started" : "runs already"}\n`)
    } catch (error) {
      if (signal.aborted) {
        await stopStarted(context, up)
        throw error
      }
      const known = toRoadmapError(error)
      failed.push({ name, error: known })
      if (!context.json) process.stderr.write(`${describeError(known)}\n`)
    }
  }
  if (flags.export) process.stdout.write(exportLines(up))
  else
    context.print(
      { services: up, failed: failed.map(({ name, error }) => ({ name, ...shown(error) })) },
      () => describeUp(context, up),
    )
  return failed[0]?.error.exitCode ?? 0
}

/** `services down`: every named engine, or every one that was started. Exit code of the first failure, or 0. */
export const servicesDown = async (context: CommandContext, given: readonly string[]): Promise<number> => {
  const stopped: string[] = []
  const failed: Failed[] = []
  for (const name of (given.length > 0 ? namesOf(given) : allNames()).toReversed()) {
    try {
      const onProgress = (line: string) => process.stderr.write(`${name}: ${line}\n`)
      if (await stopService(name, { home: context.config.home, signal: context.signal, onProgress }))
        stopped.push(name)
    } catch (error) {
      if (isRoadmapError(error, "INTERRUPTED")) throw error
      const known = toRoadmapError(error)
      failed.push({ name, error: known })
      if (!context.json) process.stderr.write(`${describeError(known)}\n`)
    }
  }
  context.print({ stopped, failed: failed.map(({ name, error }) => ({ name, ...shown(error) })) }, () =>
    stopped.length === 0
      ? "Nothing was running."
      : `Stopped ${stopped.join(", ")}. The data and logs are kept.`,
  )
  return failed[0]?.error.exitCode ?? 0
}

/** `services status`: all engines, or the named ones. */
export const servicesStatus = async (
  context: CommandContext,
  given: readonly string[],
): Promise<undefined> => {
  const { home } = context.config
  const names = given.length > 0 ? namesOf(given) : allNames()
  const services = await Promise.all(names.map(name => serviceStatus(name, { home, signal: context.signal })))
  context.print({ services }, () => describeStatus(context, services))
}

/** Known names, each once. Throws UNKNOWN_NAME before anything is done. */
export const namesOf = (given: readonly string[]): string[] => [
  ...new Set(given.map(name => findEngine(name).name)),
]

export const allNames = (): string[] => engines.map(engine => engine.name)

/** Those that exist with Compose only are left out where Docker does not answer. */
const startable = async (signal: AbortSignal): Promise<string[]> => {
  const compose = await composeRuns(signal)
  return engines.filter(engine => engine.native || compose).map(engine => engine.name)
}

const stopStarted = async ({ config }: CommandContext, up: readonly RunningService[]): Promise<void> => {
  for (const { name, started } of up.toReversed()) {
    if (!started) continue
    await stopService(name, { home: config.home })
    process.stderr.write(`${name}: stopped\n`)
  }
}

const shown = ({ code, message, hint, retryable }: RoadmapError) => ({
  error: { code, message, hint, retryable },
})

/** What a shell evaluates. In single quotes nothing is special but the quote itself. */
const exportLines = (services: readonly RunningService[]): string => {
  const variables = services.flatMap(service => Object.entries(service.variables))
  if (variables.length === 0) return ""
  const lines = variables.map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
  return `${lines.join("")}# To use the embedded parts again: unset ${variables.map(([name]) => name).join(" ")}\n`
}

const describeUp = ({ colors, columns }: CommandContext, up: readonly RunningService[]): string => {
  if (up.length === 0) return "Nothing was started."
  const table = textTable(
    {
      columns: [
        { label: "service" },
        { label: "version" },
        { label: "port", align: "right" },
        { label: "log" },
      ],
      rows: up.map(({ name, versions, ports, logFile }) => [
        name,
        versionText(versions),
        String(ports.main),
        logFile,
      ]),
    },
    { width: columns, paint: (text, _row, column) => (column === 0 ? colors.green(text) : text) },
  )
  const names = up.map(({ name }) => name).join(" ")
  return [
    table,
    "",
    `Use them: eval "$(npx -y pnpm@12 --silent roadmap services up ${names} --export)"`,
    ...up.flatMap(service => Object.entries(service.variables).map(([name, value]) => `  ${name}=${value}`)),
  ].join("\n")
}

const describeStatus = ({ colors, columns }: CommandContext, services: readonly ServiceStatus[]): string => {
  const paints = {
    running: colors.green,
    starting: colors.yellow,
    unhealthy: colors.red,
    dead: colors.red,
    stopped: colors.dim,
  }
  return textTable(
    {
      columns: [
        { label: "service" },
        { label: "status" },
        { label: "version" },
        { label: "port", align: "right" },
        { label: "pid", align: "right" },
        { label: "memory", align: "right" },
        { label: "up for", align: "right" },
      ],
      rows: services.map(service => [
        service.name,
        service.starter === "compose" ? `${service.status} (Compose)` : service.status,
        versionText(service.versions),
        service.ports.main ? String(service.ports.main) : null,
        service.pids[0] ? String(service.pids[0]) : null,
        service.memoryBytes ? formatBytes(service.memoryBytes) : null,
        service.uptimeSeconds ? formatSeconds(service.uptimeSeconds) : null,
      ]),
    },
    {
      width: columns,
      paint: (text, row, column) => (column === 1 ? paints[services[row].status](text) : text),
    },
  )
}

const versionText = (versions: Record<string, string>): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")
