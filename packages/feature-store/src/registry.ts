import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import { openStateFile, type StateFile } from "@roadmap/tracking/state-file"
import type { FeatureView } from "./definitions.ts"
import { applicationId, migrations } from "./registry-schema.ts"
import { lineageOf, refuseUsed } from "./registry-uses.ts"
import type { FeatureService } from "./services.ts"

/** What the registry keeps of a view or service, without its functions. */
export interface RegisteredDefinition {
  readonly kind: "view" | "service"
  readonly name: string
  readonly version: string
  readonly owner: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  /** The definition as plain data; functions of on-demand views are in it by their version alone. */
  readonly body: unknown
  /** When this version was registered first and last. */
  readonly createdAt: Date
  readonly registeredAt: Date
  readonly deletedAt?: Date
}

export interface ModelUse {
  readonly model: string
  readonly version: number
}

/** From the warehouse's tables to the registered models: each list holds what a neighbour of it leads to. */
export interface Lineage {
  readonly tables: readonly string[]
  readonly views: readonly { readonly name: string; readonly version: string }[]
  readonly services: readonly { readonly name: string; readonly version: string }[]
  readonly models: readonly ModelUse[]
}

/** Definitions with all their versions, who uses them, and search. One file, shared by processes. */
export interface FeatureRegistry {
  /** Registers a service and its views: new versions where the content is new, else only owner, description and tags. */
  register(service: FeatureService): RegisteredDefinition
  registerView(view: FeatureView): RegisteredDefinition
  /** The current version, or a given one. Throws NOT_FOUND with the nearest name. */
  get(kind: "view" | "service", name: string, version?: string): RegisteredDefinition
  /** All versions, newest first. */
  versions(kind: "view" | "service", name: string): readonly RegisteredDefinition[]
  /** Current definitions whose name, description, owner or features contain `text`, and that have these tags. By kind and name. */
  search(query?: {
    text?: string
    tags?: Record<string, string>
    owner?: string
  }): readonly RegisteredDefinition[]
  /** Says that a registered model version consumes a version of a service. Throws NOT_FOUND for an unknown one. */
  linkModel(use: ModelUse & { service: string; serviceVersion: string }): void
  /** The model (or one version of it) is registered no more. */
  unlinkModel(model: string, version?: number): void
  /** What lies before and behind a table, view, service or model. Throws NOT_FOUND. */
  lineage(
    of: { table: string } | { view: string } | { service: string } | { model: string; version?: number },
  ): Lineage
  /** Takes a definition out of use; its versions stay readable. Throws IN_USE with the names of models or services that need it. */
  delete(kind: "view" | "service", name: string): void
  close(): void
  [Symbol.dispose](): void
}

/** Opens `<home>/state/features.sqlite`. Throws STATE_CORRUPT, STATE_VERSION, STATE_LOCKED, PERMISSION or DISK_FULL. */
export const openFeatureRegistry = (
  config: Pick<Config, "home">,
  options: { now?: () => number } = {},
): FeatureRegistry => {
  const { now = Date.now } = options
  const file = openStateFile({
    path: join(config.home, "state", "features.sqlite"),
    title: "feature registry",
    applicationId,
    migrations,
    durability: "normal",
    connect: (path, timeout) => new DatabaseSync(path, { timeout }),
  })
  const get = (kind: Kind, name: string, version?: string): RegisteredDefinition => {
    const row = findRow(file, kind, name, version)
    if (row) return definitionOf(file, row)
    throw unknownDefinition(file, kind, name, version)
  }
  const store = (definition: FeatureView | FeatureService, time: number): RegisteredDefinition => {
    storeDefinition(file, definition, time)
    return get(definition.kind, definition.name, definition.version)
  }

  return {
    register: service =>
      file.write(() => {
        const time = now()
        for (const { view } of service.views) storeDefinition(file, view, time)
        return store(service, time)
      }),
    registerView: view => file.write(() => store(view, now())),
    get: (kind, name, version) => file.read(() => get(kind, name, version)),
    versions: (kind, name) =>
      file.read(() => {
        get(kind, name)
        return file
          .all<Row>(
            "select * from definitions where kind = ? and name = ? order by registered_at desc, id desc",
            kind,
            name,
          )
          .map(row => definitionOf(file, row))
      }),
    search: ({ text = "", tags = {}, owner } = {}) =>
      file.read(() =>
        currentDefinitions(file).filter(
          found =>
            (owner === undefined || found.owner === owner) &&
            Object.entries(tags).every(([key, value]) => found.tags[key] === value) &&
            searchText(found).includes(text.toLowerCase()),
        ),
      ),
    linkModel: ({ model, version, service, serviceVersion }) =>
      file.write(() => {
        get("service", service, serviceVersion)
        file.run(
          `insert into model_services values (?, ?, ?, ?, ?)
           on conflict do update set service_version = excluded.service_version, linked_at = excluded.linked_at`,
          model,
          version,
          service,
          serviceVersion,
          now(),
        )
      }),
    unlinkModel: (model, version) => {
      if (version === undefined) file.run("delete from model_services where model = ?", model)
      else file.run("delete from model_services where model = ? and model_version = ?", model, version)
    },
    lineage: of => file.read(() => lineageOf(file, of)),
    delete: (kind, name) =>
      file.write(() => {
        get(kind, name)
        refuseUsed(file, kind, name)
        file.run("update definitions set deleted_at = ? where kind = ? and name = ?", now(), kind, name)
      }),
    close: file.close,
    [Symbol.dispose]: file.close,
  }
}

