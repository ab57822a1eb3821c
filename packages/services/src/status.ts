import { resolve } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import type { Engine } from "./engine.ts"
import { isHealthy, isUp } from "./health.ts"
import { livingOf } from "./process-group.ts"
import { residentBytes } from "./process-table.ts"
import { readState, serviceFolder } from "./state.ts"

export interface ServiceStatus {
  name: string
  title: string
  /**
   * "running" lives and answers; "unhealthy" lives and does not; "dead" was started and is gone, in whole or in part;
   * "starting" is in the hands of another command.
   */
  status: "stopped" | "starting" | "running" | "unhealthy" | "dead"
  starter?: "native" | "compose"
  versions: Record<string, string>
  variables: Record<string, string>
  ports: Record<string, number>
  /** Every living process, not the leaders only. Empty with Compose. */
  pids: number[]
  /** Resident memory of these; pages that they share are counted for each. Absent with Compose. */
  memoryBytes?: number
  startedAt?: string
  uptimeSeconds?: number
  folder: string
}

/** serviceStatus for any engine: see service.ts. */
export const engineStatus = async (
  engine: Engine,
  options: { home?: string; signal?: AbortSignal } = {},
): Promise<ServiceStatus> => {
  const folder = serviceFolder(resolve(options.home ?? loadConfig().home), engine.name)
  const state = readState(folder)
  const { name, title, versions } = engine
  const none = {
    name,
    title,
    status: "stopped" as const,
    versions,
    variables: {},
    ports: {},
    pids: [],
    folder,
  }
  if (state === undefined || state.phase === "stopped") return none
  const pids = state.groups.flatMap(group => livingOf(group, folder).map(row => row.pid))
  const { starter, ports, startedAt } = state
  const base = { ...none, starter, versions: state.versions, ports, pids, startedAt }
  if (!(await isUp(state))) return { ...base, status: "dead" }
  const lively = {
    ...base,
    variables: state.variables,
    ...(starter === "native" && { memoryBytes: residentBytes(pids) }),
    uptimeSeconds: (Date.now() - Date.parse(startedAt)) / 1000,
  }
  if (state.phase === "starting") return { ...lively, status: "starting" }
  const healthy = await isHealthy(engine, state, folder, options.signal)
  return { ...lively, status: healthy ? "running" : "unhealthy" }
}
