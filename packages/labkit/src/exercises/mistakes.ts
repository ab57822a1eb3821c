import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { type AnyCheck, type LearningEntry, loadFunction, loadHarness } from "./catalog.ts"
import { firstDifference } from "./compare.ts"
import { type AnyObservation, failureOf } from "./failure.ts"
import { observeOwn, type PreparedCase } from "./observe.ts"

/** A stored wrong answer and the mistake that its first line says it makes. */
export interface MistakeFile {
  path: string
  name: string
  /** Undefined when the first line is no `// mistake: <id>`. */
  id: string | undefined
}

export const findMistakeFiles = async (exercise: LearningEntry): Promise<MistakeFile[]> => {
  const folder = join(exercise.folder, "mistakes")
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith(".ts")).sort()
  return Promise.all(
    names.map(async name => {
      const path = join(folder, name)
      return { path, name, id: /^\/\/ mistake: ([a-z0-9-]+)/.exec(await readFile(path, "utf8"))?.[1] }
    }),
  )
}

export interface Recognition {
  /** Mistakes that explain the answer in every case, in the order of the check. */
  fits: string[]
  /** When none fits: the only mistake that explains the first failing case. */
  looksLike?: string
}

/** Which known misconceptions an answer's outputs show. */
export const recogniseMistakes = async (
  exercise: LearningEntry,
  check: AnyCheck,
  cases: readonly PreparedCase[],
  seen: readonly AnyObservation[],
): Promise<Recognition> => {
  const failures = failuresOf(check, cases, seen)
  const first = failures.findIndex(failure => failure !== undefined)
  if (first < 0) return { fits: [] }
  const files = await findMistakeFiles(exercise)
  const harness = await loadHarness(exercise)
  const fits: string[] = []
  const similar: string[] = []
  for (const [id, mistake] of Object.entries(check.mistakes)) {
    if (mistake.when) {
      if (mistake.when(seen)) fits.push(id)
      continue
    }
    const file = files.find(one => one.id === id)
    if (!mistake.yields && !file) continue
    const shown = mistake.yields
      ? await observeOwn(check, cases, mistake.yields)
      : await observeOwn(check, cases, await loadFunction(file!.path, check.answer), harness)
    if (explains(check, cases, seen, shown)) fits.push(id)
    else if (!shown[first].passed && sameOutput(check, seen[first], shown[first])) similar.push(id)
  }
  return fits.length === 0 && similar.length === 1 ? { fits, looksLike: similar[0] } : { fits }
}

const failuresOf = (check: AnyCheck, cases: readonly PreparedCase[], seen: readonly AnyObservation[]) =>
  seen.map((observation, index) => failureOf(check, cases[index].definition, observation))

/**
 * True when a misconception yields what the answer yields in every case. Once some output is wrong, what else is
 * amiss where outputs are right (a changed input) says nothing about the misconception.
 */
const explains = (
  check: AnyCheck,
  cases: readonly PreparedCase[],
  seen: readonly AnyObservation[],
  shown: readonly AnyObservation[],
): boolean => {
  const mine = failuresOf(check, cases, seen)
  const theirs = failuresOf(check, cases, shown)
  const wrong = (failure: (typeof mine)[number]) => failure?.kind === "value" || failure?.kind === "fault"
  const anyWrong = mine.some(wrong)
  return mine.every((failure, index) => {
    if (wrong(failure)) return wrong(theirs[index]) && sameOutput(check, seen[index], shown[index])
    return anyWrong ? !wrong(theirs[index]) : failure?.kind === theirs[index]?.kind
  })
}

const sameOutput = (check: AnyCheck, a: AnyObservation, b: AnyObservation): boolean => {
  if (a.fault || b.fault) return a.fault?.kind === "threw" && b.fault?.kind === "threw"
  if (check.compare && a.output !== undefined && b.output !== undefined)
    return check.compare(a.output, b.output, ...a.args) === true
  return firstDifference(a.output, b.output, check.tolerance) === undefined
}
