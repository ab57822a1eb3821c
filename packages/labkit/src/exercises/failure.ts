import type { AnyCheck, AnySubject } from "./catalog.ts"
import type { Case, Fault, Observation } from "./check.ts"
import { firstDifference, show } from "./compare.ts"
import { barPicture } from "./picture.ts"

export type AnyCase = Case<AnySubject>
export type AnyObservation = Observation<AnySubject>

/** Why a case did not pass. `value` means a wrong output; the other kinds are what they say. */
export interface Failure {
  kind: "value" | "fault" | "inputs" | "reads"
  lines: string[]
}

/** Judges one case. Undefined when it passed. */
export const failureOf = (
  check: AnyCheck,
  one: AnyCase,
  seen: Omit<AnyObservation, "passed">,
): Failure | undefined => {
  if (one.throws) return refusalFailure(one.throws, seen)
  if (seen.fault) return { kind: "fault", lines: [faultText(seen.fault)] }
  return valueFailure(check, one, seen) ?? inputFailure(check, seen) ?? readFailure(one, seen)
}

const refusalFailure = (
  throws: RegExp,
  { fault, output }: Omit<AnyObservation, "passed">,
): Failure | undefined => {
  if (!fault) return { kind: "value", lines: [`must be refused by throwing an Error, got ${show(output)}`] }
  if (fault.kind !== "threw") return { kind: "fault", lines: [faultText(fault)] }
  if (throws.test(fault.message)) return undefined
  return { kind: "fault", lines: [`must be refused with a message that fits ${throws}; ${faultText(fault)}`] }
}

const valueFailure = (
  check: AnyCheck,
  one: AnyCase,
  seen: Omit<AnyObservation, "passed">,
): Failure | undefined => {
  const { output, expected, args } = seen
  const lines: string[] = []
  if (expected !== undefined) {
    if (check.compare && output !== undefined) {
      const verdict = check.compare(output, expected, ...args)
      if (verdict !== true) lines.push(verdict)
    } else {
      const found = firstDifference(output, expected, { ...check.tolerance, ...one.tolerance })
      if (found) lines.push(found.path ? `at ${found.path}: ${found.text}` : found.text)
    }
    if (lines.length > 0) lines.push(...pictureOf(check, seen))
  } else if (output === undefined) lines.push("got undefined (is there a return?)")
  if (lines.length === 0 || expected === undefined) lines.push(...brokenInvariants(check, seen))
  if (lines.length > 0 && one.because) lines.push(one.because)
  return lines.length > 0 ? { kind: "value", lines } : undefined
}

const brokenInvariants = (check: AnyCheck, { output, args }: Omit<AnyObservation, "passed">): string[] => {
  if (output === undefined) return []
  const broken: string[] = []
  for (const { name, holds } of check.invariants ?? []) {
    const verdict = holds(output, ...args)
    if (verdict !== true) broken.push(`${name}: ${verdict}.`)
  }
  return broken.slice(0, 1)
}

const pictureOf = (check: AnyCheck, { output, expected, args }: Omit<AnyObservation, "passed">): string[] => {
  if (check.picture === false || output === undefined) return []
  if (check.picture) return check.picture(output, expected, ...args).split("\n")
  const at = /^\[(\d+)\]/.exec(firstDifference(output, expected, check.tolerance)?.path ?? "")?.[1]
  return barPicture(output, expected, Number(at ?? 0))?.split("\n") ?? []
}

const inputFailure = (check: AnyCheck, seen: Omit<AnyObservation, "passed">): Failure | undefined => {
  if (check.inputsMayChange || seen.changedInputs.length === 0) return undefined
  const names = seen.changedInputs.map(position => ordinal[position] ?? `${position + 1}th`)
  const text = `the output is right, but the ${names.join(" and the ")} argument is not what it was before the call: work on a copy`
  return { kind: "inputs", lines: [text] }
}

const ordinal = ["first", "second", "third", "fourth", "fifth"]

const readFailure = ({ limit }: AnyCase, { reads }: Omit<AnyObservation, "passed">): Failure | undefined => {
  const total = reads.reduce((sum, count) => sum + count, 0)
  if (!limit || total <= limit.reads) return undefined
  const counts = `${total.toLocaleString("en")} element reads, where ${limit.reads.toLocaleString("en")} suffice`
  return { kind: "reads", lines: [`the output is right, but took ${counts}: ${limit.why}`] }
}

const absent: Record<string, string> = {
  fetch: "an answer has no network",
  WebSocket: "an answer has no network",
  EventSource: "an answer has no network",
  require: "an answer is an ES module, and imports nothing but what the task names",
  module: "write `export const …`",
  exports: "write `export const …`",
}

/** What a fault means to the person who wrote the answer; the line is added by whoever shows it. */
export const faultText = ({ kind, message }: Fault): string => {
  switch (kind) {
    case "threw": {
      const missing = /^ReferenceError: (\w+) is not defined/.exec(message)?.[1]
      if (missing && absent[missing]) return `it threw ${message} (${absent[missing]})`
      if (/object is not extensible|read only property|Cannot (redefine|delete) property/.test(message))
        return `it threw ${message} (built-in objects such as Array.prototype and Math are frozen while an answer runs)`
      return message.startsWith("threw") ? `it ${message}` : `it threw ${message}`
    }
    case "syntax":
      return /strip-only/.test(message)
        ? `${message} (Node runs TypeScript by leaving out the types; use a plain object instead)`
        : message
    case "import":
      return message
    case "missing-export":
      return `There is ${message}.`
    case "exit":
      return `it calls ${message}: an answer returns its result, it does not end the process`
    case "denied":
      return `it has ${message}: an answer works on its arguments alone, with no files, network, processes or other modules`
    case "timeout":
      return `${message}: a loop that does not end, or a promise that never settles?`
    case "memory":
      return `${message}: what grows without end?`
    case "not-data":
      return `it returned something that is no plain data: ${message}`
    case "crash":
      return message
  }
}
