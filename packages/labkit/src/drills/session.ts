import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { nearest } from "@roadmap/core/names"
import { hashEntry } from "../evidence/learned.ts"
import { appendEvidence } from "../evidence/log.ts"
import type { EvidenceResult } from "../evidence/record.ts"
import type { LearningEntry } from "../exercises/catalog.ts"
import type { DrillDefinition, DrillPlace, Grade } from "./drill.ts"
import { createPlace } from "./place.ts"

/** How far the learner has come in a drill; kept beside its private home. */
export interface DrillState {
  seed: number
  startedAt: string
  /** When the right cause was first named. */
  foundAt?: string
  /** Causes named wrongly before. */
  wrongCauses: string[]
  checks: number
  passedAt?: string
  /** True once the scripted recovery was run. */
  solved: boolean
}

export interface DrillOptions {
  root: string
  /** The learner's ROADMAP_HOME; the drill's own lies below it. */
  home: string
  signal: AbortSignal
  /** Milliseconds since 1970. */
  now?: () => number
}

export interface DrillReport {
  state: DrillState
  grades: readonly Grade[]
  passed: boolean
  secondsToDetect: number | undefined
  secondsToRecover: number | undefined
}

type AnyDrill = DrillDefinition<unknown>

/** Loads `drill.ts`. Throws EXERCISE_BROKEN. */
export const loadDrill = async (entry: LearningEntry): Promise<AnyDrill> => {
  const path = join(entry.folder, "drill.ts")
  const broken = (what: string, cause?: unknown) =>
    new RoadmapError("EXERCISE_BROKEN", `${path} ${what}.`, {
      hint: "This is a fault of the drill: roadmap author check",
      cause,
    })
  const module = await import(pathToFileURL(path).href).catch(error => {
    throw broken(`cannot be loaded: ${error instanceof Error ? error.message : error}`, error)
  })
  if (module.default?.id !== entry.name)
    throw broken(`has the id "${module.default?.id}" in a folder "${entry.name}"`)
  return module.default as AnyDrill
}

const folderOf = (home: string, entry: LearningEntry) =>
  join(home, "drills", `${entry.lab.month}-${entry.name}`)
const statePath = (home: string, entry: LearningEntry) => join(folderOf(home, entry), "drill.json")

/** The drill's private ROADMAP_HOME. */
export const drillHome = (home: string, entry: LearningEntry): string => join(folderOf(home, entry), "home")

export const readDrillState = async (home: string, entry: LearningEntry): Promise<DrillState | undefined> => {
  const path = statePath(home, entry)
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as DrillState
  } catch (error) {
    throw new RoadmapError("STATE_CORRUPT", `${path} is not the JSON this program wrote.`, {
      hint: `Start over with: roadmap drill ${entry.name} --reset`,
      cause: error,
    })
  }
}

const writeDrillState = (home: string, entry: LearningEntry, state: DrillState) =>
  writeFileAtomic(statePath(home, entry), `${JSON.stringify(state, null, 2)}\n`)

const placeOf = (entry: LearningEntry, options: DrillOptions, seed: number): DrillPlace =>
  createPlace({ ...options, home: drillHome(options.home, entry), name: entry.name, seed })

/** Builds the private copy and breaks it. The clock starts when that is done. Throws ALREADY_EXISTS. */
export const startDrill = async (entry: LearningEntry, options: DrillOptions): Promise<DrillState> => {
  if (await readDrillState(options.home, entry))
    throw new RoadmapError("ALREADY_EXISTS", `Drill ${entry.id} is running.`, {
      hint: `Check it with: roadmap drill ${entry.name} --check; start over with --reset.`,
    })
  const drill = await loadDrill(entry)
  const seed = drill.seed ?? 1
  // What a killed start left behind has no state file.
  await rm(folderOf(options.home, entry), { recursive: true, force: true })
  const place = placeOf(entry, options, seed)
  await drill.prepare(place)
  await drill.break(place)
  const startedAt = isoNow(options)
  const state: DrillState = { seed, startedAt, wrongCauses: [], checks: 0, solved: false }
  await writeDrillState(options.home, entry, state)
  await record(entry, options, startedAt, { event: "started", seed })
  return state
}

