import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { hostname } from "node:os"

/**
 * A process as text, `host~pid~start`, so that another process can later tell whether it still runs. The start makes a
 * reused pid a different process: on Linux the boot id and the start tick (proc(5), field 22 of /proc/<pid>/stat),
 * elsewhere what `ps` prints as its start. Where neither exists (Windows) it is empty and the pid alone is compared.
 */
export const thisProcess = (): string => {
  own ??= `${host()}~${process.pid}~${processStart(process.pid) ?? ""}`
  return own
}
let own: string | undefined

/** "dead" and "alive" are certain; "unknown" is a process of another machine, or text that names none. */
export const processState = (owner: string): "alive" | "dead" | "unknown" => {
  const [machine, pidText, start] = owner.split("~")
  const pid = Number(pidText)
  if (machine !== host() || !Number.isSafeInteger(pid) || pid < 1 || start === undefined) return "unknown"
  if (!pidExists(pid)) return "dead"
  if (start === "") return "alive"
  return processStart(pid) === start ? "alive" : "dead"
}

const host = (): string => hostname().replace(/[^\w.-]/g, "-")

const pidExists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Undefined when the process is gone, or dead and not yet collected by its parent. */
const processStart = (pid: number): string | undefined => {
  if (process.platform === "win32") return ""
  try {
    if (process.platform !== "linux") {
      const printed = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" })
      return printed.trim().replace(/\W+/g, "-") || undefined
    }
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The command's name, in parentheses, may hold anything: the fields start after the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const [state, startTick] = [fields[0], fields[19]]
    if (state === "Z" || state === "X") return undefined
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8)
    return `${boot}-${startTick}`
  } catch {
    // No such process: it ended between the two questions.
    return undefined
  }
}
