import { readFile } from "node:fs/promises"
import { type AnyCheck, type LearningEntry, loadCheck } from "./catalog.ts"
import type { CaseContext, Fault } from "./check.ts"
import { show } from "./compare.ts"
import { failureOf, faultText } from "./failure.ts"
import { recogniseMistakes } from "./mistakes.ts"
import { type ObservedAnswer, observeAnswer, type PreparedCase, prepareCases } from "./observe.ts"
import { changesSinceStart } from "./workbook.ts"

export interface Verdict {
  id: string
  status: "passed" | "failed"
  /** For the learner, several lines: the mistake if it is a known one, the case, the difference. */
  message: string
  seconds: number
  /** The known mistake that the answer makes. */
  mistake?: string
  /** All known mistakes that explain every case; the gate wants exactly one. */
  fits: readonly string[]
  /** Name of the first case that failed. */
  case?: string
  /** What kind of fault ended the call, when it was one. */
  fault?: Fault["kind"]
  /** Line of the learner's file. */
  line?: number
}

export interface JudgeOptions extends Omit<CaseContext, "random"> {
  signal?: AbortSignal
}

/** Runs an answer against its exercise's check. Never throws for what the answer does. */
export const judge = async (
  exercise: LearningEntry,
  file: string,
  options: JudgeOptions = {},
): Promise<Verdict> => {
  const started = performance.now()
  const { signal, ...context } = options
  const check = await loadCheck(exercise)
  const cases = await prepareCases(exercise, check, context)
  const observed = await observeAnswer(exercise, check, cases, file, signal)
  const source = await readFile(file, "utf8")
  const verdict = observed.loadFault
    ? loadVerdict(check, observed.loadFault, source)
    : await caseVerdict(exercise, check, cases, observed, source)
  const changes = verdict.status === "failed" ? await changesSinceStart(exercise, check, source) : undefined
  if (changes) verdict.message = `${changes}\n\n${verdict.message}`
  return { id: exercise.id, seconds: Math.round(performance.now() - started) / 1000, ...verdict }
}

type Finding = Omit<Verdict, "id" | "seconds">

const loadVerdict = (check: AnyCheck, fault: Fault, source: string): Finding => {
  const asked = fault.kind === "missing-export" ? ` The task asks for: export const ${check.answer} = …` : ""
  const message = `${located(faultText(fault), fault, source)}${asked}`
  return { status: "failed", fits: [], message, fault: fault.kind, line: fault.line }
}

const caseVerdict = async (
  exercise: LearningEntry,
  check: AnyCheck,
  cases: readonly PreparedCase[],
  observed: ObservedAnswer,
  source: string,
): Promise<Finding> => {
  const index = observed.observations.findIndex(observation => !observation.passed)
  if (index < 0)
    return { status: "passed", fits: [], message: check.passed ?? `All ${cases.length} cases are right.` }
  const seen = observed.observations[index]
  const failure = failureOf(check, cases[index].definition, seen)!
  const { fits, looksLike } = await recogniseMistakes(exercise, check, cases, observed.observations)
  const mistake = fits[0] ?? looksLike
  const parts: string[] = []
  if (fits.length > 0) parts.push(check.mistakes[fits[0]].message, "")
  else if (looksLike) parts.push(`This looks like a known mistake: ${check.mistakes[looksLike].message}`, "")
  parts.push(
    `Case ${index + 1} of ${cases.length}, ${seen.name}: ${check.answer}(${seen.args.map(shortArgument).join(", ")})`,
  )
  const lines = seen.fault ? located(failure.lines[0], seen.fault, source).split("\n") : failure.lines
  parts.push(...lines.map(line => `  ${line}`))
  const printed = observed.printed[index]
  if (printed.length > 0)
    parts.push("", "Your code printed:", ...printed.slice(0, 10).map(line => `  ${line}`))
  return {
    status: "failed",
    fits,
    mistake,
    message: parts.join("\n"),
    case: seen.name,
    fault: seen.fault?.kind,
    line: seen.fault?.line,
  }
}

const shortArgument = (value: unknown): string =>
  typeof value === "object" && value !== null && "fork" in value ? "random" : show(value, 32)

/** A fault with its line, and that line of the file. */
const located = (text: string, { line }: Fault, source: string): string => {
  if (line === undefined) return capital(text)
  const code = source.split("\n")[line - 1]?.trim().slice(0, 90)
  return `Line ${line}: ${text}${code ? `\n${String(line).padStart(4)} | ${code}` : ""}`
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
