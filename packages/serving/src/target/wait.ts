import { sleep } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { Endpoint, WaitOptions } from "./port.ts"

/**
 * Looks until the last change is complete. Throws SERVICE_FAILED when it failed, TIMEOUT, INTERRUPTED, and what
 * `look` throws.
 */
export const waitUntilReady = async (
  look: () => Promise<Endpoint>,
  { timeoutMs = 20 * 60_000, pollMs, signal }: WaitOptions = {},
): Promise<Endpoint> => {
  const deadline = Date.now() + timeoutMs
  for (let looks = 1; ; looks++) {
    const endpoint = await look()
    const { name, ready, update, message } = endpoint
    if (ready && update === "none") return endpoint
    if (update === "failed" || update === "canceled")
      throw new RoadmapError(
        "SERVICE_FAILED",
        `The change of endpoint ${name} ${update === "failed" ? "failed" : "was canceled"}${message ? `: ${message}` : "."}`,
        {
          hint: ready
            ? "It serves what it served before."
            : "Its logs have more. Delete it, or change it again.",
        },
      )
    // An endpoint that has nothing to do and does not answer will not do so by itself.
    if (update === "none" && message !== undefined)
      throw new RoadmapError("SERVICE_FAILED", `Endpoint ${name} does not answer: ${message}`)
    const pause = pollMs ?? 1_000 * Math.min(looks, 10)
    if (Date.now() + pause > deadline)
      throw new RoadmapError("TIMEOUT", `Endpoint ${name} was not ready within ${timeoutMs / 1000} s.`, {
        hint: "Look again later: the change goes on.",
        retryable: true,
      })
    await sleep(pause, signal)
  }
}
