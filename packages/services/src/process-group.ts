import { spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { sleep } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { findProcess, hasVariable, type ProcessRow, processesOf } from "./process-table.ts"

/** A program that was started on its own, with the group of processes that it leads. */
export interface GroupRecord {
  /** What it does for its service: "server", "front". */
  role: string
  pid: number
  /** See ProcessRow.start: a recycled pid is never taken for this process. */
  start: string
  logFile: string
  /** What ends it politely. */
  stopSignal: NodeJS.Signals
}

export interface GroupCommand {
  role: string
  program: string
  args: readonly string[]
  logFile: string
  /** The service that it belongs to, in its environment as ROADMAP_SERVICE. */
  service: string
  /** Variables to set besides those of this process. */
  variables?: Record<string, string>
  /** Variables of this process that the program must not see. */
  unset?: readonly string[]
  cwd?: string
  /** Default SIGTERM. */
  stopSignal?: NodeJS.Signals
}

export const serviceVariable = "ROADMAP_SERVICE"

/**
 * Starts a program as the leader of a session of its own, so that neither Ctrl-C nor a closed terminal reaches it,
 * with its output in the log file. It lives on when this process ends. Throws START_FAILED when it cannot be started.
 */
export const startGroup = async (command: GroupCommand): Promise<GroupRecord> => {
  const { role, program, args, logFile, service, variables = {}, unset = [], cwd, stopSignal } = command
  const log = openSync(logFile, "w", 0o600)
  try {
    // env(1) sets and unsets variables and then becomes the program: same pid.
    const assignments = Object.entries({ ...variables, [serviceVariable]: service }).map(
      ([name, value]) => `${name}=${value}`,
    )
    const words = [...unset.flatMap(name => ["-u", name]), ...assignments, program, ...args]
    const child = spawn("env", words, { cwd, detached: true, stdio: ["ignore", log, log] })
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve)
      child.once("error", reject)
    })
    child.unref()
    const start = findProcess(child.pid!)?.start ?? "ended"
    return { role, pid: child.pid!, start, logFile, stopSignal: stopSignal ?? "SIGTERM" }
  } catch (error) {
    throw new RoadmapError("START_FAILED", `${program} cannot be started: ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    closeSync(log)
  }
}

/** True while the very process that was started runs. */
export const isAlive = (record: GroupRecord): boolean => findProcess(record.pid)?.start === record.start

/** The living processes of a group. Of one whose leader is gone, only those that surely belong to the service. */
export const livingOf = (record: GroupRecord, service: string): ProcessRow[] => {
  const leader = findProcess(record.pid)
  if (leader !== undefined && leader.start !== record.start) return []
  const members = processesOf(record.pid)
  return leader !== undefined
    ? members
    : members.filter(({ pid }) => hasVariable(pid, serviceVariable, service))
}

export interface StopOptions {
  /** Milliseconds between the polite signal and SIGKILL. Default 20,000: a broker writes its logs first. */
  patienceMs?: number
}

/**
 * Ends a group: the polite signal to its leader, then to the processes that stay behind, then SIGKILL. Signals go to
 * recorded or verified processes only. Returns true when something was running. Throws SERVICE_FAILED when a
 * process survives even SIGKILL.
 */
export const stopGroup = async (
  record: GroupRecord,
  service: string,
  options: StopOptions = {},
): Promise<boolean> => {
  const rows = new Map(livingOf(record, service).map(row => [row.pid, row.start]))
  if (rows.size === 0) return false
  /** Those seen at first, too: once their leader is gone, only Linux tells whose children they were. */
  const living = (): number[] => {
    for (const row of livingOf(record, service)) rows.set(row.pid, row.start)
    return [...rows].flatMap(([pid, start]) => (findProcess(pid)?.start === start ? [pid] : []))
  }
  // A server forwards the signal to its workers itself: it alone is asked, as long as it is there.
  for (const pid of isAlive(record) ? [record.pid] : rows.keys()) send(pid, record.stopSignal)
  const deadline = Date.now() + (options.patienceMs ?? 20_000)
  let childrenAsked = false
  while (living().length > 0 && Date.now() < deadline) {
    if (!childrenAsked && !isAlive(record)) {
      childrenAsked = true
      for (const pid of living()) send(pid, record.stopSignal)
    }
    await sleep(50)
  }
  const killDeadline = Date.now() + 5_000
  for (const pid of living()) send(pid, "SIGKILL")
  while (living().length > 0) {
    if (Date.now() > killDeadline)
      throw new RoadmapError(
        "SERVICE_FAILED",
        `${service}: processes ${living().join(", ")} cannot be stopped, even by SIGKILL.`,
        { hint: "They may wait for a disk; end them by hand." },
      )
    await sleep(50)
  }
  return true
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // ESRCH: it ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH")
      throw new RoadmapError("SERVICE_FAILED", `Process ${pid} cannot be stopped by this user.`, {
        hint: "Run the same command as the user who started it.",
        cause: error,
      })
  }
}
