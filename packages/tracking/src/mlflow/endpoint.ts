import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"

/** Where an MLflow server is and how to speak to it. */
export interface Endpoint {
  /** Without a slash at its end, without user and password: safe to show. */
  baseUrl: string
  headers: Record<string, string>
  /** What must appear in no message. */
  secrets: string[]
  /** The server's own kind: a Databricks workspace has no /version. */
  kind: "mlflow" | "databricks"
}

type MlflowConfig = NonNullable<Config["mlflow"]>

/** The server of experiments and runs. */
export const trackingEndpoint = (config: MlflowConfig): Endpoint =>
  config.trackingUri === "databricks" ? workspaceEndpoint(config) : serverEndpoint(config, config.trackingUri)

/**
 * The server of registered models, and whether its names are Unity Catalog's. Without MLFLOW_REGISTRY_URI it is the server of
 * the runs; of a Databricks workspace it is Unity Catalog, as in MLflow 3.
 */
export const registryEndpoint = (config: MlflowConfig): Endpoint & { unityCatalog: boolean } => {
  const uri =
    config.registryUri ?? (config.trackingUri === "databricks" ? "databricks-uc" : config.trackingUri)
  return uri === "databricks-uc"
    ? { ...workspaceEndpoint(config), unityCatalog: true }
    : { ...serverEndpoint(config, uri), unityCatalog: false }
}

const serverEndpoint = ({ auth }: MlflowConfig, uri: string): Endpoint => {
  const authorization =
    auth === undefined
      ? undefined
      : "token" in auth
        ? `Bearer ${auth.token}`
        : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`
  return {
    baseUrl: uri.replace(/\/+$/, ""),
    headers: authorization === undefined ? {} : { authorization },
    secrets:
      auth === undefined
        ? []
        : "token" in auth
          ? [auth.token]
          : [auth.password, authorization?.slice("Basic ".length) ?? ""],
    kind: "mlflow",
  }
}

const workspaceEndpoint = ({ workspace }: MlflowConfig): Endpoint => {
  if (!workspace)
    throw new RoadmapError("CONFIG_INVALID", "The Databricks workspace is not named.", {
      hint: "Set DATABRICKS_HOST and DATABRICKS_TOKEN.",
    })
  return {
    baseUrl: workspace.host.replace(/\/+$/, ""),
    headers: { authorization: `Bearer ${workspace.token}` },
    secrets: [workspace.token],
    kind: "databricks",
  }
}
