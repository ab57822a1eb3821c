import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import { findLabs, type LabEntry, resolveMonth } from "@roadmap/labkit/catalog"
import { readEvidence } from "@roadmap/labkit/evidence/log"
import type { EvidenceRecord } from "@roadmap/labkit/evidence/record"
import {
  findDrills,
  findExercises,
  type LearningEntry,
  resolveEntry,
} from "@roadmap/labkit/exercises/catalog"
import type { CommandContext } from "../context.ts"

/** What the learning commands work on. */
export interface Learning {
  labs: LabEntry[]
  exercises: LearningEntry[]
  drills: LearningEntry[]
  records: EvidenceRecord[]
  /** Lines of the evidence that could not be taken, in words. */
  warnings: string[]
  /** The month last worked on: `01` means its first exercise. */
  current: string | undefined
}

export const openLearning = async (context: CommandContext): Promise<Learning> => {
  const labs = await findLabs(context.root)
  const [exercises, drills, chain] = await Promise.all([
    findExercises(labs),
    findDrills(labs),
    readEvidence(context.config.home),
  ])
  const records = chain.records.map(({ record }) => record)
  const warnings = chain.problems.map(
    ({ line, what }) => `${join(context.config.home, "evidence.jsonl")} line ${line} ${what}.`,
  )
  if (!context.json) for (const warning of warnings) process.stderr.write(`⚠ ${warning}\n`)
  const worked = records.findLast(record => record.kind !== "run")?.month
  return { labs, exercises, drills, records, warnings, current: (await lastStarted(context.root)) ?? worked }
}

/** The month whose workbook folder changed last. */
const lastStarted = async (root: string): Promise<string | undefined> => {
  const workbook = join(root, "workbook")
  const months = (await readdir(workbook).catch(() => [])).filter(name => /^\d{4}-\d{2}$/.test(name))
  const times = await Promise.all(
    months.map(async month => ({ month, at: (await stat(join(workbook, month))).mtimeMs })),
  )
  return times.sort((a, b) => b.at - a.at)[0]?.month
}

export const exerciseOf = (learning: Learning, word: string): LearningEntry =>
  resolveEntry(learning.exercises, word, "exercise", learning.current)

export const drillOf = (learning: Learning, word: string): LearningEntry =>
  resolveEntry(learning.drills, word, "drill", learning.current)

export interface Selection {
  exercises: LearningEntry[]
  drills: LearningEntry[]
  /** True when one entry was named, and not a month. */
  single: boolean
}

/** All entries of a month, or the one that a word names; everything without a word. */
export const select = (
  learning: Learning,
  word: string | undefined,
  kinds: "exercises" | "both",
): Selection => {
  const { labs, exercises } = learning
  const drills = kinds === "both" ? learning.drills : []
  if (word === undefined) return { exercises, drills, single: false }
  const lab = monthOf(labs, word)
  if (lab) {
    const inMonth = (entry: LearningEntry) => entry.lab.month === lab.month
    return { exercises: exercises.filter(inMonth), drills: drills.filter(inMonth), single: false }
  }
  const entry = resolveAny(learning, [...exercises, ...drills], word, kinds)
  const isExercise = exercises.includes(entry)
  return { exercises: isExercise ? [entry] : [], drills: isExercise ? [] : [entry], single: true }
}

const monthOf = (labs: readonly LabEntry[], word: string): LabEntry | undefined => {
  try {
    return resolveMonth(labs, word)
  } catch (error) {
    if (error instanceof RoadmapError && error.code === "UNKNOWN_NAME") return undefined
    throw error
  }
}

const resolveAny = (
  learning: Learning,
  entries: LearningEntry[],
  word: string,
  kinds: "exercises" | "both",
): LearningEntry => {
  const guess = nearest(
    word.toLowerCase(),
    learning.labs.flatMap(lab => [lab.short, lab.name]),
  )
  try {
    return resolveEntry(entries, word, "exercise", learning.current)
  } catch (error) {
    if (!(error instanceof RoadmapError) || !error.message.startsWith("There is no")) throw error
    const what = kinds === "both" ? "exercise, drill or month" : "exercise or month"
    const hint = error.hint?.startsWith("Did you mean") || !guess ? error.hint : `Did you mean "${guess}"?`
    throw new RoadmapError("UNKNOWN_NAME", `There is no ${what} "${word}".`, { hint })
  }
}
