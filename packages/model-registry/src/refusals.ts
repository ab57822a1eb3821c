import { RoadmapError } from "@roadmap/core/errors"

/** Throws INVALID_INPUT when there are aliases and the deletion is not forced. */
export const refuseAliased = (aliases: readonly { alias: string }[], what: string, force: boolean): void => {
  if (aliases.length === 0 || force) return
  const names = aliases.map(({ alias }) => `"${alias}"`).join(", ")
  throw new RoadmapError("INVALID_INPUT", `${what} cannot be deleted: the alias ${names} points at it.`, {
    hint: "Move or delete the alias first, or force the deletion.",
  })
}

export const missingVersion = (name: string, version: number) =>
  new RoadmapError("NOT_FOUND", `Model "${name}" has no version ${version}.`, {
    hint: "List its versions with `roadmap models`.",
  })

export const missingModel = (name: string) =>
  new RoadmapError("NOT_FOUND", `There is no model "${name}".`, {
    hint: "List them with `roadmap models`.",
  })

export const missingAlias = (name: string, alias: string) =>
  new RoadmapError("NOT_FOUND", `Model "${name}" has no alias "${alias}".`, {
    hint: "List its aliases with `roadmap models`, or set it.",
  })

/** What `register` answers when an idempotency key has registered another model. */
export const takenKey = (key: string, name: string, version: number) =>
  new RoadmapError(
    "IMMUTABLE",
    `The key "${key}" registered other content, as version ${version} of "${name}".`,
    { hint: "Use another key for another model." },
  )
