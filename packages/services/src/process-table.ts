import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

/** A process as another process of the same machine sees it. */
export interface ProcessRow {
  pid: number
  /** Its process group: the pid of the one that was started detached. */
  group: number
  /** Makes a recycled pid another process: boot id and start tick on Linux, what `ps` prints elsewhere. */
  start: string
}

/**
 * The process with this pid, or undefined when it is gone, or dead and not yet collected by its parent.
 * Linux reads proc(5): fields 3, 5, 20 and 22 of /proc/<pid>/stat. Elsewhere `ps` answers.
 */
export const findProcess = (pid: number): ProcessRow | undefined => {
  if (process.platform !== "linux") return listByPs(["-p", String(pid)])[0]
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    // It ended, or never was.
    return undefined
  }
}

/** Every living process of a group. */
export const processesOf = (group: number): ProcessRow[] => listProcesses().filter(row => row.group === group)

/** Resident memory of these processes in bytes; pages that they share are counted for each. */
export const residentBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + residentOf(pid), 0)

/**
 * True when the process was started with this variable. Linux only; elsewhere nobody can tell, and it is false.
 */
export const hasVariable = (pid: number, name: string, value: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${name}=${value}`)
  } catch {
    return false
  }
}

const listProcesses = (): ProcessRow[] =>
  process.platform === "linux"
    ? readdirSync("/proc").flatMap(name => (/^\d+$/.test(name) ? (findProcess(Number(name)) ?? []) : []))
    : listByPs(["-A"])

const parseStat = (stat: string): ProcessRow | undefined => {
  // The command's name, in parentheses, may hold anything: the fields start after the last one.
  const end = stat.lastIndexOf(")")
  const fields = stat.slice(end + 2).split(" ")
  // A dead leader whose other threads still end keeps its files, and so its port, until the last one is gone.
  if (isOver(fields[0]) && Number(fields[17]) <= 1) return undefined
  return {
    pid: Number.parseInt(stat, 10),
    group: Number(fields[2]),
    start: `${bootId()}-${fields[19]}`,
  }
}

const listByPs = (which: readonly string[]): ProcessRow[] => {
  try {
    const printed = execFileSync("ps", [...which, "-o", "pid=,pgid=,stat=,lstart="], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    })
    return printed.split("\n").flatMap(line => {
      const [, pid, group, state, start] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? []
      if (pid === undefined || isOver(state)) return []
      return [{ pid: Number(pid), group: Number(group), start: start.replace(/\W+/g, "-") }]
    })
  } catch {
    // `ps` fails when no process matches.
    return []
  }
}

const isOver = (state: string): boolean => /^[ZX]/.test(state)

const bootId = (): string => (boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8))
let boot: string | undefined

const residentOf = (pid: number): number => {
  try {
    const text =
      process.platform === "linux"
        ? /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
        : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })
    return Number(text ?? 0) * 1024
  } catch {
    return 0
  }
}
