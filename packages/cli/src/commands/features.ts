import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import { type FeatureView, featureText } from "@roadmap/feature-store/definitions"
import { durationText } from "@roadmap/feature-store/durations"
import {
  type FeatureRegistry,
  type Lineage,
  openFeatureRegistry,
  type RegisteredDefinition,
} from "@roadmap/feature-store/registry"
import { textTable } from "@roadmap/report/table"
import type { CommandContext } from "../context.ts"

export interface FeaturesOptions {
  search?: string
  owner?: string
  tag?: string[]
}

/** `features` lists views and services; `features NAME` shows one with its features, versions and lineage. */
export const features = async (
  context: CommandContext,
  name: string | undefined,
  options: FeaturesOptions,
): Promise<undefined> => {
  using registry = openFeatureRegistry(context.config)
  if (name === undefined) listDefinitions(context, registry, options)
  else showDefinition(context, registry, name)
  return undefined
}

const listDefinitions = (
  context: CommandContext,
  registry: FeatureRegistry,
  { search, owner, tag = [] }: FeaturesOptions,
): void => {
  const found = registry.search({ text: search, owner, tags: Object.fromEntries(tag.map(keyAndValue)) })
  const asked = search !== undefined || owner !== undefined || tag.length > 0
  context.print({ definitions: found }, () =>
    found.length === 0
      ? asked
        ? "No view or service is like that. All of them: roadmap features"
        : "No feature views yet. Try: roadmap run mar"
      : textTable(
          {
            columns: ["kind", "name", "version", "owner", "description"].map(label => ({ label })),
            rows: found.map(each => [each.kind, each.name, each.version, each.owner, each.description]),
          },
          { width: context.columns },
        ),
  )
}

const keyAndValue = (tag: string): [string, string] => {
  const [, key, value] = /^([^=]+)=(.*)$/.exec(tag) ?? []
  if (key !== undefined) return [key, value]
  throw new RoadmapError("USAGE", `--tag ${tag} is no key=value.`, {
    hint: "For example: --tag roadmap.month=2026-03",
  })
}

const showDefinition = (context: CommandContext, registry: FeatureRegistry, name: string): void => {
  const definition = findDefinition(registry, name)
  const { kind } = definition
  const lineage = registry.lineage(kind === "view" ? { view: name } : { service: name })
  const versions = registry.versions(kind, name)
  context.print({ definition, versions, lineage }, () =>
    [
      `${kind} ${name}, version ${definition.version}${versions.length > 1 ? `, the newest of ${versions.length}` : ""}`,
      definition.description,
      "",
      ...(kind === "view" ? viewLines(definition.body as FeatureView) : []),
      ...lineageLines(lineage),
    ].join("\n"),
  )
}

const findDefinition = (registry: FeatureRegistry, name: string): RegisteredDefinition => {
  for (const kind of ["view", "service"] as const)
    try {
      return registry.get(kind, name)
    } catch (error) {
      if (!isRoadmapError(error, "NOT_FOUND")) throw error
    }
  const guess = nearest(
    name,
    registry.search().map(each => each.name),
  )
  throw new RoadmapError("NOT_FOUND", `The feature registry has no view or service "${name}".`, {
    hint: guess === undefined ? "List them with: roadmap features" : `Did you mean "${guess}"?`,
  })
}

const viewLines = ({ features, source, ttl }: FeatureView): string[] => [
  `from ${source.table}, known at ${source.knownTime}${ttl === undefined ? "" : `, latest values live ${durationText(ttl)}`}`,
  ...Object.entries(features).map(([feature, definition]) => `  ${feature}: ${featureText(definition)}`),
  "",
]

const lineageLines = ({ tables, views, services, models }: Lineage): string[] => {
  const named = (items: readonly { name: string; version: string }[]) =>
    items.map(({ name, version }) => `${name} (${version})`)
  return [
    ["tables  ", tables],
    ["views   ", named(views)],
    ["services", named(services)],
    ["models  ", models.map(({ model, version }) => `${model}/${version}`)],
  ].map(([label, items]) => `${label}  ${(items as string[]).join(", ") || "–"}`)
}
