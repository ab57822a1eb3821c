import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"

/** What the client throws: an answer's status and body, or the network's error as its cause. */
interface Thrown {
  name?: string
  status?: number
  message?: string
  data?: { status?: { error?: string } }
  cause?: { code?: string; message?: string }
}

/** Gives an error of Qdrant, its client or the network the project's code and a hint. */
export const qdrantError = (cause: unknown, url: string): RoadmapError => {
  if (cause instanceof RoadmapError) return cause
  const thrown = cause as Thrown
  const said = thrown.data?.status?.error ?? thrown.cause?.message ?? thrown.message ?? String(cause)
  const place = new URL(url).host
  const error = (code: ErrorCode, what: string, hint: string, retryable = false) =>
    new RoadmapError(code, `Qdrant at ${place} ${what}: ${said}`, { hint, retryable, cause })
  const { status } = thrown
  if (status === 401 || status === 403)
    return error("AUTH_FAILED", "refuses this key", "Correct QDRANT_API_KEY.")
  if (status === 429) return error("RATE_LIMITED", "has too many requests", "Try again later.", true)
  if (status !== undefined)
    return error("SERVICE_FAILED", `answered ${status}`, "Look into the server's log.", status >= 500)
  if (thrown.name === "QdrantClientTimeoutError" || thrown.name === "AbortError")
    return error("TIMEOUT", "gave no answer in time", "Try again, or write smaller batches.", true)
  return error(
    "UNREACHABLE",
    "cannot be reached",
    "Start it (`roadmap services up qdrant`), or correct QDRANT_URL.",
    true,
  )
}

export const statusOf = (error: unknown): number | undefined => (error as Thrown)?.status
