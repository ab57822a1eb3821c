import { RoadmapError } from "@roadmap/core/errors"
import type { MlflowClient } from "@roadmap/tracking/mlflow/client"

/** A registry that speaks MLflow's REST protocol: MLflow's own, or Unity Catalog's, which differs in paths and searches. */
export interface RegistryServer {
  client: MlflowClient
  /** Under /api/2.0/. */
  prefix: "mlflow" | "mlflow/unity-catalog"
  /**
   * Unity Catalog filters versions by name only, and models not at all, and its searches give no tags and aliases: the rest
   * is done here.
   */
  searches: boolean
  /** A further rule for the names of models. */
  checkName?: (name: string) => void
}

/** A text in a filter. MLflow's grammar has no escapes, so a text with both kinds of quotes cannot be written in it. */
export const quoted = (text: string): string => {
  if (!text.includes("'")) return `'${text}'`
  if (!text.includes('"')) return `"${text}"`
  throw new RoadmapError("INVALID_INPUT", `${text} cannot be searched for: it holds both kinds of quotes.`, {
    hint: "Use another name.",
  })
}
