import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const program = join(import.meta.dirname, "..", "..", "..", "packages", "cli", "bin", "roadmap.js")

export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: Record<string, string>
  /** Unprivileged user id: root may write everywhere. */
  uid?: number
  onStart?: (child: ChildProcess) => void
}

/** Runs the real command in a process of its own. */
export const roadmap = (home: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH, ROADMAP_HOME: home, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    })
    const output = { stdout: "", stderr: "" }
    child.stdout.setEncoding("utf8").on("data", text => {
      output.stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", text => {
      output.stderr += text
    })
    child.once("error", reject)
    child.once("close", (code, signal) => resolve({ code, signal, ...output }))
    options.onStart?.(child)
  })

export const newHome = (): string => mkdtempSync(join(tmpdir(), "roadmap-feb-"))

/** One flight in this many: the sample that the tests use. */
export const testSample = "40"
