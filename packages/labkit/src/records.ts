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
  measured: string[]
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
    read: step => readJson<StepRecord>(recordPath(step), isStepRecord),
    write: record => writeFileAtomic(recordPath(record.step), toText(record)),
    async remove(step) {
      // Not read first: a record that cannot be read must not stand in the way of --force.
      try {
        await rm(recordPath(step))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return
        throw error
      }
      syncFolder(join(folder, "steps"))
    },
    readCheckpoint: (step, key, name) =>
      readJson<{ value: unknown }>(checkpointPath(step, key, name), isCheckpoint),
    writeCheckpoint: (step, key, name, value) =>
      writeFileAtomic(checkpointPath(step, key, name), toText({ value })),
    writeOutcome: outcome => writeFileAtomic(join(folder, "outcome.json"), toText(outcome)),
    readOutcome: () => readJson<OutcomeRecord>(join(folder, "outcome.json"), isOutcome),
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

type Fields = Record<string, unknown>

const isStepRecord = (found: Fields) => typeof found.key === "string" && isFields(found.result)
const isCheckpoint = (found: Fields) => "value" in found
const isOutcome = (found: Fields) => typeof found.status === "string" && typeof found.finishedAt === "string"

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What this program wrote at `path`, or undefined when there is nothing. Throws STATE_CORRUPT for anything else. */
const readJson = async <T>(path: string, isRight: (found: Fields) => boolean): Promise<T | undefined> => {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  if (text === undefined) return undefined
  const corrupt = (cause?: unknown) =>
    new RoadmapError("STATE_CORRUPT", `${path} is not the JSON this program wrote.`, {
      hint: "Delete that file: what it spoke of runs again. Or start over with: roadmap clean",
      cause,
    })
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    throw corrupt(error)
  }
  if (!isFields(found) || !isRight(found)) throw corrupt()
  return found as T
}
