import { RoadmapError } from "@roadmap/core/errors"
import { checkKey, checkName, checkText, describe } from "@roadmap/tracking/limits"
import type { Register } from "./port.ts"

/** MLflow's limits for the registry (mlflow 3.17, mlflow/utils/validation.py and the registry's SQL schema). */
export const registryLimits = {
  nameLength: 256,
  descriptionLength: 5_000,
  tagValueLength: 100_000,
  aliasLength: 255,
  idempotencyKeyLength: 250,
  pageSize: 1_000,
} as const

/** A model's name: no "/" or ":" or control character, not "." or "..". Throws INVALID_INPUT or LIMIT_EXCEEDED. */
export const checkModelName = (name: unknown): string => {
  const text = checkName("The name of a model", name, registryLimits.nameLength)
  if (/[/:\p{Cc}]/u.test(text) || text === "." || text === "..")
    throw new RoadmapError("INVALID_INPUT", `"${text}" cannot be the name of a model.`, {
      hint: "Names hold no '/' and no ':', for example flight-delay or catalog.schema.flight_delay.",
    })
  return text
}

/** An alias: letters, digits, `_` and `-`; `latest` and `v1`-like are reserved. Throws INVALID_INPUT or LIMIT_EXCEEDED. */
export const checkAlias = (alias: unknown): string => {
  const text = checkName("An alias", alias, registryLimits.aliasLength)
  if (!/^[\p{L}\p{N}_-]+$/u.test(text))
    throw new RoadmapError("INVALID_INPUT", `"${text}" cannot be an alias.`, {
      hint: "Use letters, digits, '_' and '-', for example champion.",
    })
  if (text.toLowerCase() === "latest" || /^v\d+$/i.test(text))
    throw new RoadmapError("INVALID_INPUT", `The alias "${text}" is reserved.`, {
      hint: "Name the role, for example champion; versions have numbers already.",
    })
  return text
}

/** A version number: 1 or more. Throws INVALID_INPUT. */
export const checkVersion = (version: unknown): number => {
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1)
    throw new RoadmapError("INVALID_INPUT", `${describe(version)} is no version number.`, {
      hint: "Versions are whole numbers from 1.",
    })
  return version
}

export const checkDescription = (description: unknown): string =>
  checkText("A description", description, registryLimits.descriptionLength)

export const checkRegistryTag = (key: unknown, value: unknown): void => {
  checkKey("tag", key)
  checkText(`Tag "${key}"`, value, registryLimits.tagValueLength)
}

/** Checks what `register` is given besides the directory. Throws INVALID_INPUT or LIMIT_EXCEEDED. */
export const checkRegister = ({ name, description, tags, lineage, idempotencyKey }: Register): void => {
  checkModelName(name)
  if (description !== undefined) checkDescription(description)
  for (const [key, value] of Object.entries(tags ?? {})) checkRegistryTag(key, value)
  if (idempotencyKey !== undefined)
    checkName("An idempotency key", idempotencyKey, registryLimits.idempotencyKeyLength)
  if (lineage?.runId !== undefined && !/^[a-zA-Z0-9][\w-]{0,255}$/.test(lineage.runId))
    throw new RoadmapError("INVALID_INPUT", `${describe(lineage.runId)} is no run id.`)
  if (lineage?.parentVersion !== undefined) checkVersion(lineage.parentVersion)
  for (const dataset of lineage?.datasets ?? []) {
    checkName("The name of a data set", dataset.name, 500)
    checkName(`The digest of data set "${dataset.name}"`, dataset.digest, 64)
  }
  for (const view of lineage?.featureViews ?? []) checkName("The name of a feature view", view, 500)
}
