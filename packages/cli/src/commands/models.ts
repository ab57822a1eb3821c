import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import { openRegistry } from "@roadmap/model-registry/open"
import type { ModelRegistry, ModelVersion, RegisteredModel } from "@roadmap/model-registry/port"
import { textTable } from "@roadmap/report/table"
import type { CommandContext } from "../context.ts"

/** `models` lists the registered models, `models NAME` its versions, `models NAME@ALIAS` or `NAME/VERSION` its card. */
export const models = async (context: CommandContext, what: string | undefined): Promise<undefined> => {
  const registry = await openRegistry(context.config)
  try {
    if (what === undefined) await listModels(context, registry)
    else if (/[@/]/.test(what)) await showVersion(context, registry, what)
    else await listVersions(context, registry, what)
    return undefined
  } catch (error) {
    if (what !== undefined && isRoadmapError(error, "NOT_FOUND"))
      throw await withNearest(registry, what, error)
    throw error
  } finally {
    await registry.close()
  }
}

/** The same refusal; its hint is the nearest name or alias there is. */
const withNearest = async (
  registry: ModelRegistry,
  what: string,
  error: RoadmapError,
): Promise<RoadmapError> => {
  const [name] = what.split(/[@/]/)
  const found = (await registry.searchModels()).items
  const model = found.find(each => each.name === name)
  const guess = model
    ? nearest(
        what,
        Object.keys(model.aliases).map(alias => `${name}@${alias}`),
      )
    : nearest(
        name,
        found.map(each => each.name),
      )
  if (guess === undefined) return error
  return new RoadmapError(error.code, error.message, { hint: `Did you mean "${guess}"?`, cause: error })
}

const listModels = async (context: CommandContext, registry: ModelRegistry): Promise<void> => {
  const found = (await registry.searchModels()).items
  context.print({ models: found }, () =>
    found.length === 0
      ? "No models yet. Try: roadmap run feb"
      : textTable(
          {
            columns: [
              { label: "model" },
              { label: "versions", align: "right" },
              { label: "aliases" },
              { label: "changed" },
            ],
            rows: found.map(model => [
              model.name,
              String(model.latestVersion ?? 0),
              aliasesOf(model),
              new Date(model.lastUpdatedTime).toISOString().slice(0, 16).replace("T", " "),
            ]),
          },
          { width: context.columns },
        ),
  )
}

const aliasesOf = (model: RegisteredModel) =>
  Object.entries(model.aliases)
    .map(([alias, version]) => `@${alias} = ${version}`)
    .join(", ")

const listVersions = async (
  context: CommandContext,
  registry: ModelRegistry,
  name: string,
): Promise<void> => {
  const versions = (await registry.listVersions(name)).items
  context.print({ versions }, () =>
    textTable(
      {
        columns: [
          { label: "version", align: "right" },
          { label: "aliases" },
          { label: "made" },
          { label: "run" },
          { label: "tags" },
        ],
        rows: versions.map(version => [
          String(version.version),
          version.aliases.map(alias => `@${alias}`).join(", "),
          new Date(version.creationTime).toISOString().slice(0, 16).replace("T", " "),
          version.lineage.runId?.slice(0, 8) ?? "",
          Object.entries(version.tags)
            .map(([key, value]) => `${key}=${value}`)
            .join(", "),
        ]),
      },
      { width: context.columns },
    ),
  )
}

const showVersion = async (context: CommandContext, registry: ModelRegistry, what: string): Promise<void> => {
  const version = await findVersion(registry, what)
  const { markdown, card } = await registry.readCard(version.name, version.version)
  context.print({ version, card: card ?? markdown }, () => markdown)
}

const findVersion = async (registry: ModelRegistry, what: string): Promise<ModelVersion> => {
  const [, name, alias] = /^([^@]+)@([^@]+)$/.exec(what) ?? []
  if (alias) return registry.getByAlias(name, alias)
  const [, model, number] = /^(.+)\/(\d+)$/.exec(what) ?? []
  if (number) return registry.getVersion(model, Number(number))
  throw new RoadmapError("USAGE", `"${what}" names no model version.`, {
    hint: "Write name@alias or name/version, for example flight-delay@champion or flight-delay/1.",
  })
}