type Kind = "view" | "service"

interface Row {
  id: number
  kind: Kind
  name: string
  version: string
  body: string
  owner: string
  description: string
  created_at: number
  registered_at: number
  deleted_at: number | null
}

const storeDefinition = (file: StateFile, definition: FeatureView | FeatureService, time: number): void => {
  const { kind, name, version, owner, description, tags } = definition
  const { id } = file.get<{ id: number }>(
    `insert into definitions (kind, name, version, body, owner, description, created_at, registered_at)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
     on conflict do update set body = excluded.body, owner = excluded.owner, description = excluded.description,
       registered_at = excluded.registered_at, deleted_at = null
     returning id`,
    kind,
    name,
    version,
    JSON.stringify(definition),
    owner,
    description,
    time,
  )!
  file.run("delete from definition_tags where definition = ?", id)
  for (const [key, value] of Object.entries(tags))
    file.run("insert into definition_tags values (?, ?, ?)", id, key, value)
  if (definition.kind === "view") return
  for (const { view } of definition.views)
    file.run("insert or ignore into service_views values (?, ?, ?)", id, view.name, view.version)
}

const findRow = (file: StateFile, kind: Kind, name: string, version?: string): Row | undefined =>
  version === undefined
    ? file.get<Row>(
        `select * from definitions where kind = ? and name = ? and deleted_at is null
         order by registered_at desc, id desc`,
        kind,
        name,
      )
    : file.get<Row>(
        "select * from definitions where kind = ? and name = ? and version = ?",
        kind,
        name,
        version,
      )

const definitionOf = (file: StateFile, row: Row): RegisteredDefinition => ({
  kind: row.kind,
  name: row.name,
  version: row.version,
  owner: row.owner,
  description: row.description,
  tags: Object.fromEntries(
    file
      .all<{ key: string; value: string }>(
        "select key, value from definition_tags where definition = ?",
        row.id,
      )
      .map(({ key, value }) => [key, value]),
  ),
  body: JSON.parse(row.body),
  createdAt: new Date(row.created_at),
  registeredAt: new Date(row.registered_at),
  ...(row.deleted_at !== null && { deletedAt: new Date(row.deleted_at) }),
})

const currentDefinitions = (file: StateFile): RegisteredDefinition[] =>
  file
    .all<{ kind: Kind; name: string }>(
      "select distinct kind, name from definitions where deleted_at is null order by kind, name",
    )
    .map(({ kind, name }) => definitionOf(file, findRow(file, kind, name)!))

const searchText = ({ name, description, owner, body }: RegisteredDefinition): string => {
  const { features = {} } = body as { features?: object }
  return [name, description, owner, ...Object.keys(features)].join("\n").toLowerCase()
}

const unknownDefinition = (file: StateFile, kind: Kind, name: string, version?: string): RoadmapError => {
  const names = file
    .all<{ name: string }>(
      "select distinct name from definitions where kind = ? and deleted_at is null",
      kind,
    )
    .map(row => row.name)
  const guess = nearest(name, names)
  const known = names.includes(name)
  return new RoadmapError(
    "NOT_FOUND",
    `The registry has no ${kind} "${name}"${version && known ? ` of version ${version}` : ""}.`,
    {
      hint:
        known && version
          ? "List its versions."
          : guess
            ? `Did you mean "${guess}"?`
            : names.length > 0
              ? `It has ${names.join(", ")}.`
              : "Register it first.",
    },
  )
}
