import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface Child {
  process: ChildProcess
  /** The next line it prints; throws, with its standard error, when it ends before. */
  line(): Promise<string>
  /** How it ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; errors: string }>
}

/** Runs a TypeScript file in a process of its own, for tests of several processes and of kills. */
export const startChild = (script: URL, args: readonly string[], options: { uid?: number } = {}): Child => {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    uid: options.uid,
    gid: options.uid,
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

/** The user "nobody", when this process is root and can act as it: root may write into read-only folders. */
export const unprivilegedUser = (): number | undefined => (process.getuid?.() === 0 ? 65_534 : undefined)

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
