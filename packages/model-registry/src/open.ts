import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { sweepStaging } from "@roadmap/tracking/staged-file"
import type { ModelRegistry } from "./port.ts"

/**
 * Opens the registry that the configuration selects. Embedded: `<home>/state/registry.sqlite` with model directories under
 * `<home>/artifacts/models`; what killed registrations left in staging is removed. With MLFLOW_TRACKING_URI: that
 * server's, or MLFLOW_REGISTRY_URI's; models that are fetched are kept under `<home>/artifacts/fetched-models`.
 * Throws what the adapters throw. `signal` ends what waits for a server.
 */
export const openRegistry = async (
  config: Pick<Config, "home" | "mlflow">,
  options: { signal?: AbortSignal } = {},
): Promise<ModelRegistry> =>
  config.mlflow ? openServer(config.home, config.mlflow, options.signal) : openEmbedded(config.home)

const openServer = async (home: string, config: NonNullable<Config["mlflow"]>, signal?: AbortSignal) => {
  const { registryEndpoint } = await import("@roadmap/tracking/mlflow/endpoint")
  const { requestTimeout } = config
  const endpoint = registryEndpoint(config)
  const shared = {
    endpoint,
    signal,
    cache: join(home, "artifacts", "fetched-models"),
    ...(requestTimeout && { timeoutMs: requestTimeout * 1000, deadlineMs: requestTimeout * 3000 }),
  }
  if (endpoint.unityCatalog) {
    const { unityCatalogRegistry } = await import("./adapters/mlflow-unity-catalog.ts")
    return unityCatalogRegistry(shared)
  }
  const { mlflowModelRegistry } = await import("./adapters/mlflow.ts")
  return mlflowModelRegistry(shared)
}

const openEmbedded = async (home: string) => {
  const { sqliteModelRegistry } = await import("./adapters/sqlite.ts")
  const artifacts = join(home, "artifacts")
  const registry = sqliteModelRegistry({ file: join(home, "state", "registry.sqlite"), artifacts })
  try {
    await sweepStaging(join(artifacts, "staging"))
    return registry
  } catch (error) {
    await registry.close()
    throw error
  }
}
