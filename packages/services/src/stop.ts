import { join, resolve } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import type { Engine } from "./engine.ts"
import { takeTurns } from "./lock.ts"
import { stopRecorded } from "./start.ts"
import { readState, serviceFolder, writeState } from "./state.ts"

export interface StopServiceOptions {
  home?: string
  signal?: AbortSignal
  onProgress?: (line: string) => void
}

/** stopService for any engine: see service.ts. Waits for a start of the same service to end. */
export const stopEngine = async (engine: Engine, options: StopServiceOptions = {}): Promise<boolean> => {
  const folder = serviceFolder(resolve(options.home ?? loadConfig().home), engine.name)
  const known = readState(folder)
  if (known === undefined || known.phase === "stopped") return false
  using _lock = await takeTurns(join(folder, "lock"), {
    signal: options.signal,
    onWait: () => options.onProgress?.(`Another command is at work on ${engine.name}: waiting for it`),
  })
  const state = readState(folder)
  if (state === undefined || state.phase === "stopped") return false
  const stopped = await stopRecorded(state, folder)
  await writeState(folder, { ...state, phase: "stopped", groups: [], variables: {}, newData: false })
  return stopped
}
