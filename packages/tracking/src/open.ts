import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { endAbandonedRuns } from "./abandoned-runs.ts"
import type { TrackingStore } from "./port.ts"
import { sweepStaging } from "./staged-file.ts"

/**
 * Opens the tracking store that the configuration selects. Embedded: `<home>/state/tracking.sqlite` with artifacts under
 * `<home>/artifacts`; runs which a killed process left RUNNING are ended as KILLED, and its staging files removed. With
 * MLFLOW_TRACKING_URI: that server, where the runs of killed processes stay RUNNING (an owner's host name may there be
 * another machine's). `signal` ends what waits for a server.
 * Throws what `sqliteTrackingStore` and `mlflowTrackingStore` throw.
 */
export const openTracking = async (
  config: Pick<Config, "home" | "mlflow">,
  options: { signal?: AbortSignal } = {},
): Promise<TrackingStore> =>
  config.mlflow ? openServer(config.mlflow, options.signal) : openEmbedded(config.home)

const openServer = async (config: NonNullable<Config["mlflow"]>, signal?: AbortSignal) => {
  const { mlflowTrackingStore } = await import("./adapters/mlflow.ts")
  const { trackingEndpoint } = await import("./mlflow/endpoint.ts")
  const { requestTimeout } = config
  return mlflowTrackingStore({
    endpoint: trackingEndpoint(config),
    signal,
    ...(requestTimeout && { timeoutMs: requestTimeout * 1000, deadlineMs: requestTimeout * 3000 }),
  })
}

const openEmbedded = async (home: string) => {
  const { sqliteTrackingStore } = await import("./adapters/sqlite.ts")
  const artifacts = join(home, "artifacts")
  const store = sqliteTrackingStore({ file: join(home, "state", "tracking.sqlite"), artifacts })
  try {
    await sweepStaging(join(artifacts, "staging"))
    await endAbandonedRuns(store)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
