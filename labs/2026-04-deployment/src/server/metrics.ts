import { RoadmapError } from "@roadmap/core/errors"

/** What became of the rows that the prediction log was given. */
export interface LogCounts {
  recorded: number
  /** Its buffer was full: the answers were given, the rows were not kept. */
  dropped: number
  lost: number
}

/** Reads the counters of the prediction log from the server's own page of metrics. Throws SERVICE_FAILED. */
export const readLogCounts = async (url: string, signal?: AbortSignal): Promise<LogCounts> => {
  const response = await fetch(`${url}/metrics`, { ...(signal && { signal }) })
  const text = await response.text()
  const count = (outcome: keyof LogCounts): number => {
    const [, value] =
      new RegExp(`^prediction_log_rows_total\\{outcome="${outcome}"\\} (\\S+)$`, "m").exec(text) ?? []
    if (value === undefined)
      throw new RoadmapError("SERVICE_FAILED", `${url}/metrics does not say how many rows were ${outcome}.`)
    return Number(value)
  }
  return { recorded: count("recorded"), dropped: count("dropped"), lost: count("lost") }
}
