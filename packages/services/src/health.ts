import { sleep, throwIfAborted } from "@roadmap/core/async"
import { composeAlive } from "./compose.ts"
import type { Engine } from "./engine.ts"
import { isAlive } from "./process-group.ts"
import type { ServiceState } from "./state.ts"

/** True when every process that was started lives and the engine answers; tried a few times: a busy one may be slow. */
export const isHealthy = async (
  engine: Engine,
  state: ServiceState,
  folder: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean> => {
  for (let attempt = 1; attempt <= 3; attempt++) {
    if (!(await isUp(state))) return false
    try {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(10_000)])
      if (await engine.answers({ ...state, folder, signal: limited })) return true
    } catch {
      // Whatever it says, it does not do its work.
      throwIfAborted(signal)
    }
    if (attempt < 3) await sleep(300 * attempt, signal)
  }
  return false
}

/** True when every process that was started lives, whether or not it answers. */
export const isUp = async (state: ServiceState): Promise<boolean> =>
  state.starter === "compose" ? composeAlive(state) : state.groups.length > 0 && state.groups.every(isAlive)
