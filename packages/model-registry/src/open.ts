import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { sweepStaging } from "@roadmap/tracking/staged-file"
import type { ModelRegistry } from "./port.ts"

/**
 * Opens the registry that the configuration selects: `<home>/state/registry.sqlite` with model directories under
 * `<home>/artifacts/models`. Removes what killed registrations left in staging. Throws ADAPTER_MISSING when MLFLOW_TRACKING_URI is set, and what `sqliteModelRegistry` throws.
 */
export const openRegistry = async (config: Pick<Config, "home" | "mlflow">): Promise<ModelRegistry> => {
  if (config.mlflow)
    throw new RoadmapError(
      "ADAPTER_MISSING",
      "MLFLOW_TRACKING_URI is set, but there is no MLflow adapter yet.",
      {
        hint: "Unset MLFLOW_TRACKING_URI: models are then registered in ROADMAP_HOME.",
      },
    )
  const { sqliteModelRegistry } = await import("./adapters/sqlite.ts")
  const artifacts = join(config.home, "artifacts")
  const registry = sqliteModelRegistry({ file: join(config.home, "state", "registry.sqlite"), artifacts })
  try {
    await sweepStaging(join(artifacts, "staging"))
    return registry
  } catch (error) {
    await registry.close()
    throw error
  }
}
