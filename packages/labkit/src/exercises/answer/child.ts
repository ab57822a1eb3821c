/**
 * The process in which an answer runs. It knows no expected value and no case but the current one: it hands
 * back what the answer returned, and the checker judges.
 */
import { readFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { materialise } from "../prepared.ts"
import { confine, Denied } from "./confine.ts"
import type { RawFault, Reply, Request } from "./messages.ts"

type Answer = (...args: unknown[]) => unknown

// Taken before the answer is loaded: it cannot replace them, and it never sees `process`.
const real = process
const send = (reply: WithoutId<Reply>) => real.send!({ ...reply, id: current })
type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never

/** Number of the request that is worked on. */
let current = 0
let subject: Answer | undefined
let printed: string[] = []
/** Something failed outside the call that is being waited for. */
let failedOutside = false

const failOutside = (error: unknown) => {
  failedOutside = true
  send({ type: "fault", fault: describe(error), printed: take() })
}

real.on("message", (request: Request) => {
  current = request.id
  const work = request.type === "load" ? load(request) : call(request.args)
  work.catch(error => send({ type: "fault", fault: describe(error), printed: take() }))
})
// A promise nobody awaited, a timer's callback: the answer's fault all the same.
real.on("uncaughtException", error => failOutside(error))
real.on("unhandledRejection", error => failOutside(error))

const load = async (request: Request & { type: "load" }): Promise<void> => {
  const harness = request.harness ? (await import(request.harness)).default : undefined
  printed = confine(request.imports, request.resolveFrom).printed
  const module = await import(request.url).catch(error => {
    if (!(error instanceof SyntaxError)) throw error
    send({ type: "fault", fault: { ...describe(error), source: asJavaScript(request.url) }, printed: take() })
  })
  if (!module) return
  const answer = module[request.answer]
  if (typeof answer !== "function") {
    const names = Object.keys(module)
    const message =
      answer === undefined
        ? `no export named "${request.answer}"${names.length > 0 ? `; it exports ${names.join(", ")}` : ""}`
        : `the export "${request.answer}" is no function`
    send({ type: "fault", fault: { kind: "missing-export", message, stack: "" }, printed: take() })
    return
  }
  subject = harness ? harness(answer) : answer
  send({ type: "ready" })
}

const call = async (args: readonly unknown[]): Promise<void> => {
  const made = args.map(materialise)
  failedOutside = false
  const output = await subject!(...made.map(one => one.value))
  // What the answer left to run at once fails with it, not in the next case.
  await new Promise(resolve => setTimeout(resolve, 1))
  if (failedOutside) return
  const reads = made.map(one => one.reads())
  try {
    send({ type: "output", output, args: made.map(one => one.data), reads, printed: take() })
  } catch (error) {
    const message = `it cannot be copied out of its process (${textOf(error, "message")})`
    send({ type: "fault", fault: { kind: "not-data", message, stack: "" }, printed: take() })
  }
}

/** Undefined when the types cannot be stripped: then the error is from there and tells its line. */
const asJavaScript = (url: string): string | undefined => {
  try {
    return stripTypeScriptTypes(readFileSync(new URL(url), "utf8"))
  } catch {
    return undefined
  }
}

const take = (): string[] => printed.splice(0)

const describe = (error: unknown): RawFault => {
  const stack = textOf(error, "stack")
  if (error instanceof Denied) return { kind: error.kind, message: error.message, stack }
  if (!(error instanceof Error))
    return { kind: "threw", message: `threw ${shown(error)}, which is no Error`, stack: "" }
  const name = textOf(error, "name") || "an error that says nothing"
  const message = textOf(error, "message")
  const kind = error instanceof SyntaxError && subject === undefined ? "syntax" : "threw"
  return { kind, message: message ? `${name}: ${message}` : name, stack }
}

/** A property of something that the answer made: reading it may throw. */
const textOf = (value: unknown, key: "stack" | "message" | "name"): string => {
  try {
    return String((value as Error)[key]).slice(0, 4_000)
  } catch {
    return ""
  }
}

const shown = (value: unknown): string => {
  try {
    return typeof value === "string" ? `"${value.slice(0, 200)}"` : String(value).slice(0, 200)
  } catch {
    return typeof value
  }
}
