import { waitForLock } from "@roadmap/core/lock-file"

/** Longer than any engine's first installation. */
const waitMs = 20 * 60_000

/** One process at a time installs, starts or stops what this file stands for; the others wait. Throws STATE_LOCKED. */
export const takeTurns = (
  path: string,
  options: { signal?: AbortSignal; onWait?: () => void } = {},
): Promise<Disposable> =>
  waitForLock(path, {
    ...options,
    waitMs,
    busy: `Another process has held ${path} for too long.`,
    hint: "End that roadmap command, then run this one again.",
  })
