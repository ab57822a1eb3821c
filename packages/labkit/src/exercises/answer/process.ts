import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Fault } from "../check.ts"
import { findRunningLine } from "./debugger.ts"
import { lineInStack, lineOfImport, lineOfSyntaxError } from "./lines.ts"
import type { RawFault, Reply, Request } from "./messages.ts"

export interface AnswerOptions {
  /** The learner's file. */
  file: string
  /** Its export. */
  answer: string
  /** Folder of the exercise, from which allowed imports are resolved. */
  folder: string
  /** Path of the exercise's harness, if it has one. */
  harness?: string
  imports?: readonly string[]
  deadlineMs?: number
  memoryMb?: number
  signal?: AbortSignal
}

export interface AnswerOutput {
  output: unknown
  args: readonly unknown[]
  reads: readonly number[]
}

/** What one request to the answer came to, and the lines that the answer printed meanwhile. */
export type AnswerReply = { printed: readonly string[] } & (
  | { fault: Fault; result?: undefined }
  | { fault?: undefined; result: AnswerOutput }
)

export interface AnswerProcess extends AsyncDisposable {
  /** Undefined once the answer is loaded and has its export. */
  readonly loadFault: Fault | undefined
  readonly printed: readonly string[]
  /** Calls the answer. After a fault of kind timeout, memory or crash the process is gone: so is every later call. */
  call(args: readonly unknown[]): Promise<AnswerReply>
  readonly alive: boolean
}

const childFile = join(import.meta.dirname, "child.ts")
const packageFolder = join(import.meta.dirname, "..", "..", "..")

/** What the answer's process itself is made of. */
const ownFiles = ["src", "node_modules", "package.json"].map(name => join(packageFolder, name))
const coreFiles = [fileURLToPath(import.meta.resolve("@roadmap/core/random"))]

/** A stuck process is asked where it is for this long. */
const locateMs = 1_500

/**
 * Starts a process for one answer and loads it there. The process has no environment variables, no standard
 * input, may read the answer's file and this package only, write nothing, start nothing; it is killed
 * when a deadline or the memory limit is passed, and at the latest when the returned value is disposed.
 */
export const openAnswer = async (options: AnswerOptions): Promise<AnswerProcess> => {
  const { deadlineMs = 4_000, memoryMb = 256, imports = [] } = options
  // The permission model and the loader both speak of real paths.
  const file = realpathSync(options.file)
  const child = start(file, options, memoryMb)
  const link = connect(child, { file, deadlineMs, memoryMb, signal: options.signal })
  const loaded = await link.ask({
    type: "load",
    url: pathToFileURL(file).href,
    answer: options.answer,
    imports,
    resolveFrom: pathToFileURL(join(options.folder, "check.ts")).href,
    ...(options.harness && { harness: pathToFileURL(options.harness).href }),
  })
  return {
    loadFault: loaded.fault,
    printed: loaded.printed,
    get alive() {
      return link.alive
    },
    async call(args) {
      const { reply, fault, printed } = await link.ask({ type: "call", args })
      if (fault) return { fault, printed }
      const { output, args: after, reads } = reply as Reply & { type: "output" }
      return { result: { output, args: after, reads }, printed }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL")
      await link.ended
    },
  }
}

const start = (file: string, options: AnswerOptions, memoryMb: number): ChildProcess => {
  const readable = [file, ...ownFiles, ...coreFiles]
  if (options.harness) readable.push(options.harness)
  if (options.harness || options.imports?.length) {
    const lab = join(options.folder, "..", "..")
    const packages = join(packageFolder, "..")
    const modules = [join(packages, ".."), lab, join(lab, "..", "..")].map(folder =>
      join(folder, "node_modules"),
    )
    readable.push(packages, ...modules)
  }
  const flags = [
    "--permission",
    ...[...new Set(readable.flatMap(withRealPath))].map(path => `--allow-fs-read=${path}`),
    // Only for the checker: it asks a stuck process for its line. The answer cannot import node:inspector.
    "--allow-inspector",
    "--inspect-port=0",
    "--frozen-intrinsics",
    "--no-warnings",
    // Above the limit that is watched from outside, so that there is time to ask for the line.
    `--max-old-space-size=${4 * memoryMb}`,
    childFile,
  ]
  return spawn(process.execPath, flags, {
    env: {},
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  })
}

