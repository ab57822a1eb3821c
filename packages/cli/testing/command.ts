import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { unprivileged } from "@roadmap/core/testing/unprivileged"

const program = join(import.meta.dirname, "..", "bin", "roadmap.js")

export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface CommandOptions {
  env?: Record<string, string>
  /** Folder to stand in. Default: this process's. */
  cwd?: string
  /** Without the right of root to write everywhere. */
  unprivileged?: boolean
  onStart?: (child: ChildProcess) => void
}

/** Runs the real `roadmap` command in a process of its own, without a terminal. */
export const roadmap = (
  home: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const plain: [string, string[]] = [process.execPath, [program, ...args]]
    const [command, rest] = options.unprivileged ? unprivileged(...plain) : plain
    const child = spawn(command, rest, {
      cwd: options.cwd,
      env: { PATH: process.env.PATH, ROADMAP_HOME: home, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
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

/** Sends `signal` once, as soon as standard error says `text`. */
export const signalAt =
  (text: string, signal: NodeJS.Signals) =>
  (child: ChildProcess): void => {
    let said = ""
    let sent = false
    child.stderr?.on("data", part => {
      said += part
      if (!sent && said.includes(text)) sent = child.kill(signal)
    })
  }
