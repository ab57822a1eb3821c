import { RoadmapError } from "@roadmap/core/errors"
import { checkAlias, checkModelName, checkVersion } from "./names.ts"
import type { ModelRegistry, ModelVersion } from "./port.ts"

export type ModelUri = { name: string; version: number } | { name: string; alias: string } | { name: string }

/**
 * Parses MLflow's model URIs: `models:/name/3`, `models:/name@champion`, `models:/name/latest`, and the same without
 * `models:/`; a bare name is its latest version. Throws INVALID_INPUT.
 */
export const parseModelUri = (uri: string): ModelUri => {
  const [, name, version, alias] = /^(?:models:\/)?([^/:@]+)(?:\/([^/@]+)|@([^/@]+))?$/.exec(uri) ?? []
  if (name === undefined)
    throw new RoadmapError("INVALID_INPUT", `"${uri}" names no model.`, {
      hint: "Write models:/name/3, models:/name@champion or models:/name/latest.",
    })
  checkModelName(name)
  if (alias !== undefined) return { name, alias: checkAlias(alias) }
  if (version === undefined || version === "latest") return { name }
  return { name, version: checkVersion(/^\d+$/.test(version) ? Number(version) : version) }
}

/** The version that a model URI means now. Throws NOT_FOUND or INVALID_INPUT. */
export const resolveModel = async (registry: ModelRegistry, uri: string): Promise<ModelVersion> => {
  const parsed = parseModelUri(uri)
  if ("alias" in parsed) return registry.getByAlias(parsed.name, parsed.alias)
  if ("version" in parsed) return registry.getVersion(parsed.name, parsed.version)
  const { latestVersion } = await registry.getModel(parsed.name)
  if (latestVersion === undefined)
    throw new RoadmapError("NOT_FOUND", `Model "${parsed.name}" has no version.`, {
      hint: "Run the lab that registers it.",
    })
  return registry.getVersion(parsed.name, latestVersion)
}