/** The learner names the cause. Throws UNKNOWN_NAME for one the drill does not list. */
export const nameCause = async (
  entry: LearningEntry,
  options: DrillOptions,
  cause: string,
): Promise<boolean> => {
  const state = await runningState(entry, options)
  const drill = await loadDrill(entry)
  if (!Object.hasOwn(drill.causes, cause)) {
    const guess = nearest(cause, Object.keys(drill.causes))
    throw new RoadmapError("UNKNOWN_NAME", `Drill ${entry.id} lists no cause "${cause}".`, {
      hint: guess ? `Did you mean "${guess}"?` : `Causes: ${Object.keys(drill.causes).join(", ")}.`,
    })
  }
  const right = cause === drill.cause
  if (state.foundAt === undefined && !state.passedAt) {
    const at = isoNow(options)
    if (right) state.foundAt = at
    else state.wrongCauses.push(cause)
    await writeDrillState(options.home, entry, state)
    await record(entry, options, at, {
      event: "named",
      right,
      secondsToDetect: secondsBetween(state.startedAt, state.foundAt) ?? null,
    })
  }
  return right
}

/** Grades the state of the private copy. */
export const checkDrill = async (entry: LearningEntry, options: DrillOptions): Promise<DrillReport> => {
  const state = await runningState(entry, options)
  const drill = await loadDrill(entry)
  const grades = drill.grade(await drill.observe(placeOf(entry, options, state.seed)))
  const passed = grades.length > 0 && grades.every(grade => grade.passed)
  state.checks += 1
  const first = passed && state.passedAt === undefined
  const at = isoNow(options)
  if (first) state.passedAt = at
  await writeDrillState(options.home, entry, state)
  const report = reportOf(state, grades, passed)
  if (first || !passed)
    await record(entry, options, at, {
      event: "checked",
      passed,
      solved: state.solved,
      secondsToDetect: report.secondsToDetect ?? null,
      secondsToRecover: passed ? (report.secondsToRecover ?? null) : null,
      wrongCauses: state.wrongCauses.length,
      checks: state.checks,
    })
  return report
}

/** Runs the scripted recovery and grades it. It is recorded that the learner did not find it. */
export const solveDrill = async (entry: LearningEntry, options: DrillOptions): Promise<DrillReport> => {
  const state = await runningState(entry, options)
  const drill = await loadDrill(entry)
  if (!state.passedAt) {
    state.solved = true
    await writeDrillState(options.home, entry, state)
  }
  await record(entry, options, isoNow(options), { event: "solved" })
  await drill.recoveries.right(placeOf(entry, options, state.seed))
  return checkDrill(entry, options)
}

/** Forgets the private copy. True when there was one. */
export const resetDrill = async (entry: LearningEntry, options: DrillOptions): Promise<boolean> => {
  const running = await readDrillState(options.home, entry).catch(() => "corrupt" as const)
  await rm(folderOf(options.home, entry), { recursive: true, force: true })
  return running !== undefined
}

const runningState = async (entry: LearningEntry, options: DrillOptions): Promise<DrillState> => {
  const state = await readDrillState(options.home, entry)
  if (state) return state
  throw new RoadmapError("NOT_FOUND", `Drill ${entry.id} has not been started.`, {
    hint: `Start it with: roadmap drill ${entry.name} --start`,
  })
}

const reportOf = (state: DrillState, grades: readonly Grade[], passed: boolean): DrillReport => ({
  state,
  grades,
  passed,
  secondsToDetect: secondsBetween(state.startedAt, state.foundAt),
  secondsToRecover: secondsBetween(state.startedAt, state.passedAt),
})

const secondsBetween = (from: string, to: string | undefined): number | undefined =>
  to === undefined ? undefined : Math.round((Date.parse(to) - Date.parse(from)) / 1000)

const isoNow = ({ now = Date.now }: DrillOptions): string => new Date(now()).toISOString()

const record = async (
  entry: LearningEntry,
  options: DrillOptions,
  at: string,
  result: EvidenceResult,
): Promise<void> => {
  const inputs = await hashEntry(entry)
  appendEvidence(options.home, {
    at,
    kind: "drill",
    month: entry.lab.month,
    id: entry.name,
    inputs,
    code: inputs,
    result,
    seconds: 0,
  })
}
