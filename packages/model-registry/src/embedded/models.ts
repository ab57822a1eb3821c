import { RoadmapError } from "@roadmap/core/errors"
import { parseFilter, parseOrderBy } from "@roadmap/tracking/filter"
import { compileFilter, compileOrder, type SearchTables } from "@roadmap/tracking/filter-sql"
import { pageWindow, toPage } from "@roadmap/tracking/page"
import type { StateFile } from "@roadmap/tracking/state-file"
import {
  checkAlias,
  checkDescription,
  checkModelName,
  checkRegistryTag,
  checkVersion,
  registryLimits,
} from "../names.ts"
import type { Page, RegisteredModel, SearchOptions } from "../port.ts"
import { missingAlias, missingModel, missingVersion, refuseAliased } from "../refusals.ts"
import { searchableModels } from "../searchable.ts"

export interface ModelRow {
  id: number
  name: string
  description: string
  last_version: number
  creation_time: number
  last_updated_time: number
}

const tables: SearchTables = {
  columns: {
    name: "models.name",
    creation_timestamp: "models.creation_time",
    last_updated_timestamp: "models.last_updated_time",
  },
  rows: { tag: { from: "from model_tags t where t.model = models.id and t.key = ?", value: "t.value" } },
}

/** Registered models, their tags and aliases. */
export const modelStore = (file: StateFile, now: () => number) => {
  const lookUp = (name: string) =>
    file.get<ModelRow>("select * from models where name = ?", checkModelName(name))
  const find = (name: string): ModelRow => {
    const row = lookUp(name)
    if (row) return row
    throw missingModel(name)
  }
  const touch = (id: number) => file.run("update models set last_updated_time = ? where id = ?", now(), id)
  const insert = (name: string, description = "", tags: Record<string, string> = {}): ModelRow => {
    const time = now()
    const { lastInsertRowid } = file.run(
      "insert into models (name, description, creation_time, last_updated_time) values (?, ?, ?, ?)",
      name,
      description,
      time,
      time,
    )
    for (const [key, value] of Object.entries(tags)) writeTag(lastInsertRowid, key, value)
    return find(name)
  }
  const writeTag = (id: number, key: string, value: string) =>
    file.run(
      `insert into model_tags (model, key, value) values (?, ?, ?)
       on conflict (model, key) do update set value = excluded.value`,
      id,
      key,
      value,
    )
  const toModel = (row: ModelRow): RegisteredModel => {
    const latest = file.get<{ version: number | null }>(
      "select max(version) as version from versions where model = ?",
      row.id,
    )?.version
    return {
      name: row.name,
      description: row.description,
      tags: Object.fromEntries(
        file
          .all<{ key: string; value: string }>(
            "select key, value from model_tags where model = ? order by key",
            row.id,
          )
          .map(({ key, value }) => [key, value]),
      ),
      aliases: Object.fromEntries(
        file
          .all<{ alias: string; version: number }>(
            "select alias, version from aliases where model = ? order by alias",
            row.id,
          )
          .map(({ alias, version }) => [alias, version]),
      ),
      ...(latest && { latestVersion: latest }),
      creationTime: row.creation_time,
      lastUpdatedTime: row.last_updated_time,
    }
  }

  return {
    find,
    touch,
    /** Inside a transaction: the model with this name, created when missing. */
    findOrInsert: (name: string): ModelRow => lookUp(name) ?? insert(name),
    create({
      name,
      description,
      tags = {},
    }: {
      name: string
      description?: string
      tags?: Record<string, string>
    }) {
      checkModelName(name)
      if (description !== undefined) checkDescription(description)
      for (const [key, value] of Object.entries(tags)) checkRegistryTag(key, value)
      return file.write(() => {
        if (lookUp(name)) throw new RoadmapError("ALREADY_EXISTS", `Model "${name}" exists.`)
        return toModel(insert(name, description, tags))
      })
    },
    get: (name: string): RegisteredModel => file.read(() => toModel(find(name))),
    describe(name: string, description: string): RegisteredModel {
      checkDescription(description)
      return file.write(() => {
        const { id } = find(name)
        file.run(
          "update models set description = ?, last_updated_time = ? where id = ?",
          description,
          now(),
          id,
        )
        return toModel(find(name))
      })
    },
    setTag(name: string, key: string, value: string) {
      checkRegistryTag(key, value)
      file.write(() => {
        const { id } = find(name)
        writeTag(id, key, value)
        touch(id)
      })
    },
    deleteTag: (name: string, key: string) =>
      file.write(() => {
        const { id } = find(name)
        file.run("delete from model_tags where model = ? and key = ?", id, key)
        touch(id)
      }),
    search(options: SearchOptions = {}): Page<RegisteredModel> {
      const { filter = "", orderBy = [] } = options
      const query = { filter, orderBy }
      const window = pageWindow(query, options, 100, registryLimits.pageSize)
      const where = compileFilter(parseFilter(filter, searchableModels), tables)
      const order = compileOrder(
        orderBy.map(text => parseOrderBy(text, searchableModels)),
        tables,
      )
      return file.read(() => {
        const rows = file.all<ModelRow>(
          `select * from models where ${where.text}
           order by ${order.text ? `${order.text}, ` : ""}name limit ? offset ?`,
          ...where.parameters,
          ...order.parameters,
          window.limit + 1,
          window.offset,
        )
        const page = toPage(rows, window, query)
        return { ...page, items: page.items.map(toModel) }
      })
    },
    delete: (name: string, force: boolean) =>
      file.write(() => {
        const { id } = find(name)
        refuseAliased(
          file.all<{ alias: string }>("select alias from aliases where model = ? order by alias", id),
          `Model "${name}"`,
          force,
        )
        file.run("delete from aliases where model = ?", id)
        file.run("delete from models where id = ?", id)
      }),

    setAlias(name: string, alias: string, version: number) {
      checkAlias(alias)
      checkVersion(version)
      file.write(() => {
        const { id } = find(name)
        if (!file.get("select 1 from versions where model = ? and version = ?", id, version))
          throw missingVersion(name, version)
        file.run(
          `insert into aliases (model, alias, version) values (?, ?, ?)
           on conflict (model, alias) do update set version = excluded.version`,
          id,
          alias,
          version,
        )
        touch(id)
      })
    },
    deleteAlias(name: string, alias: string) {
      checkAlias(alias)
      file.write(() => {
        const { id } = find(name)
        if (file.run("delete from aliases where model = ? and alias = ?", id, alias).changes > 0) touch(id)
      })
    },
    /** The version number that an alias points at. Throws NOT_FOUND. */
    versionOf(name: string, alias: string): number {
      checkAlias(alias)
      const row = file.get<{ version: number }>(
        "select version from aliases where model = ? and alias = ?",
        find(name).id,
        alias,
      )
      if (row) return row.version
      throw missingAlias(name, alias)
    },
  }
}
