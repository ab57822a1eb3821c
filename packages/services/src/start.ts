import { existsSync } from "node:fs"
import { mkdir, readdir, rename, rm } from "node:fs/promises"
import { join, resolve } from "node:path"
import { sleep, throwIfAborted } from "@roadmap/core/async"
import { loadConfig } from "@roadmap/core/config"
import { isRoadmapError, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { composeRuns, downCompose, upCompose } from "./compose.ts"
import type { Engine, Launch } from "./engine.ts"
import { isHealthy } from "./health.ts"
import { takeTurns } from "./lock.ts"
import { lastLines } from "./logs.ts"
import { freePort } from "./ports.ts"
import { isAlive, startGroup, stopGroup } from "./process-group.ts"
import { makePrivate, readState, type ServiceState, serviceFolder, writeState } from "./state.ts"

export interface StartOptions {
  /** Folder below which the service has its state, logs and data. Default: ROADMAP_HOME or .roadmap. */
  home?: string
  /** Folder of installed programs. Default: `services` below ROADMAP_HOME, also when `home` is another folder. */
  installFolder?: string
  /** Folder of the data. Default: `data` in the service's folder. */
  dataFolder?: string
  /** Port of 127.0.0.1 for the main server. Default: that of the last start, or any free one. */
  port?: number
  /** Default: Compose where Docker answers and the engine is in compose.yaml, else native. */
  starter?: "native" | "compose"
  /** Allows a server that listens on every interface where it cannot be isolated. Default false: such a start is refused. */
  allowOpenPort?: boolean
  /** Seconds until it must answer. Default: the engine's own. */
  startSeconds?: number
  signal?: AbortSignal
  /** What is being done, a line at a time. */
  onProgress?: (line: string) => void
}

export interface RunningService {
  name: string
  /** False when it was found running. */
  started: boolean
  starter: "native" | "compose"
  versions: Record<string, string>
  startedAt: string
  /** The environment variables that make the platform use it. */
  variables: Record<string, string>
  ports: Record<string, number>
  /** Leaders of its process groups; empty with Compose. */
  pids: number[]
  logFile: string
  dataFolder: string
}

/** startService for any engine: see service.ts. */
export const startEngine = async (engine: Engine, options: StartOptions = {}): Promise<RunningService> => {
  const { signal, onProgress: say = () => undefined } = options
  const home = resolve(options.home ?? loadConfig().home)
  const folder = serviceFolder(home, engine.name)
  await makePrivate(folder)
  using _lock = await takeTurns(join(folder, "lock"), {
    signal,
    onWait: () => say(`Another command is at work on ${engine.name}: waiting for it`),
  })
  const previous = readState(folder)
  if (previous?.phase === "running" && (await isHealthy(engine, previous, folder, signal)))
    return describe(previous, folder, false)
  if (previous !== undefined && previous.phase !== "stopped") {
    say(`${engine.name} was started before and does not answer: it is started again`)
    await stopRecorded(previous, folder)
  }
  const dataFolder = resolve(options.dataFolder ?? join(folder, "data"))
  // A container keeps its data in a volume: whoever names a folder wants the native one.
  const chosen = options.starter ?? (options.dataFolder === undefined ? undefined : "native")
  const starter = chosen ?? (engine.compose && (await composeRuns(signal)) ? "compose" : "native")
  const state: ServiceState = {
    format: 1,
    name: engine.name,
    phase: "starting",
    starter,
    versions: engine.versions,
    startedAt: new Date().toISOString(),
    groups: [],
    ports: {},
    variables: {},
    dataFolder,
    newData: await isEmpty(dataFolder),
  }
  try {
    const start = starter === "compose" ? upCompose : startNatively
    await start(engine, state, { ...options, folder, say, lastPorts: previous?.ports ?? {} })
    throwIfAborted(signal)
    state.phase = "running"
    state.newData = false
    await writeState(folder, state)
    return describe(state, folder, true)
  } catch (error) {
    await stopRecorded(state, folder)
    // The folder of a service that never ran keeps its log only: the ports of a failed start are worth nothing.
    await writeState(folder, {
      ...state,
      phase: "stopped",
      groups: [],
      variables: {},
      newData: false,
      ports: previous?.ports ?? {},
    })
    throw toRoadmapError(error)
  }
}

/** Stops what a state names, by recorded ids, and deletes the data of a start that did not succeed. True when something was running. */
export const stopRecorded = async (state: ServiceState, folder: string): Promise<boolean> => {
  let stopped = false
  if (state.starter === "compose") stopped = await downCompose(state)
  // The last one started leans on those before it.
  else for (const group of state.groups.toReversed()) if (await stopGroup(group, folder)) stopped = true
  if (state.newData)
    for (const name of await namesIn(state.dataFolder))
      await rm(join(state.dataFolder, name), { recursive: true, force: true })
  return stopped
}

const isEmpty = async (folder: string): Promise<boolean> => (await namesIn(folder)).length === 0

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
    throw error
  }
}

