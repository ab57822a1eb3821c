import { createHash } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { sleep } from "@roadmap/core/async"
import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import type { Engine } from "./engine.ts"
import { freePort } from "./ports.ts"
import { lastLine, runProgram } from "./programs.ts"
import type { StarterContext } from "./start.ts"
import { type ServiceState, writeState } from "./state.ts"

const file = join(import.meta.dirname, "..", "..", "..", "compose.yaml")

/** True when Docker's Compose plugin is there and an engine answers. */
export const composeRuns = async (signal?: AbortSignal): Promise<boolean> => {
  try {
    for (const args of [["compose", "version"], ["info"]])
      if ((await runProgram("docker", args, { signal, timeoutMs: 20_000 })).status !== 0) return false
    return true
  } catch (error) {
    if (isRoadmapError(error, "PROGRAM_MISSING") || isRoadmapError(error, "TIMEOUT")) return false
    throw error
  }
}

/** Starts an engine's service of compose.yaml under a project of this home folder, on free ports of 127.0.0.1. */
export const upCompose = async (
  engine: Engine,
  state: ServiceState,
  { folder, signal, say, port, lastPorts, startSeconds }: StarterContext,
): Promise<void> => {
  const { compose } = engine
  if (compose === undefined)
    throw new RoadmapError("USAGE", `${engine.title} is not in compose.yaml: it starts natively.`)
  // Docker keeps the data in volumes of its own, where no folder of ours is new.
  state.newData = false
  for (const [name] of Object.entries(compose.ports))
    state.ports[name] = await freePort({
      wanted: name === "main" ? port : undefined,
      last: lastPorts[name],
    })
  state.project = `roadmap-${createHash("sha256").update(folder).digest("hex").slice(0, 8)}`
  await writeState(folder, state)
  say(`Starting ${engine.title} with Docker Compose`)
  const seconds = String(startSeconds ?? engine.startSeconds)
  const up = ["up", "--detach", "--wait", "--wait-timeout", seconds, compose.service]
  const settings = Object.entries(compose.ports).map(([name, variable]) => `${variable}=${state.ports[name]}`)
  const { status, stdout, stderr } = await runProgram(
    "env",
    [...settings, "docker", ...inProject(state, up)],
    {
      signal,
      timeoutMs: 20 * 60_000,
      onTick: passed => say(`Starting ${engine.name} with Docker Compose: ${passed} s`),
    },
  )
  await writeFile(join(folder, "compose.log"), `${stdout}${stderr}`)
  if (status !== 0)
    throw new RoadmapError(
      "START_FAILED",
      `Docker Compose could not start ${engine.name}: ${lastLine(stderr)}`,
      {
        hint: `What it said: ${join(folder, "compose.log")}`,
      },
    )
  state.variables = compose.variables({ ports: state.ports })
  const deadline = Date.now() + engine.startSeconds * 1000
  while (!(await answers(engine, state, folder))) {
    if (Date.now() > deadline)
      throw new RoadmapError("START_FAILED", `${engine.name} runs in its container and does not answer.`)
    await sleep(500, signal)
  }
}

/** Removes the containers of a state's project; the volumes with the data stay. */
export const downCompose = async (state: ServiceState): Promise<boolean> => {
  if (state.project === undefined) return false
  const { status, stderr } = await runProgram("docker", inProject(state, ["down"]), { timeoutMs: 120_000 })
  if (status !== 0)
    throw new RoadmapError(
      "SERVICE_FAILED",
      `Docker Compose could not stop ${state.name}: ${lastLine(stderr)}`,
      {
        hint: "Is Docker running? `docker info` must succeed.",
      },
    )
  return true
}

/** True when the project has a running container. */
export const composeAlive = async (state: ServiceState): Promise<boolean> => {
  try {
    const running = inProject(state, ["ps", "--quiet", "--status", "running"])
    const { status, stdout } = await runProgram("docker", running, { timeoutMs: 20_000 })
    return status === 0 && stdout.trim() !== ""
  } catch (error) {
    if (isRoadmapError(error)) return false
    throw error
  }
}

const inProject = (state: ServiceState, words: readonly string[]): string[] => [
  "compose",
  "--project-name",
  state.project ?? "roadmap",
  "--file",
  file,
  ...words,
]

const answers = (engine: Engine, state: ServiceState, folder: string): Promise<boolean> =>
  engine.answers({ ...state, folder, signal: AbortSignal.timeout(10_000) }).catch(() => false)
