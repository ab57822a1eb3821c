import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { parseFilter, parseOrderBy } from "@roadmap/tracking/filter"
import { compileFilter, compileOrder, type SearchTables } from "@roadmap/tracking/filter-sql"
import { pageWindow, toPage } from "@roadmap/tracking/page"
import type { StateFile } from "@roadmap/tracking/state-file"
import { modelIdOf } from "../manifest.ts"
import { checkDescription, checkRegistryTag, checkVersion, registryLimits } from "../names.ts"
import type { ModelVersion, Page, PageOptions, Register, SearchOptions } from "../port.ts"
import { missingVersion, refuseAliased, takenKey } from "../refusals.ts"
import { searchableVersions } from "../searchable.ts"
import type { modelStore } from "./models.ts"

export interface VersionRow {
  id: number
  model: number
  name: string
  version: number
  description: string
  digest: string
  run_id: string | null
  idempotency_key: string | null
  lineage: string
  creation_time: number
  last_updated_time: number
}

const tables: SearchTables = {
  columns: {
    name: "models.name",
    run_id: "versions.run_id",
    version_number: "versions.version",
    creation_timestamp: "versions.creation_time",
    last_updated_timestamp: "versions.last_updated_time",
  },
  rows: {
    tag: { from: "from version_tags t where t.version = versions.id and t.key = ?", value: "t.value" },
  },
}
const selectVersion = "select versions.*, models.name from versions join models on models.id = versions.model"

/** Versions: rows beside the model directories under `modelsFolder`. */
export const versionStore = (
  file: StateFile,
  modelsFolder: string,
  now: () => number,
  models: ReturnType<typeof modelStore>,
) => {
  const find = (name: string, version: number): VersionRow => {
    checkVersion(version)
    const row = file.get<VersionRow>(
      `${selectVersion} where model = ? and version = ?`,
      models.find(name).id,
      version,
    )
    if (!row) throw missingVersion(name, version)
    return row
  }
  const aliasesOf = (row: VersionRow) =>
    file.all<{ alias: string }>(
      "select alias from aliases where model = ? and version = ? order by alias",
      row.model,
      row.version,
    )
  const toVersion = (row: VersionRow): ModelVersion => ({
    name: row.name,
    version: row.version,
    status: "READY",
    description: row.description,
    source: pathToFileURL(join(modelsFolder, row.digest)).href,
    digest: row.digest,
    modelId: modelIdOf(row.digest),
    tags: Object.fromEntries(
      file
        .all<{ key: string; value: string }>(
          "select key, value from version_tags where version = ? order by key",
          row.id,
        )
        .map(({ key, value }) => [key, value]),
    ),
    aliases: aliasesOf(row).map(({ alias }) => alias),
    lineage: JSON.parse(row.lineage),
    creationTime: row.creation_time,
    lastUpdatedTime: row.last_updated_time,
  })
  const writeTag = (id: number, key: string, value: string) =>
    file.run(
      `insert into version_tags (version, key, value) values (?, ?, ?)
       on conflict (version, key) do update set value = excluded.value`,
      id,
      key,
      value,
    )
  const change = (name: string, version: number, work: (row: VersionRow) => void): ModelVersion =>
    file.write(() => {
      const row = find(name, version)
      work(row)
      file.run("update versions set last_updated_time = ? where id = ?", now(), row.id)
      return toVersion(find(name, version))
    })

  return {
    find,
    toVersion,
    /**
     * The version that registering this content again means: the same idempotency key, or the same content from the same
     * run (or, both times, from none). Throws IMMUTABLE when the key belongs to other content.
     */
    registered({ name, lineage, idempotencyKey }: Register, digest: string): VersionRow | undefined {
      if (idempotencyKey !== undefined) {
        const row = file.get<VersionRow>(
          `${selectVersion} where models.name = ? and idempotency_key = ?`,
          name,
          idempotencyKey,
        )
        if (row && row.digest !== digest) throw takenKey(idempotencyKey, name, row.version)
        if (row) return row
      }
      return file.get<VersionRow>(
        `${selectVersion} where models.name = ? and digest = ? and run_id is ? order by version desc limit 1`,
        name,
        digest,
        lineage?.runId ?? null,
      )
    },
    /** Inside a transaction: a new row with the next number. */
    insert(options: Register, digest: string): ModelVersion {
      const { name, description = "", tags = {}, lineage = {}, idempotencyKey } = options
      const model = models.findOrInsert(name)
      if (lineage.parentVersion !== undefined) find(name, lineage.parentVersion)
      const version = model.last_version + 1
      const time = now()
      file.run(
        "update models set last_version = ?, last_updated_time = ? where id = ?",
        version,
        time,
        model.id,
      )
      const { lastInsertRowid } = file.run(
        `insert into versions
         (model, version, description, digest, run_id, idempotency_key, lineage, creation_time, last_updated_time)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        model.id,
        version,
        description,
        digest,
        lineage.runId ?? null,
        idempotencyKey ?? null,
        JSON.stringify(lineage),
        time,
        time,
      )
      for (const [key, value] of Object.entries(tags)) writeTag(lastInsertRowid, key, value)
      return toVersion(find(name, version))
    },
    get: (name: string, version: number): ModelVersion => file.read(() => toVersion(find(name, version))),
    list(name: string, options?: PageOptions): Page<ModelVersion> {
      const window = pageWindow({ name }, options, 100, registryLimits.pageSize)
      return file.read(() => {
        const rows = file.all<VersionRow>(
          `${selectVersion} where model = ? order by version desc limit ? offset ?`,
          models.find(name).id,
          window.limit + 1,
          window.offset,
        )
        const page = toPage(rows, window, { name })
        return { ...page, items: page.items.map(toVersion) }
      })
    },
    search(options: SearchOptions = {}): Page<ModelVersion> {
      const { filter = "", orderBy = [] } = options
      const query = { filter, orderBy }
      const window = pageWindow(query, options, 100, registryLimits.pageSize)
      const where = compileFilter(parseFilter(filter, searchableVersions), tables)
      const order = compileOrder(
        orderBy.map(text => parseOrderBy(text, searchableVersions)),
        tables,
      )
      return file.read(() => {
        const rows = file.all<VersionRow>(
          `${selectVersion} where ${where.text}
           order by ${order.text ? `${order.text}, ` : ""}models.name, versions.version desc limit ? offset ?`,
          ...where.parameters,
          ...order.parameters,
          window.limit + 1,
          window.offset,
        )
        const page = toPage(rows, window, query)
        return { ...page, items: page.items.map(toVersion) }
      })
    },
    describe(name: string, version: number, description: string): ModelVersion {
      checkDescription(description)
      return change(name, version, ({ id }) =>
        file.run("update versions set description = ? where id = ?", description, id),
      )
    },
    setTag(name: string, version: number, key: string, value: string) {
      checkRegistryTag(key, value)
      change(name, version, ({ id }) => writeTag(id, key, value))
    },
    deleteTag(name: string, version: number, key: string) {
      change(name, version, ({ id }) =>
        file.run("delete from version_tags where version = ? and key = ?", id, key),
      )
    },
    delete: (name: string, version: number, force: boolean) =>
      file.write(() => {
        const row = find(name, version)
        refuseAliased(aliasesOf(row), `Version ${version} of model "${name}"`, force)
        file.run("delete from aliases where model = ? and version = ?", row.model, version)
        file.run("delete from versions where id = ?", row.id)
        models.touch(row.model)
      }),
    /** The digests that some version needs. */
    digests: (): Set<string> =>
      new Set(file.all<{ digest: string }>("select distinct digest from versions").map(row => row.digest)),
  }
}
