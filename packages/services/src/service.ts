import type { Engine } from "./engine.ts"
import { engines, findEngine } from "./engines.ts"
import { type RunningService, type StartOptions, startEngine } from "./start.ts"
import { engineStatus, type ServiceStatus } from "./status.ts"
import { type StopServiceOptions, stopEngine } from "./stop.ts"

/**
 * Starts an engine, or finds it running, and waits until it answers. It lives on when this process ends: its state is on
 * the disk. Throws UNKNOWN_NAME, PROGRAM_MISSING (Java, Python, Maven, Docker), UNREACHABLE (a download failed),
 * START_FAILED (it ended or did not answer; with the log's last lines), INTERRUPTED; nothing is left of a failed start.
 */
export const startService = async (name: string, options: StartOptions = {}): Promise<RunningService> =>
  startEngine(findEngine(name), options)

/** Stops an engine by its recorded processes and waits until they are gone. False when it was not running. */
export const stopService = async (name: string, options: StopServiceOptions = {}): Promise<boolean> =>
  stopEngine(findEngine(name), options)

/** Whether an engine runs and answers, from its state on the disk and a health check. */
export const serviceStatus = async (
  name: string,
  options: { home?: string; signal?: AbortSignal } = {},
): Promise<ServiceStatus> => engineStatus(findEngine(name), options)

/** The services of a home folder that were started and not stopped, whatever has become of them. */
export const startedServices = async (
  options: { home?: string; signal?: AbortSignal } = {},
): Promise<ServiceStatus[]> => {
  const all = await Promise.all(engines.map(engine => engineStatus(engine, options)))
  return all.filter(service => service.status !== "stopped")
}

export type { Engine, RunningService, ServiceStatus, StartOptions, StopServiceOptions }
