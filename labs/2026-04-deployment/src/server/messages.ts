import type { Config } from "@roadmap/core/config"
import type { ErrorCode } from "@roadmap/core/errors"

/** What a deployment is: plain data, so that another process can be given it. */
export interface Deployment {
  config: Config
  /** `flight-late@champion`: the first one answers where a request names none. */
  models: readonly string[]
  /** The moment at which its clock stands still for online features, microseconds; absent: no online features. */
  featuresAt?: bigint
  /** Milliseconds that a request may take; absent: the server's own limit. */
  timeoutMs?: number
  /** Folder of the prediction log; absent: nothing is logged. */
  predictionLog?: string
}

/** From the lab to the server's process. Each request gets one reply with its id. */
export type Request = { id: number } & (
  | { type: "start"; deployment: Deployment }
  | { type: "usage" }
  | { type: "reload" }
  | { type: "close" }
)

export interface Usage {
  /** Processor time of the process since it started, all threads. */
  cpuSeconds: number
  residentBytes: number
}

export type Reply = { id: number } & (
  | { type: "started"; url: string }
  | ({ type: "usage" } & Usage)
  | { type: "done" }
  | { type: "failed"; code: ErrorCode; message: string; hint?: string }
)
