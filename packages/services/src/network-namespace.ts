import { readlinkSync } from "node:fs"
import { isRoadmapError } from "@roadmap/core/errors"
import { runProgram } from "./programs.ts"

/** A way to start a program where it has a loopback interface of its own and no other network (network_namespaces(7)). */
export interface NetworkNamespace {
  /** The command that runs a program in a new namespace, with the same pid. */
  create(program: string, args: readonly string[]): [string, string[]]
  /** The command that runs a program in the namespace of a process. */
  enter(pid: number, program: string, args: readonly string[]): [string, string[]]
}

/** Root needs no user namespace; others need one, which some distributions forbid. */
const kinds = [
  { create: ["--net"], enter: ["--net"] },
  { create: ["--user", "--map-root-user", "--net"], enter: ["--user", "--net", "--preserve-credentials"] },
]

/** The first kind that works for this user on this machine, or undefined (no Linux, no programs, not allowed). */
export const networkNamespace = async (signal?: AbortSignal): Promise<NetworkNamespace | undefined> => {
  if (process.platform !== "linux") return undefined
  for (const kind of kinds) {
    const namespace: NetworkNamespace = {
      create: (program, args) => [
        "unshare",
        [...kind.create, "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", program, ...args],
      ],
      enter: (pid, program, args) => ["nsenter", [...kind.enter, `--target=${pid}`, "--", program, ...args]],
    }
    if (
      (await succeeds(...namespace.create("true", []), signal)) &&
      (await succeeds("nsenter", ["--version"], signal))
    )
      return namespace
  }
  return undefined
}

/** True once a process has left this process's network. */
export const isApart = (pid: number): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync("/proc/self/ns/net")
  } catch {
    // It ended.
    return false
  }
}

const succeeds = async (program: string, args: readonly string[], signal?: AbortSignal): Promise<boolean> => {
  try {
    return (await runProgram(program, args, { signal, timeoutMs: 20_000 })).status === 0
  } catch (error) {
    if (isRoadmapError(error, "PROGRAM_MISSING")) return false
    throw error
  }
}