/** What every starter gets besides the engine and the state. */
export interface StarterContext extends StartOptions {
  folder: string
  say: (line: string) => void
  lastPorts: Record<string, number>
}

const startNatively = async (engine: Engine, state: ServiceState, context: StarterContext): Promise<void> => {
  const { folder, say, lastPorts } = context
  if (engine.native === undefined)
    throw new RoadmapError("PROGRAM_MISSING", `${engine.title} starts with Docker Compose only.`, {
      hint: "Install Docker with its Compose plugin and start it; `docker info` must succeed.",
    })
  await mkdir(state.dataFolder, { recursive: true })
  const seconds = context.startSeconds ?? engine.startSeconds
  const signal = context.signal ?? new AbortController().signal
  const launch: Launch = {
    folder,
    dataFolder: state.dataFolder,
    installFolder: resolve(context.installFolder ?? join(loadConfig().home, "services")),
    allowOpenPort: context.allowOpenPort ?? false,
    signal,
    say,
    async port(name) {
      state.ports[name] ??= await freePort({
        wanted: name === "main" ? context.port : undefined,
        last: lastPorts[name],
      })
      return state.ports[name]
    },
    async spawn(process) {
      throwIfAborted(signal)
      const logFile = join(folder, `${process.role}.log`)
      if (existsSync(logFile)) await rename(logFile, `${logFile}.1`)
      const group = await startGroup({ ...process, logFile, service: folder })
      state.groups.push(group)
      await writeState(folder, state)
      return group
    },
    async until(what, look) {
      const deadline = Date.now() + seconds * 1000
      for (;;) {
        const found = await look()
        if (found !== undefined) return found
        const ended = state.groups.find(group => !isAlive(group))
        if (ended !== undefined)
          throw new RoadmapError(
            "START_FAILED",
            `${engine.title} ended before ${what}. Its log's last lines:\n${lastLines(ended.logFile, 15)}`,
            { hint: `The whole log: ${ended.logFile}` },
          )
        if (Date.now() > deadline) {
          const { logFile } = state.groups[0]
          throw new RoadmapError(
            "START_FAILED",
            `${engine.title} runs, but in ${seconds} s it never came so far that ${what}. Its log's last lines:\n${lastLines(logFile, 15)}`,
            { hint: `The whole log: ${logFile}`, retryable: true },
          )
        }
        await sleep(200, signal)
      }
    },
  }
  const { variables } = await engine.native(launch)
  state.variables = variables
  say(`Waiting until ${engine.name} answers`)
  await launch.until("it answered", async () =>
    (await isAnswering(engine, state, folder, signal)) ? true : undefined,
  )
}

const isAnswering = async (engine: Engine, state: ServiceState, folder: string, signal: AbortSignal) => {
  try {
    return await engine.answers({
      ...state,
      folder,
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    })
  } catch (error) {
    if (signal.aborted) throwIfAborted(signal)
    // Nobody listens yet, or what listens is not ready: the next look tells. A wrong program is final.
    if (isRoadmapError(error)) throw error
    return false
  }
}

const describe = (state: ServiceState, folder: string, started: boolean): RunningService => ({
  name: state.name,
  started,
  starter: state.starter,
  versions: state.versions,
  startedAt: state.startedAt,
  variables: state.variables,
  ports: state.ports,
  pids: state.groups.map(group => group.pid),
  logFile: state.groups[0]?.logFile ?? join(folder, "compose.log"),
  dataFolder: state.dataFolder,
})
