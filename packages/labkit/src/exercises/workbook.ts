import { constants } from "node:fs"
import { access, lstat, mkdir, readdir, readFile } from "node:fs/promises"
import { join, relative } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import { type AnyCheck, exists, type LearningEntry, loadCheck } from "./catalog.ts"

/** The learner's file of an exercise. */
export const answerPath = (root: string, exercise: LearningEntry): string =>
  join(root, "workbook", exercise.lab.month, `${exercise.name}.ts`)

/** True when the learner has started it. Throws for a workbook that is a link or is no folder. */
export const isStarted = async (root: string, exercise: LearningEntry): Promise<boolean> => {
  await refuseLinks(root, exercise)
  return exists(answerPath(root, exercise))
}

/**
 * Copies the starter into the workbook, under a first line that says which version of the task it answers. An answer
 * that is there stays as it is, unless `again`. Throws PERMISSION, PATH_OUTSIDE.
 */
export const startExercise = async (
  root: string,
  exercise: LearningEntry,
  again = false,
): Promise<{ path: string; created: boolean }> => {
  await refuseLinks(root, exercise)
  const path = answerPath(root, exercise)
  if (!again && (await exists(path))) return { path, created: false }
  const folder = join(root, "workbook", exercise.lab.month)
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (error) {
    throw new RoadmapError("PERMISSION", `${relative(root, folder)} cannot be written.`, {
      hint: "The workbook keeps your answers: give this user permission on it.",
      cause: error,
    })
  }
  const check = await loadCheck(exercise)
  const starter = await readFile(join(exercise.folder, "starter.ts"), "utf8")
  await writeFileAtomic(path, `${header(exercise, check, await taskHash(exercise))}\n${starter}`)
  await ensureTypes(root)
  return { path, created: true }
}

/** A link could lead an answer's writes and reads out of the repository. */
const refuseLinks = async (root: string, exercise: LearningEntry): Promise<void> => {
  for (const path of [
    join(root, "workbook"),
    join(root, "workbook", exercise.lab.month),
    answerPath(root, exercise),
  ]) {
    const found = await lstat(path).catch(() => undefined)
    if (found?.isSymbolicLink())
      throw new RoadmapError("PATH_OUTSIDE", `${relative(root, path)} is a link.`, {
        hint: "Answers are kept in the repository itself: put a folder (or file) of that name in its place.",
      })
    if (found && path !== answerPath(root, exercise) && !found.isDirectory())
      throw new RoadmapError("PATH_OUTSIDE", `${relative(root, path)} is not a folder.`, {
        hint: "Move it away.",
      })
  }
}

const header = (exercise: LearningEntry, check: AnyCheck, task: string): string =>
  `// exercise ${exercise.lab.month}/${exercise.name}, version ${check.version ?? 1}, task ${task}`

const headerPattern = /^\/\/ exercise (\S+), version (\d+), task ([0-9a-f]+)$/m

/** What the learner was asked: changes when the task's words or the starter do. */
const taskHash = async (exercise: LearningEntry): Promise<string> => {
  const parts = await Promise.all(
    ["task.md", "starter.ts"].map(name => readFile(join(exercise.folder, name), "utf8")),
  )
  return sha256(parts.join("\n")).slice(0, 12)
}

/**
 * What changed in the exercise since this answer was started, in sentences; undefined when nothing did or the
 * answer's first line is gone.
 */
export const changesSinceStart = async (
  exercise: LearningEntry,
  check: AnyCheck,
  source: string,
): Promise<string | undefined> => {
  const match = headerPattern.exec(source)
  if (!match) return undefined
  const started = Number(match[2])
  const current = check.version ?? 1
  if (started >= current) {
    if (match[3] === (await taskHash(exercise))) return undefined
    return "The words of the task have changed since you started it (what is asked has not): read task.md again."
  }
  const changes = Array.from(
    { length: current - started },
    (_, i) => check.changes?.[started + i + 1],
  ).filter(Boolean)
  return [
    `This answer was started from version ${started} of the exercise; it is at version ${current} now.`,
    ...changes,
  ].join(" ")
}

/** Editors find the packages' types from workbook/ through this file. */
const ensureTypes = async (root: string): Promise<void> => {
  const path = join(root, "workbook", "tsconfig.json")
  if (await exists(path)) return
  const packages = (await readdir(join(root, "packages")).catch(() => [])).sort()
  const paths = Object.fromEntries(
    packages.map(name => [`@roadmap/${name}/*`, [`../packages/${name}/src/*.ts`]]),
  )
  const base = (await exists(join(root, "tsconfig.base.json"))) ? { extends: "../tsconfig.base.json" } : {}
  await writeFileAtomic(
    path,
    `${JSON.stringify({ ...base, compilerOptions: { paths }, include: ["."] }, null, 2)}\n`,
  )
}
