import { RoadmapError } from "@roadmap/core/errors"
import type { MlflowClient } from "./client.ts"

/** Logged models, which registered versions are stored as, came with MLflow 3.0. The tests run on 3.17.2. */
export const leastVersion = "3.0.0"

/**
 * Reads the server's version once. Throws SERVICE_VERSION below `leastVersion`, SERVICE_FAILED when the answer is none of
 * MLflow's, and what the client throws. A Databricks workspace has no such page: nothing is asked there.
 */
export const checkServerVersion = async (client: MlflowClient): Promise<string | undefined> => {
  if (client.endpoint.kind === "databricks") return undefined
  const version = (await client.text("/version")).trim()
  const [, major, minor] = /^(\d+)\.(\d+)(\.\w+)*$/.exec(version) ?? []
  const at = client.endpoint.baseUrl
  if (major === undefined)
    throw new RoadmapError("SERVICE_FAILED", `${at} is no MLflow server: its /version is no version.`, {
      hint: "Check MLFLOW_TRACKING_URI.",
    })
  const [leastMajor, leastMinor] = leastVersion.split(".").map(Number)
  if (Number(major) < leastMajor || (Number(major) === leastMajor && Number(minor) < leastMinor))
    throw new RoadmapError(
      "SERVICE_VERSION",
      `MLflow at ${at} is ${version}; this needs ${leastVersion} or newer.`,
      {
        hint: "Update the server, or unset MLFLOW_TRACKING_URI to use the embedded store.",
      },
    )
  return version
}
