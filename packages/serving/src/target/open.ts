import type { Config } from "@roadmap/core/config"
import type { ServingTarget } from "./port.ts"

/**
 * Opens the target that the configuration names: Databricks Model Serving when the models are in Unity Catalog
 * (MLFLOW_REGISTRY_URI is databricks-uc, or MLFLOW_TRACKING_URI is databricks), else processes on this machine.
 */
export const openServingTarget = async (config: Config): Promise<ServingTarget> => {
  const { mlflow } = config
  const onDatabricks = mlflow && (mlflow.registryUri ?? mlflow.trackingUri).startsWith("databricks")
  if (onDatabricks && mlflow.workspace) {
    const { databricksTarget } = await import("./databricks/target.ts")
    return databricksTarget(mlflow.workspace)
  }
  const { localTarget } = await import("./local/target.ts")
  return localTarget(config)
}
