import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { unprivileged } from "@roadmap/core/testing/unprivileged"

export interface Child {
  process: ChildProcess
  /** The next line it prints; throws, with its standard error, when it ends before. */
  line(): Promise<string>
  /** How it ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; errors: string }>
}

/** Runs a TypeScript file in a process of its own, for tests of several processes and of kills. */
export const startChild = (
  script: URL,
  args: readonly string[],
  options: { unprivileged?: boolean } = {},
): Child => {
  const plain: [string, string[]] = [process.execPath, [fileURLToPath(script), ...args]]
  const [program, rest] = options.unprivileged ? unprivileged(...plain) : plain
  const child = spawn(program, rest, {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let errors = ""
  child.stderr.setEncoding("utf8").on("data", text => {
    errors += text
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, errors }))
  return {
    process: child,
    ended,
    async line() {
      const { value, done } = await lines.next()
      if (done) throw new Error(`The child ended before it printed a line: ${(await ended).errors}`)
      return value
    },
  }
}

/** Mounts a file system of so many kilobytes, or returns false where that is not allowed. */
export const mountSmall = (folder: string, kilobytes: number): boolean => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", folder], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

export const unmount = (folder: string): void => {
  execFileSync("umount", [folder])
}
