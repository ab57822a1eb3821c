import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { endAbandonedRuns } from "./abandoned-runs.ts"
import type { TrackingStore } from "./port.ts"
import { sweepStaging } from "./staged-file.ts"

/**
 * Opens the tracking store that the configuration selects: `<home>/state/tracking.sqlite` with artifacts under
 * `<home>/artifacts`. Runs which a killed process left RUNNING are ended as KILLED, and its staging files removed.
 * Throws ADAPTER_MISSING when MLFLOW_TRACKING_URI is set, and what `sqliteTrackingStore` throws.
 */
export const openTracking = async (config: Pick<Config, "home" | "mlflow">): Promise<TrackingStore> => {
  if (config.mlflow)
    throw new RoadmapError(
      "ADAPTER_MISSING",
      "MLFLOW_TRACKING_URI is set, but there is no MLflow adapter yet.",
      {
        hint: "Unset MLFLOW_TRACKING_URI: runs are then tracked in ROADMAP_HOME.",
      },
    )
  const { sqliteTrackingStore } = await import("./adapters/sqlite.ts")
  const artifacts = join(config.home, "artifacts")
  const store = sqliteTrackingStore({ file: join(config.home, "state", "tracking.sqlite"), artifacts })
  try {
    await sweepStaging(join(artifacts, "staging"))
    await endAbandonedRuns(store)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