/** The permission model compares paths as they are asked for, and links as what they lead to. */
const withRealPath = (path: string): string[] => (existsSync(path) ? [path, realpathSync(path)] : [])

interface Limits {
  file: string
  deadlineMs: number
  memoryMb: number
  signal?: AbortSignal
}

interface Answered {
  reply?: Reply
  fault?: Fault
  printed: readonly string[]
}

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never

/** One request at a time; whatever ends the process ends the request with a fault. */
const connect = (child: ChildProcess, { file, deadlineMs, memoryMb, signal }: Limits) => {
  let settle: ((answered: Answered) => void) | undefined
  let gone: Fault | undefined
  let errorText = ""
  let watched: NodeJS.Timeout | undefined
  let locating = false
  let asked = 0

  const finish = (answered: Answered) => {
    clearInterval(watched)
    const done = settle
    settle = undefined
    done?.(answered)
  }
  const end = (fault: Fault) => {
    gone ??= fault
    child.kill("SIGKILL")
    finish({ fault, printed: [] })
  }
  const stuck = async (kind: "timeout" | "memory", message: string) => {
    if (locating) return
    locating = true
    clearInterval(watched)
    const line = await findRunningLine(child, file, locateMs)
    end({ kind, message, line })
  }
  const onAbort = () => end({ kind: "crash", message: "interrupted" })

  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    if (errorText.length < 20_000) errorText += text
  })
  child.on("message", async (reply: Reply) => {
    if (!settle || reply.id !== asked) return
    if (reply.type !== "fault")
      return finish({ reply, printed: reply.type === "output" ? reply.printed : [] })
    clearInterval(watched)
    finish({ fault: await locate(reply.fault, file), printed: reply.printed })
  })
  child.on("error", error => end({ kind: "crash", message: error.message }))
  const ended = new Promise<void>(resolve => {
    child.on("exit", (code, exitSignal) => {
      if (gone === undefined) end(deathOf(errorText, code, exitSignal))
      signal?.removeEventListener("abort", onAbort)
      resolve()
    })
  })
  signal?.addEventListener("abort", onAbort, { once: true })

  return {
    ended,
    get alive() {
      return gone === undefined
    },
    ask: (request: WithoutId<Request>): Promise<Answered> =>
      new Promise(resolve => {
        if (gone) return resolve({ fault: gone, printed: [] })
        settle = resolve
        const started = performance.now()
        watched = setInterval(async () => {
          const elapsed = performance.now() - started
          if (elapsed > deadlineMs)
            return stuck(
              "timeout",
              `it was still running after ${(deadlineMs / 1000).toLocaleString("en")} s`,
            )
          const used = await residentMb(child.pid)
          if (settle === resolve && used > memoryMb + runtimeMb)
            await stuck("memory", `it uses more than ${memoryMb} MB of memory`)
        }, 25)
        child.send({ ...request, id: ++asked }, error => {
          if (error) end({ kind: "crash", message: error.message })
        })
      }),
  }
}

/** What Node itself takes. */
const runtimeMb = 90

/** Linux tells how much memory another process holds; elsewhere V8's own limit has to do. */
const residentMb = async (pid: number | undefined): Promise<number> => {
  const text = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "")
  return (Number(text.split(" ")[1] ?? 0) * 4_096) / 2 ** 20
}

const deathOf = (errorText: string, code: number | null, exitSignal: string | null): Fault =>
  /heap out of memory|allocation failed/i.test(errorText)
    ? { kind: "memory", message: "it ran out of memory" }
    : { kind: "crash", message: `its process ended by ${exitSignal ?? `exit code ${code}`}` }

const locate = async (fault: RawFault, file: string): Promise<Fault> => {
  const { kind, message, stack } = fault
  if (kind === "denied")
    return { kind, message, line: lineInStack(stack, file) ?? (await lineOfImport(message, file)) }
  if (kind === "syntax") return lineOfSyntaxError(fault, file)
  return { kind, message, line: lineInStack(stack, file) }
}
