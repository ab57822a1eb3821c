import { registerHooks } from "node:module"
import { format } from "node:util"
import { runInNewContext } from "node:vm"

/** Thrown by what the answer may not do; the stack tells where it tried. */
export class Denied extends Error {
  readonly kind: "denied" | "exit"
  constructor(kind: "denied" | "exit", message: string) {
    super(message)
    this.kind = kind
  }
}

/** Globals of the platform (not of the language) that an answer may use. */
const allowed = new Set([
  "AbortController",
  "AbortSignal",
  "Buffer",
  "Event",
  "EventTarget",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "URLSearchParams",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "structuredClone",
])

const printedLines = 40

/**
 * Takes away, for good, what an answer has no use for. Node's permission model already refuses files,
 * child processes, workers and add-ons; it does not cover the network, so no module can be imported but those
 * the exercise names, and the globals that reach the network, the process or the terminal are replaced.
 * Built-in objects are frozen by --frozen-intrinsics. Returns the lines that the answer prints.
 */
export const confine = (imports: readonly string[], resolveFrom: string): { printed: string[] } => {
  const printed: string[] = []
  replaceGlobal("console", ownConsole(printed))
  replaceGlobal("process", ownProcess())
  const language = new Set<string>(runInNewContext("Object.getOwnPropertyNames(globalThis)"))
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!language.has(name) && !allowed.has(name)) Reflect.deleteProperty(globalThis, name)
    else lockGlobal(name)
  }
  const named = new Set(imports)
  // Once the answer has been asked for, only what it names, and what those modules import, may load.
  const trusted = new Set<string>()
  let started = false
  registerHooks({
    resolve(specifier, context, next) {
      if (!started) {
        started = true
        return next(specifier, context)
      }
      const parent = context.parentURL ?? ""
      if (trusted.has(parent)) {
        const found = next(specifier, context)
        trusted.add(found.url)
        return found
      }
      if (!named.has(specifier)) throw new Denied("denied", `import "${specifier}"`)
      const found = next(specifier, { ...context, parentURL: resolveFrom })
      trusted.add(found.url)
      return found
    },
  })
  return { printed }
}

const replaceGlobal = (name: string, value: unknown) =>
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true })

/** A replaced Math or Array would mislead the harness, which runs beside the answer. */
const lockGlobal = (name: string) => {
  const own = Object.getOwnPropertyDescriptor(globalThis, name)!
  if (!own.configurable) return
  const value = Reflect.get(globalThis, name)
  Object.defineProperty(globalThis, name, {
    value,
    writable: false,
    enumerable: own.enumerable,
    configurable: false,
  })
}

const ownConsole = (printed: string[]) => {
  const print = (...values: unknown[]) => {
    if (printed.length < printedLines) printed.push(format(...values).slice(0, 400))
  }
  const ignore = () => undefined
  return Object.freeze({
    log: print,
    info: print,
    debug: print,
    warn: print,
    error: print,
    trace: print,
    table: print,
    dir: print,
    group: print,
    groupEnd: ignore,
    time: ignore,
    timeLog: ignore,
    timeEnd: ignore,
    count: ignore,
    assert: (condition: unknown, ...values: unknown[]) => {
      if (!condition) print("Assertion failed:", ...values)
    },
  })
}

const ownProcess = () => {
  const ending = (name: string) => () => {
    throw new Denied("exit", `process.${name}()`)
  }
  return Object.freeze({
    exit: ending("exit"),
    abort: ending("abort"),
    kill: ending("kill"),
    env: Object.freeze({}),
    argv: Object.freeze([]),
    platform: process.platform,
    version: process.version,
    nextTick: (callback: (...rest: unknown[]) => void, ...rest: unknown[]) =>
      queueMicrotask(() => callback(...rest)),
  })
}
