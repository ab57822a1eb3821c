import { spawn } from "node:child_process"
import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"

/** Where to get a program that this platform does not bring; the reader picks the line of their system. */
const sources: Record<string, { what: string; get: string }> = {
  java: {
    what: "Java 17 or newer",
    get: "Debian or Ubuntu: apt-get install openjdk-17-jre-headless; Fedora: dnf install java-17-openjdk-headless; macOS: brew install openjdk@17.",
  },
  mvn: {
    what: "Maven",
    get: "Debian or Ubuntu: apt-get install maven; Fedora: dnf install maven; macOS: brew install maven.",
  },
  openssl: {
    what: "OpenSSL",
    get: "Debian or Ubuntu: apt-get install openssl; Fedora: dnf install openssl; macOS has it.",
  },
  setpriv: {
    what: "setpriv, to start PostgreSQL as another user than root,",
    get: "Debian or Ubuntu: apt-get install util-linux; elsewhere run the command as an ordinary user.",
  },
  docker: { what: "Docker", get: "Install Docker with its Compose plugin and start it." },
  python3: {
    what: "Python 3.11 or newer",
    get: "Debian or Ubuntu: apt-get install python3 python3-venv; Fedora: dnf install python3; macOS: brew install python@3.11.",
  },
}

export interface RunOptions {
  cwd?: string
  signal?: AbortSignal
  /** Deadline in milliseconds. Default 10 minutes. */
  timeoutMs?: number
  /** Said every ten seconds with the seconds gone, for work that prints nothing. */
  onTick?: (seconds: number) => void
}

export interface Ran {
  status: number
  stdout: string
  stderr: string
}

/**
 * Runs a program to its end and keeps what it printed (the last MiB of each). Throws PROGRAM_MISSING with the way to get
 * it, INTERRUPTED when the signal aborts, TIMEOUT at the deadline; a status other than 0 is the caller's to judge.
 */
export const runProgram = async (
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> => {
  throwIfAborted(options.signal)
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 600_000)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  const started = Date.now()
  const ticking = setInterval(() => options.onTick?.(Math.round((Date.now() - started) / 1000)), 10_000)
  try {
    return await new Promise<Ran>((resolve, reject) => {
      const child = spawn(program, args, { cwd: options.cwd, signal, stdio: ["ignore", "pipe", "pipe"] })
      const printed = { stdout: "", stderr: "" }
      for (const name of ["stdout", "stderr"] as const)
        child[name].setEncoding("utf8").on("data", (text: string) => {
          printed[name] = (printed[name] + text).slice(-(1 << 20))
        })
      child.once("error", reject)
      child.once("close", code => resolve({ status: code ?? 1, ...printed }))
    })
  } catch (error) {
    throwIfAborted(options.signal)
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw missing(program, error)
    if (timeout.aborted)
      throw new RoadmapError("TIMEOUT", `${program} ${args.join(" ")} did not end in time.`, {
        retryable: true,
        cause: error,
      })
    throw error
  } finally {
    clearInterval(ticking)
  }
}

/** The error of a program that is not there, or too old (`found` says what is). */
export const missing = (program: string, cause?: unknown, found?: string): RoadmapError => {
  const source = sources[program]
  return new RoadmapError(
    "PROGRAM_MISSING",
    found === undefined
      ? `${source?.what ?? program} is needed, and there is no "${program}" on the PATH.`
      : `${source?.what ?? program} is needed; "${program}" is ${found}.`,
    { hint: source?.get, cause },
  )
}

/** Throws PROGRAM_MISSING unless `java` on the PATH is 17 or newer. */
export const needJava = async (signal?: AbortSignal): Promise<void> => {
  const { status, stderr, stdout } = await runProgram("java", ["-version"], { signal, timeoutMs: 60_000 })
  const text = `${stderr}${stdout}`
  // "17.0.15", and "1.8.0_402" for Java 8.
  const version = /version "(?:1\.)?(\d+)/.exec(text)?.[1]
  if (status !== 0 || version === undefined) throw missing("java", undefined, `no Java: ${lastLine(text)}`)
  if (Number(version) < 17) throw missing("java", undefined, `Java ${version}`)
}

/** The last line that says something. */
export const lastLine = (text: string): string =>
  text.trim().split("\n").at(-1)?.trim() || "it printed nothing"
