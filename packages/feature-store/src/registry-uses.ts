import { RoadmapError } from "@roadmap/core/errors"
import type { StateFile } from "@roadmap/tracking/state-file"
import type { FeatureRegistry, Lineage, ModelUse, RegisteredDefinition } from "./registry.ts"

/** Throws IN_USE when a registered model, or a current service, needs the definition. */
export const refuseUsed = (file: StateFile, kind: RegisteredDefinition["kind"], name: string): void => {
  const users =
    kind === "service"
      ? usesOf(file, "m.service = ?", name)
      : usesOf(
          file,
          `exists (select 1 from definitions d join service_views v on v.service = d.id
             where d.kind = 'service' and d.name = m.service and d.version = m.service_version and v.view_name = ?)`,
          name,
        )
  if (users.length > 0)
    throw new RoadmapError(
      "IN_USE",
      `The ${kind} "${name}" is used by ${users.map(({ model, version }) => `model "${model}" version ${version}`).join(", ")}.`,
      { hint: "Delete these model versions first, or unlink them from their features." },
    )
  if (kind === "service") return
  const services = file.all<{ name: string }>(
    `select distinct d.name from definitions d join service_views v on v.service = d.id
     where d.deleted_at is null and v.view_name = ? order by d.name`,
    name,
  )
  if (services.length > 0)
    throw new RoadmapError(
      "IN_USE",
      `The view "${name}" is part of the service ${services.map(service => `"${service.name}"`).join(", ")}.`,
      { hint: "Delete the service first." },
    )
}

const usesOf = (file: StateFile, condition: string, ...parameters: (string | number)[]): ModelUse[] =>
  file.all<{ model: string; version: number }>(
    `select distinct m.model, m.model_version as version from model_services m where ${condition} order by 1, 2`,
    ...parameters,
  )

/** Everything on one path with what is asked for. */
export const lineageOf = (file: StateFile, of: Parameters<FeatureRegistry["lineage"]>[0]): Lineage => {
  const edges = file.all<{
    table_name: string
    view_name: string
    view_version: string
    service: string | null
    service_version: string | null
    model: string | null
    model_version: number | null
  }>(
    `select view.body ->> '$.source.table' as table_name, view.name as view_name, view.version as view_version,
       service.name as service, service.version as service_version, m.model, m.model_version
     from definitions view
     left join service_views v on v.view_name = view.name and v.view_version = view.version
     left join definitions service on service.id = v.service
     left join model_services m on m.service = service.name and m.service_version = service.version
     where view.kind = 'view'
     order by table_name, view_name, view_version, service, service_version, m.model, m.model_version`,
  )
  const chosen = edges.filter(edge =>
    "table" in of
      ? edge.table_name === of.table
      : "view" in of
        ? edge.view_name === of.view
        : "service" in of
          ? edge.service === of.service
          : edge.model === of.model && (of.version === undefined || edge.model_version === of.version),
  )
  if (chosen.length === 0)
    throw new RoadmapError("NOT_FOUND", `The registry knows no ${Object.entries(of)[0].join(" ")}.`, {
      hint: "Register the service, and link the model to it.",
    })
  const unique = <T>(items: readonly (T | undefined)[]): T[] => [
    ...new Map(items.filter(item => item !== undefined).map(item => [JSON.stringify(item), item])).values(),
  ]
  return {
    tables: unique(chosen.map(edge => edge.table_name)),
    views: unique(chosen.map(edge => ({ name: edge.view_name, version: edge.view_version }))),
    services: unique(
      chosen.map(edge =>
        edge.service === null ? undefined : { name: edge.service, version: edge.service_version! },
      ),
    ),
    models: unique(
      chosen.map(edge =>
        edge.model === null ? undefined : { model: edge.model, version: edge.model_version! },
      ),
    ),
  }
}
