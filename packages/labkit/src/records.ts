import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { syncFolder, writeFileAtomic } from "@roadmap/core/files"
import type { StepResult } from "./lab.ts"

/** What stays of a finished step. It is written after everything the step made, so its presence means done. */
export interface StepRecord {
  step: string
  key: string
  seconds: number
  finishedAt: string
  result: StepResult & Record<string, unknown>
}

/** How the last run of a month ended, for whoever asks later. */
export interface OutcomeRecord {
  month: string
  status: "done" | "failed" | "interrupted"
  seconds: number
  finishedAt: string
  steps: { id: string; status: string; seconds: number }[]
  metrics: Record<string, number>
  artifacts: Record<string, string>
  error?: string
}

export interface RecordStore {
  read(step: string): Promise<StepRecord | undefined>
  write(record: StepRecord): Promise<void>
  /** Forgets a step, durably, before it runs again. */
  remove(step: string): Promise<void>
  readCheckpoint(step: string, key: string, name: string): Promise<{ value: unknown } | undefined>
  writeCheckpoint(step: string, key: string, name: string, value: unknown): Promise<void>
  writeOutcome(outcome: OutcomeRecord): Promise<void>
  readOutcome(): Promise<OutcomeRecord | undefined>
  /** Removes the checkpoints of a step that has finished. */
  clearCheckpoints(step: string): Promise<void>
}

/** Step records of one month as JSON files below `<home>/labs/<month>`. */
export const createRecordStore = (home: string, month: string): RecordStore => {
  const folder = join(home, "labs", month)
  const recordPath = (step: string) => join(folder, "steps", `${step}.json`)
  const checkpointFolder = (step: string) => join(folder, "checkpoints", step)
  const checkpointPath = (step: string, key: string, name: string) =>
    join(checkpointFolder(step), `${name}.${key.slice(0, 16)}.json`)
  return {
    read: async step => readJson<StepRecord>(recordPath(step)),
    write: record => writeFileAtomic(recordPath(record.step), toText(record)),
    async remove(step) {
      if (!(await readJson(recordPath(step)))) return
      await rm(recordPath(step))
      syncFolder(join(folder, "steps"))
    },
    readCheckpoint: (step, key, name) => readJson<{ value: unknown }>(checkpointPath(step, key, name)),
    writeCheckpoint: (step, key, name, value) =>
      writeFileAtomic(checkpointPath(step, key, name), toText({ value })),
    writeOutcome: outcome => writeFileAtomic(join(folder, "outcome.json"), toText(outcome)),
    readOutcome: () => readJson<OutcomeRecord>(join(folder, "outcome.json")),
    clearCheckpoints: step => rm(checkpointFolder(step), { recursive: true, force: true }),
  }
}

const toText = (value: unknown): string =>
  `${JSON.stringify(value, (_key, item) => {
    if (ArrayBuffer.isView(item))
      throw new Error("A step's result holds a typed array: store it as an artifact.")
    if (typeof item === "number" && !Number.isFinite(item))
      throw new Error(`A step's result holds ${item}: JSON cannot keep it.`)
    return item
  })}\n`

const readJson = async <T>(path: string): Promise<T | undefined> => {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new RoadmapError("STATE_CORRUPT", `${path} is not the JSON this program wrote.`, {
      hint: "Delete that file: the step runs again. Or start over with: roadmap clean",
      cause: error,
    })
  }
}
