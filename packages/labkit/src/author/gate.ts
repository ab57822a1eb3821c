import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { toRoadmapError } from "@roadmap/core/errors"
import { editDistance } from "@roadmap/core/names"
import { exists, type LearningEntry, loadCheck } from "../exercises/catalog.ts"
import { firstDifference } from "../exercises/compare.ts"
import { readHints } from "../exercises/hints.ts"
import { findMistakeFiles, type MistakeFile } from "../exercises/mistakes.ts"
import { prepareCases } from "../exercises/observe.ts"
import { plain } from "../exercises/prepared.ts"
import { judge, type Verdict } from "../exercises/verdict.ts"
import { mapPool } from "../pool.ts"
import { gateDrill } from "./drill-gate.ts"
import type { GateResult } from "./result.ts"
import { checkTypes } from "./typecheck.ts"

/** The author's gate: types once over all exercises and drills, then the behaviour of each, two at a time. */
export const gate = async (
  root: string,
  entries: { exercises?: readonly LearningEntry[]; drills?: readonly LearningEntry[] },
  signal: AbortSignal = new AbortController().signal,
): Promise<GateResult[]> => {
  const { exercises = [], drills = [] } = entries
  const all = [...exercises, ...drills]
  const [types, results] = await Promise.all([
    checkTypes(root, all),
    mapPool(all, 2, (entry, index) =>
      index < exercises.length ? gateExercise(entry) : gateDrill(root, entry, signal),
    ),
  ])
  for (const { file, text } of types) {
    const owner = all.findIndex(entry => file.startsWith(join(entry.folder, "/")))
    const shown = owner < 0 ? file : file.slice(all[owner].folder.length + 1)
    results[Math.max(0, owner)]?.problems.push(`${shown} does not compile: ${text}`)
  }
  return results
}

const gateExercise = async (exercise: LearningEntry): Promise<GateResult> => {
  const started = performance.now()
  const problems: string[] = []
  try {
    problems.push(...(await missingFiles(exercise)))
    if (problems.length === 0) {
      problems.push(...(await gateCases(exercise)))
      problems.push(...gateStarter(await judge(exercise, join(exercise.folder, "starter.ts"))))
      problems.push(...gateSolution(await judge(exercise, join(exercise.folder, "solution.ts"))))
      problems.push(...(await gateMistakes(exercise)))
      problems.push(...(await gateHints(exercise)))
    }
  } catch (error) {
    problems.push(toRoadmapError(error).message)
  }
  return { id: exercise.id, problems, seconds: Math.round(performance.now() - started) / 1000 }
}

const missingFiles = async (exercise: LearningEntry): Promise<string[]> => {
  const names = ["task.md", "starter.ts", "solution.ts", "check.ts", "hints.md"]
  const found = await Promise.all(names.map(name => exists(join(exercise.folder, name))))
  return names.filter((_, index) => !found[index]).map(name => `${name} is missing`)
}

/** Where a case states its expected output, the reference must agree. */
const gateCases = async (exercise: LearningEntry): Promise<string[]> => {
  const check = await loadCheck(exercise)
  const cases = await prepareCases(exercise, check)
  if (cases.length === 0) return ["check.ts has no cases"]
  const problems: string[] = []
  const names = cases.map(one => one.definition.name)
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index)))
    problems.push(`two cases have the name "${name}"`)
  for (const { definition } of cases) {
    if (definition.expect === undefined || !check.reference) continue
    const args = definition.args.map(plain)
    const yielded = await check.reference(...args)
    const found = check.compare
      ? check.compare(yielded, definition.expect, ...args)
      : (firstDifference(yielded, definition.expect, { ...check.tolerance, ...definition.tolerance })?.text ??
        true)
    if (found !== true)
      problems.push(`case "${definition.name}": the reference does not yield what is expected: ${found}`)
  }
  return problems
}

const gateStarter = (verdict: Verdict): string[] => {
  if (verdict.status === "passed") return ["starter.ts passes: there is nothing to do"]
  if (verdict.fault)
    return [`starter.ts does not fail with a wrong answer but with a fault: ${firstLine(verdict)}`]
  return []
}

const gateSolution = (verdict: Verdict): string[] =>
  verdict.status === "passed" ? [] : [`solution.ts does not pass: ${verdict.message}`]

const gateMistakes = async (exercise: LearningEntry): Promise<string[]> => {
  const check = await loadCheck(exercise)
  const files = await findMistakeFiles(exercise)
  const known = Object.keys(check.mistakes)
  const problems: string[] = []
  if (files.length < 2)
    problems.push(
      `mistakes/ has ${files.length} files; at least two wrong answers that people give are wanted`,
    )
  for (const id of known)
    if (!files.some(file => file.id === id))
      problems.push(`mistake "${id}" of check.ts has no file in mistakes/`)
  const messages = Object.values(check.mistakes).map(mistake => mistake.message)
  if (new Set(messages).size < messages.length) problems.push("two mistakes have the same message")
  for (const file of files) problems.push(...(await gateMistake(exercise, file, known)))
  return problems
}

const gateMistake = async (
  exercise: LearningEntry,
  file: MistakeFile,
  known: readonly string[],
): Promise<string[]> => {
  const name = `mistakes/${file.name}`
  if (file.id === undefined) return [`${name}: its first line is not "// mistake: <id>"`]
  if (!known.includes(file.id))
    return [`${name}: check.ts knows no mistake "${file.id}"; it knows ${known.join(", ")}`]
  const verdict = await judge(exercise, file.path)
  if (verdict.status === "passed") return [`${name} passes`]
  if (verdict.fits.length === 0)
    return [`${name} fails, but is not recognised as "${file.id}": ${firstLine(verdict)}`]
  const others = verdict.fits.filter(id => id !== file.id)
  if (!verdict.fits.includes(file.id))
    return [`${name} is recognised as "${others.join('", "')}" instead of "${file.id}"`]
  if (others.length > 0)
    return [`${name} is recognised as "${others.join('", "')}" too: add a case that tells them apart`]
  return []
}

const firstLine = (verdict: Verdict) => verdict.message.split("\n")[0]

const gateHints = async (exercise: LearningEntry): Promise<string[]> => {
  const hints = await readHints(exercise)
  if (hints.length < 2) return [`hints.md has ${hints.length} sections "## Hint n"; at least two are wanted`]
  const solution = await codeLines(join(exercise.folder, "solution.ts"))
  const given = new Set(await codeLines(join(exercise.folder, "starter.ts")))
  return hints.flatMap((hint, index) => {
    if (hint === "") return [`hint ${index + 1} is empty`]
    const leaked = solution.find(line => !given.has(line) && holds(hint, line))
    return leaked ? [`hint ${index + 1} holds a line of the solution: ${leaked}`] : []
  })
}

/** Lines of code long enough to give something away, with single spaces. */
const codeLines = async (path: string): Promise<string[]> =>
  (await readFile(path, "utf8"))
    .split("\n")
    .map(squeeze)
    .filter(
      line =>
        line.length >= 16 && !/^(\/\/|\/\*|\*|import |export (const|function|interface|type) )/.test(line),
    )

/** True when the hint has that line of code, or one that differs from it by a few letters. */
const holds = (hint: string, line: string): boolean => {
  if (squeeze(hint).includes(line)) return true
  return hint
    .split("\n")
    .map(squeeze)
    .some(
      text =>
        Math.abs(text.length - line.length) < line.length / 5 && editDistance(text, line) < line.length / 5,
    )
}

const squeeze = (text: string) => text.replace(/[`;]/g, "").replace(/\s+/g, " ").trim()
