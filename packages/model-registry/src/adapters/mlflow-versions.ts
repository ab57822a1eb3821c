import { isRoadmapError } from "@roadmap/core/errors"
import { parseFilter, parseOrderBy } from "@roadmap/tracking/filter"
import { inParallel } from "@roadmap/tracking/mlflow/files"
import { serverToken, toServerPage } from "@roadmap/tracking/mlflow/paging"
import { allPages, pageWindow } from "@roadmap/tracking/page"
import { manyVersions, nothing, oneVersion, ownTags, type ServerVersion } from "../mlflow/answers.ts"
import { quoted, type RegistryServer } from "../mlflow/dialect.ts"
import { searchHere } from "../mlflow/local-search.ts"
import { checkDescription, checkModelName, checkRegistryTag, checkVersion, registryLimits } from "../names.ts"
import type { ModelVersion, Page, PageOptions, Register, SearchOptions } from "../port.ts"
import { missingVersion, refuseAliased, takenKey } from "../refusals.ts"
import { searchableVersions } from "../searchable.ts"
import type { mlflowModels } from "./mlflow-models.ts"

/** Versions of registered models, on a registry server. */
export const mlflowVersions = (server: RegistryServer, models: ReturnType<typeof mlflowModels>) => {
  const { client, prefix, searches } = server
  const path = (call: string) => `${prefix}/model-versions/${call}`
  const read = async (name: string, version: number): Promise<ServerVersion> => {
    checkModelName(name)
    checkVersion(version)
    try {
      return (await client.get(path("get"), { name, version: String(version) }, oneVersion)).model_version
    } catch (error) {
      if (!isRoadmapError(error, "NOT_FOUND")) throw error
      await models.get(name)
      throw missingVersion(name, version)
    }
  }
  const get = async (name: string, version: number): Promise<ModelVersion> =>
    (await read(name, version)).version
  const page = async (options: SearchOptions, order: readonly string[]): Promise<Page<ServerVersion>> => {
    const { filter = "" } = options
    const query = { filter, order }
    const found = await client.get(
      path("search"),
      {
        ...(filter && { filter }),
        max_results: options.maxResults,
        ...(order.length > 0 && { order_by: order }),
        page_token: serverToken(options.pageToken, query),
      },
      manyVersions,
    )
    return toServerPage(found.model_versions, found.next_page_token, query)
  }
  /** Every version of a model, newest first; none when there is no such model. */
  const all = async (name: string): Promise<ServerVersion[]> => {
    const listed = await allPages(pageToken =>
      page({ filter: `name = ${quoted(name)}`, maxResults: 1_000, pageToken }, []),
    )
    const found = searches ? listed : await withTags(listed)
    // MLflow's databases may compare names without regard to case.
    return found
      .filter(({ version }) => version.name === name)
      .sort((a, b) => b.version.version - a.version.version)
  }
  const withTags = async (listed: readonly ServerVersion[]): Promise<ServerVersion[]> => {
    const found: ServerVersion[] = []
    await inParallel(listed, 4, async ({ version }) => {
      found.push(await read(version.name, version.version))
    })
    return found
  }
  const change = async (name: string, version: number, work: () => Promise<unknown>): Promise<void> => {
    await read(name, version)
    await work()
  }

  return {
    read,
    get,
    all,
    /**
     * The version that registering this content again means, newest first: the same idempotency key, or the same content
     * from the same run (or, both times, from none). Throws IMMUTABLE when the key belongs to other content.
     */
    twins(known: readonly ServerVersion[], { name, lineage, idempotencyKey }: Register, digest: string) {
      const ready = known.filter(({ version }) => version.status === "READY")
      const keyed =
        idempotencyKey === undefined
          ? []
          : ready.filter(({ tags }) => tags[ownTags.idempotencyKey] === idempotencyKey)
      const other = keyed.find(({ version }) => version.digest !== digest)
      if (other) throw takenKey(idempotencyKey ?? "", name, other.version.version)
      if (keyed.length > 0) return keyed
      return ready.filter(({ version, runId }) => version.digest === digest && runId === lineage?.runId)
    },
    async list(name: string, options: PageOptions = {}): Promise<Page<ModelVersion>> {
      await models.get(name)
      const { limit } = pageWindow({}, { maxResults: options.maxResults }, 100, registryLimits.pageSize)
      if (!searches) {
        const found = (await all(name)).map(({ version }) => version)
        return searchHere(found, { ...options }, searchableVersions, versionPages, lookAt)
      }
      const found = await page(
        { filter: `name = ${quoted(name)}`, maxResults: limit, pageToken: options.pageToken },
        ["version_number DESC"],
      )
      return { ...found, items: found.items.map(({ version }) => version) }
    },
    async search(options: SearchOptions = {}): Promise<Page<ModelVersion>> {
      const { filter = "", orderBy = [] } = options
      const comparisons = parseFilter(filter, searchableVersions)
      for (const text of orderBy) parseOrderBy(text, searchableVersions)
      const { limit } = pageWindow({}, { maxResults: options.maxResults }, 100, registryLimits.pageSize)
      if (searches) {
        const found = await page({ ...options, maxResults: limit }, [
          ...orderBy,
          ...missingOrders(orderBy, versionPages.order),
        ])
        return { ...found, items: found.items.map(({ version }) => version) }
      }
      const named = comparisons.find(
        ({ entity, key, operator }) => entity === "attribute" && key === "name" && operator === "=",
      )
      const names =
        named === undefined
          ? (await allPages(pageToken => models.search({ pageToken, maxResults: 1_000 }))).map(
              ({ name }) => name,
            )
          : [String(named.value)]
      const everything: ModelVersion[] = []
      for (const name of names) everything.push(...(await all(name)).map(({ version }) => version))
      return searchHere(everything, options, searchableVersions, versionPages, lookAt)
    },
    async describe(name: string, version: number, description: string): Promise<ModelVersion> {
      checkDescription(description)
      await change(name, version, () =>
        client.call({
          method: "PATCH",
          path: path("update"),
          body: { name, version: String(version), description },
          answer: nothing,
          lost: "again",
        }),
      )
      return get(name, version)
    },
    async setTag(name: string, version: number, key: string, value: string) {
      checkRegistryTag(key, value)
      await change(name, version, () =>
        client.post(path("set-tag"), { name, version: String(version), key, value }, nothing),
      )
    },
    deleteTag: (name: string, version: number, key: string) =>
      change(name, version, () =>
        client.call({
          method: "DELETE",
          path: path("delete-tag"),
          body: { name, version: String(version), key },
          answer: nothing,
          lost: "again",
          gone: null,
        }),
      ),
    async delete(name: string, version: number, force: boolean) {
      const { version: found } = await read(name, version)
      refuseAliased(
        found.aliases.map(alias => ({ alias })),
        `Version ${version} of model "${name}"`,
        force,
      )
      // Unity Catalog refuses while an alias points at it.
      if (!searches) for (const alias of found.aliases) await models.deleteAlias(name, alias)
      await client.call({
        method: "DELETE",
        path: path("delete"),
        body: { name, version: String(version) },
        answer: nothing,
        lost: "again",
        gone: null,
      })
    },
  }
}

const versionPages = { page: 100, most: registryLimits.pageSize, order: ["name ASC", "version_number DESC"] }

const lookAt = (version: ModelVersion) => ({
  attributes: {
    name: version.name,
    run_id: version.lineage.runId,
    version_number: version.version,
    creation_timestamp: version.creationTime,
    last_updated_timestamp: version.lastUpdatedTime,
  },
  tags: version.tags,
})

/** The usual orders whose key is not among those asked for: MLflow refuses a key twice. */
const missingOrders = (asked: readonly string[], usual: readonly string[]): string[] => {
  const keys = new Set(asked.map(text => parseOrderBy(text, searchableVersions).key))
  return usual.filter(text => !keys.has(parseOrderBy(text, searchableVersions).key))
}
