import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import type { LabEntry } from "../catalog.ts"
import type { CheckDefinition } from "./check.ts"

/** An exercise or drill as its folder tells it. */
export interface LearningEntry {
  lab: LabEntry
  /** "01-median" or "renamed-column" */
  name: string
  /** "feb/01-median" */
  id: string
  folder: string
}

/** `exercises/NN-name` of these labs, in order. */
export const findExercises = (labs: readonly LabEntry[]): Promise<LearningEntry[]> =>
  findEntries(labs, "exercises", /^\d{2}-[a-z0-9-]+$/)

/** `drills/name` of these labs, in order. */
export const findDrills = (labs: readonly LabEntry[]): Promise<LearningEntry[]> =>
  findEntries(labs, "drills", /^[a-z0-9-]+$/)

const findEntries = async (
  labs: readonly LabEntry[],
  kind: string,
  pattern: RegExp,
): Promise<LearningEntry[]> => {
  const found = await Promise.all(
    labs.map(async lab => {
      const names = await readdir(join(lab.folder, kind)).catch(() => [])
      return names
        .filter(name => pattern.test(name))
        .sort()
        .map(name => ({ lab, name, id: `${lab.short}/${name}`, folder: join(lab.folder, kind, name) }))
    }),
  )
  return found.flat()
}

/**
 * Finds an entry by `feb/01-median`, `2026-02/01-median`, `foundations/median`, `01-median`, `01` or `median`. Among
 * several months, `current` ("2026-02") is preferred. Throws UNKNOWN_NAME with the nearest name, or with all that fit.
 */
export const resolveEntry = (
  entries: readonly LearningEntry[],
  word: string,
  what: "exercise" | "drill",
  current?: string,
): LearningEntry => {
  const wanted = word.toLowerCase().replace(/\.ts$/, "")
  const fitting = entries.filter(entry => namesOf(entry).includes(wanted))
  const preferred = fitting.length > 1 ? fitting.filter(entry => entry.lab.month === current) : fitting
  if (preferred.length === 1) return preferred[0]
  if (fitting.length > 1)
    throw new RoadmapError("UNKNOWN_NAME", `"${word}" is the name of ${fitting.length} ${what}s.`, {
      hint: `Say which: ${fitting.map(entry => entry.id).join(", ")}.`,
    })
  const guess = nearest(wanted, entries.flatMap(namesOf))
  throw new RoadmapError("UNKNOWN_NAME", `There is no ${what} "${word}".`, {
    hint: guess
      ? `Did you mean "${entries.find(entry => namesOf(entry).includes(guess))!.id}"?`
      : entries.length > 0
        ? `There are: ${entries.map(entry => entry.id).join(", ")}.`
        : `No month has a ${what} yet.`,
  })
}

const namesOf = ({ lab, name }: LearningEntry): string[] => {
  const [, number, rest] = /^(?:(\d{2})-)?(.*)$/.exec(name)!
  const short = [...new Set([name, rest, ...(number ? [number] : [])])]
  const months = [lab.short, lab.month, lab.name, `${lab.month}-${lab.name}`]
  return [...short, ...months.flatMap(month => short.map(one => `${month}/${one}`))]
}

export const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined

/** The default export of a module of the repository: a check, a harness, a drill. Throws EXERCISE_BROKEN. */
const loadDefault = async (path: string): Promise<unknown> => {
  const module = await import(pathToFileURL(path).href).catch(error => {
    throw new RoadmapError(
      "EXERCISE_BROKEN",
      `${path} cannot be loaded: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
        hint: "This is a fault of the exercise, not of your answer: roadmap author check",
      },
    )
  })
  if (module.default === undefined)
    throw new RoadmapError("EXERCISE_BROKEN", `${path} has no default export.`, {
      hint: "See docs/authoring.md.",
    })
  return module.default
}

/** A subject with its types forgotten: the gate's type check has proved that they fit. */
export type AnySubject = (...args: unknown[]) => unknown
export type AnyCheck = CheckDefinition<AnySubject>
export type AnyHarness = (answer: AnySubject) => AnySubject

export const loadCheck = async (exercise: LearningEntry): Promise<AnyCheck> =>
  (await loadDefault(join(exercise.folder, "check.ts"))) as AnyCheck

/** Path of the exercise's harness, if it has one. */
export const harnessPath = async (exercise: LearningEntry): Promise<string | undefined> => {
  const path = join(exercise.folder, "harness.ts")
  return (await exists(path)) ? path : undefined
}

export const loadHarness = async (exercise: LearningEntry): Promise<AnyHarness | undefined> => {
  const path = await harnessPath(exercise)
  return path === undefined ? undefined : ((await loadDefault(path)) as AnyHarness)
}

/** A function of a module of the exercise: a mistake's or the solution's. */
export const loadFunction = async (path: string, name: string): Promise<AnySubject> => {
  const module = await import(pathToFileURL(path).href)
  if (typeof module[name] !== "function")
    throw new RoadmapError("EXERCISE_BROKEN", `${path} does not export the function "${name}".`, {
      hint: "See docs/authoring.md.",
    })
  return module[name] as AnySubject
}
