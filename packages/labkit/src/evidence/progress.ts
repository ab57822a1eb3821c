import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { LabEntry } from "../catalog.ts"
import { loadDrill } from "../drills/session.ts"
import type { LearningEntry } from "../exercises/catalog.ts"
import type { EvidenceRecord } from "./record.ts"

export interface ExerciseProgress {
  id: string
  name: string
  title: string
  /** By its last check; "not-started" without one. */
  status: "passed" | "failed" | "not-started"
  /** Different answers checked until the first pass. */
  attempts: number
  /** Hints seen before the first pass. */
  hints: number
  /** The solution was shown before the first pass. */
  solutionShown: boolean
  passedAt?: string
  /** The last check's record. */
  last?: EvidenceRecord
}

export interface DrillProgress {
  id: string
  name: string
  title: string
  status: "passed" | "solved" | "started" | "not-started"
  targetMinutes: number
  secondsToDetect?: number
  secondsToRecover?: number
  wrongCauses?: number
}

/** The month's last finished run on its own data. */
export interface RunProgress {
  at: string
  seconds: number
  seed: number
  sample: number
  metrics: Record<string, number>
  /** Which of the metrics measure the machine, and are not compared when the run is done again. */
  measured: readonly string[]
  /** By how much some of the metrics may differ when the run is done again. */
  tolerances: Record<string, number>
  record: EvidenceRecord
}

export interface MonthProgress {
  lab: LabEntry
  run?: RunProgress
  exercises: ExerciseProgress[]
  drills: DrillProgress[]
}

/** What the records say of these months. */
export const progressOf = (
  labs: readonly LabEntry[],
  exercises: readonly LearningEntry[],
  drills: readonly LearningEntry[],
  records: readonly EvidenceRecord[],
): Promise<MonthProgress[]> =>
  Promise.all(
    labs.map(async lab => {
      const own = records.filter(record => record.month === lab.month)
      const inLab = (entry: LearningEntry) => entry.lab.month === lab.month
      return {
        lab,
        run: lastRun(own),
        exercises: await Promise.all(exercises.filter(inLab).map(entry => exerciseProgress(entry, own))),
        drills: await Promise.all(drills.filter(inLab).map(entry => drillProgress(entry, own))),
      }
    }),
  )

/** What a recorded run measured, and which of it measures the machine. */
export const metricsOfRun = (
  record: EvidenceRecord,
): Pick<RunProgress, "metrics" | "measured" | "tolerances"> => {
  const {
    metrics,
    measurements = {},
    tolerances = {},
  } = record.result as Record<"metrics" | "measurements" | "tolerances", Record<string, number>>
  return { metrics: { ...metrics, ...measurements }, measured: Object.keys(measurements), tolerances }
}

const lastRun = (own: readonly EvidenceRecord[]): RunProgress | undefined => {
  const record = own.findLast(one => one.kind === "run" && one.result.status === "done")
  if (!record) return undefined
  const { seed, sample } = record.result as { seed: number; sample: number }
  return { at: record.at, seconds: record.seconds, seed, sample, ...metricsOfRun(record), record }
}

const exerciseProgress = async (
  entry: LearningEntry,
  own: readonly EvidenceRecord[],
): Promise<ExerciseProgress> => {
  const records = own.filter(record => record.id === entry.name)
  const checks = records.filter(record => record.kind === "check")
  const firstPass = records.findIndex(record => record.kind === "check" && record.result.status === "passed")
  const before = firstPass < 0 ? records : records.slice(0, firstPass + 1)
  const last = checks.at(-1)
  return {
    id: entry.id,
    name: entry.name,
    title: await titleOf(entry),
    status: last === undefined ? "not-started" : last.result.status === "passed" ? "passed" : "failed",
    attempts: before.filter(record => record.kind === "check").length,
    hints: Math.max(
      0,
      ...before.filter(record => record.kind === "hint").map(record => Number(record.result.hint)),
    ),
    solutionShown: before.some(record => record.kind === "solution"),
    ...(firstPass >= 0 && { passedAt: records[firstPass].at }),
    ...(last && { last }),
  }
}

const drillProgress = async (
  entry: LearningEntry,
  own: readonly EvidenceRecord[],
): Promise<DrillProgress> => {
  const { title, targetMinutes } = await loadDrill(entry)
  const records = own.filter(record => record.kind === "drill" && record.id === entry.name)
  const shown = { id: entry.id, name: entry.name, title, targetMinutes }
  const passed = records.find(record => record.result.event === "checked" && record.result.passed === true)
  if (!passed) return { ...shown, status: records.length > 0 ? "started" : "not-started" }
  const { secondsToDetect, secondsToRecover, wrongCauses, solved } = passed.result
  // The script's times say nothing about the learner.
  if (solved === true) return { ...shown, status: "solved" }
  return {
    ...shown,
    status: "passed",
    ...(typeof secondsToDetect === "number" && { secondsToDetect }),
    ...(typeof secondsToRecover === "number" && { secondsToRecover }),
    ...(typeof wrongCauses === "number" && { wrongCauses }),
  }
}

/** The first heading of an exercise's task. */
export const titleOf = async (entry: LearningEntry): Promise<string> => {
  const text = await readFile(join(entry.folder, "task.md"), "utf8").catch(() => "")
  return /^# (.+)$/m.exec(text)?.[1].trim() ?? entry.name
}

/**
 * Claims of drills that do not hold together: a pass without a start, or times other than those between the records.
 * A recovery cannot be run again by someone else; this is what can be checked of it.
 */
export const drillProblems = (
  records: readonly { record: EvidenceRecord; line: number }[],
): { line: number; what: string }[] => {
  const startedAt = new Map<string, string>()
  const foundAt = new Map<string, string>()
  const problems: { line: number; what: string }[] = []
  for (const { record, line } of records) {
    if (record.kind !== "drill") continue
    const key = `${record.month}/${record.id}`
    const { event, passed, right, secondsToRecover, secondsToDetect } = record.result
    if (event === "started") {
      startedAt.set(key, record.at)
      foundAt.delete(key)
    }
    if (event === "named" && right === true) foundAt.set(key, record.at)
    if (event !== "checked" || passed !== true) continue
    const start = startedAt.get(key)
    if (start === undefined) {
      problems.push({ line, what: `claims that drill ${key} was passed, which was never started` })
      continue
    }
    const found = foundAt.get(key)
    const differs = (claimed: unknown, from: string, to: string) =>
      Math.abs(Number(claimed) - (Date.parse(to) - Date.parse(from)) / 1000) > 2
    if (differs(secondsToRecover, start, record.at))
      problems.push({
        line,
        what: `claims a recovery of drill ${key} in ${secondsToRecover} s; its records are ${Math.round((Date.parse(record.at) - Date.parse(start)) / 1000)} s apart`,
      })
    if (
      typeof secondsToDetect === "number" &&
      (found === undefined || differs(secondsToDetect, start, found))
    )
      problems.push({
        line,
        what: `claims that the cause of drill ${key} was named after ${secondsToDetect} s; the records do not say so`,
      })
  }
  return problems
}
