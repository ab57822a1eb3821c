import { readFileSync } from "node:fs"
import { chmod, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import type { GroupRecord } from "./process-group.ts"

/** What is known of a service from one command to the next: `services/<name>/state.json` below the home folder. */
export interface ServiceState {
  format: 1
  name: string
  /** "starting" until its health check has passed; a killed start stays so. "stopped" keeps the ports for the next start. */
  phase: "starting" | "running" | "stopped"
  starter: "native" | "compose"
  versions: Record<string, string>
  startedAt: string
  /** Empty with Compose: the containers belong to its project. */
  groups: GroupRecord[]
  ports: Record<string, number>
  variables: Record<string, string>
  dataFolder: string
  /** The data was begun by this start, which has not succeeded yet: half of it is worth nothing. */
  newData: boolean
  /** With Compose: the project's name. */
  project?: string
}

export const serviceFolder = (home: string, name: string): string => join(home, "services", name)

const stateFile = (folder: string) => join(folder, "state.json")

/**
 * The state of a service, or undefined when it was never started. Throws STATE_CORRUPT for a file that cannot be
 * understood: the processes it named are then unknown.
 */
export const readState = (folder: string): ServiceState | undefined => {
  let text: string
  try {
    text = readFileSync(stateFile(folder), "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
  try {
    const state = JSON.parse(text)
    if (state?.format === 1 && Array.isArray(state.groups) && typeof state.ports === "object") return state
  } catch {
    // Told below, with the file's name.
  }
  throw new RoadmapError("STATE_CORRUPT", `${stateFile(folder)} is no state of a service.`, {
    hint: "See with `ps` whether the service still runs and end it, delete that file, then run the same command again.",
  })
}

/** The folder is its owner's only: the variables may hold a password or a token. */
export const writeState = async (folder: string, state: ServiceState): Promise<void> => {
  await makePrivate(folder)
  await writeFileAtomic(stateFile(folder), `${JSON.stringify(state, null, 2)}\n`)
}

/** Makes a folder, and keeps every other user out of it. */
export const makePrivate = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
}
