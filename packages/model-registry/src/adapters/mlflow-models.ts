import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { parseFilter, parseOrderBy } from "@roadmap/tracking/filter"
import { newRequestMark } from "@roadmap/tracking/mlflow/client"
import { serverToken, toServerPage } from "@roadmap/tracking/mlflow/paging"
import { allPages, pageWindow } from "@roadmap/tracking/page"
import type { z } from "zod"
import {
  manyModels,
  manyVersions,
  type modelAnswer,
  nothing,
  oneModel,
  oneVersion,
  ownTags,
} from "../mlflow/answers.ts"
import { quoted, type RegistryServer } from "../mlflow/dialect.ts"
import { searchHere } from "../mlflow/local-search.ts"
import {
  checkAlias,
  checkDescription,
  checkModelName,
  checkRegistryTag,
  checkVersion,
  registryLimits,
} from "../names.ts"
import type { ModelVersion, Page, RegisteredModel, SearchOptions } from "../port.ts"
import { missingAlias, missingModel, missingVersion, refuseAliased } from "../refusals.ts"
import { searchableModels } from "../searchable.ts"

/** Registered models, their tags and aliases, on a registry server. */
export const mlflowModels = ({ client, prefix, searches, checkName }: RegistryServer) => {
  const path = (call: string) => `${prefix}/registered-models/${call}`
  const read = async (name: string) => {
    checkModelName(name)
    checkName?.(name)
    try {
      const { registered_model } = await client.get(path("get"), { name }, oneModel)
      return searches ? registered_model : await withLatest(registered_model)
    } catch (error) {
      if (isRoadmapError(error, "NOT_FOUND")) throw missingModel(name)
      throw error
    }
  }
  /** Unity Catalog's models do not say what their latest version is. */
  const withLatest = async (read: z.output<typeof modelAnswer>) => {
    const found = await allPages(async pageToken => {
      const query = { filter: `name = ${quoted(read.model.name)}`, page_token: pageToken }
      const answer = await client.get(`${prefix}/model-versions/search`, query, manyVersions)
      return { items: answer.model_versions, nextPageToken: answer.next_page_token }
    })
    const ready = found.filter(({ version }) => version.status === "READY")
    const latestVersion = Math.max(0, ...ready.map(({ version }) => version.version))
    return { ...read, model: { ...read.model, ...(latestVersion > 0 && { latestVersion }) } }
  }
  const get = async (name: string): Promise<RegisteredModel> => (await read(name)).model
  const page = async (options: SearchOptions, order: readonly string[]): Promise<Page<RegisteredModel>> => {
    const { filter = "" } = options
    const query = { filter, order }
    const token = await client.get(
      path("search"),
      {
        ...(filter && { filter }),
        max_results: options.maxResults,
        ...(order.length > 0 && { order_by: order }),
        page_token: serverToken(options.pageToken, query),
      },
      manyModels,
    )
    return toServerPage(
      token.registered_models.map(({ model }) => model),
      token.next_page_token,
      query,
    )
  }
  const create = async (options: {
    name: string
    description?: string
    tags?: Record<string, string>
  }): Promise<RegisteredModel> => {
    const { name, description, tags = {} } = options
    checkModelName(name)
    checkName?.(name)
    if (description !== undefined) checkDescription(description)
    for (const [key, value] of Object.entries(tags)) checkRegistryTag(key, value)
    const mark = newRequestMark()
    try {
      const { registered_model } = await client.call({
        method: "POST",
        path: path("create"),
        body: { name, description, tags: toPairs({ ...tags, [ownTags.request]: mark }) },
        answer: oneModel,
        lost: async () => {
          const found = await read(name).catch(unlessMissing)
          return found?.tags[ownTags.request] === mark ? { registered_model: found } : undefined
        },
      })
      return registered_model.model
    } catch (error) {
      if (isRoadmapError(error, "ALREADY_EXISTS"))
        throw new RoadmapError("ALREADY_EXISTS", `Model "${name}" exists.`, { cause: error })
      throw error
    }
  }

  return {
    get,
    create,
    /** The model is there afterwards, whoever made it. */
    async ensure(name: string): Promise<void> {
      try {
        await create({ name })
      } catch (error) {
        if (!isRoadmapError(error, "ALREADY_EXISTS")) throw error
      }
    },
    async describe(name: string, description: string): Promise<RegisteredModel> {
      checkDescription(description)
      await get(name)
      await client.call({
        method: "PATCH",
        path: path("update"),
        body: { name, description },
        answer: nothing,
        lost: "again",
      })
      return get(name)
    },
    async setTag(name: string, key: string, value: string) {
      checkRegistryTag(key, value)
      await get(name)
      await client.post(path("set-tag"), { name, key, value }, nothing)
    },
    async deleteTag(name: string, key: string) {
      await get(name)
      await client.call({
        method: "DELETE",
        path: path("delete-tag"),
        body: { name, key },
        answer: nothing,
        lost: "again",
        gone: null,
      })
    },
    async search(options: SearchOptions = {}): Promise<Page<RegisteredModel>> {
      const { filter = "", orderBy = [], maxResults } = options
      if (!searches) {
        const found = await allPages(pageToken => page({ pageToken, maxResults: 100 }, []))
        const all: RegisteredModel[] = []
        for (const { name } of found) all.push(await get(name))
        return searchHere(all, options, searchableModels, modelPages, model => ({
          attributes: {
            name: model.name,
            creation_timestamp: model.creationTime,
            last_updated_timestamp: model.lastUpdatedTime,
          },
          tags: model.tags,
        }))
      }
      const { limit } = pageWindow({}, { maxResults }, modelPages.page, modelPages.most)
      parseFilter(filter, searchableModels)
      for (const text of orderBy) parseOrderBy(text, searchableModels)
      return page({ ...options, maxResults: limit }, orderBy)
    },
    /** Looks at the aliases first: between the look and the deletion another process may set one. */
    async delete(name: string, force: boolean) {
      const { aliases } = await get(name)
      refuseAliased(
        Object.keys(aliases).map(alias => ({ alias })),
        `Model "${name}"`,
        force,
      )
      await client.call({
        method: "DELETE",
        path: path("delete"),
        body: { name },
        answer: nothing,
        lost: "again",
        gone: null,
      })
    },

    async setAlias(name: string, alias: string, version: number) {
      checkAlias(alias)
      checkVersion(version)
      await get(name)
      try {
        await client.post(path("alias"), { name, alias, version: String(version) }, nothing)
      } catch (error) {
        if (isRoadmapError(error, "NOT_FOUND")) throw missingVersion(name, version)
        throw error
      }
    },
    async deleteAlias(name: string, alias: string) {
      checkAlias(alias)
      await get(name)
      const body = { name, alias }
      await client
        .call({ method: "DELETE", path: path("alias"), body, answer: nothing, lost: "again" })
        .catch(unlessMissing)
    },
    async byAlias(name: string, alias: string): Promise<ModelVersion> {
      checkAlias(alias)
      const { aliases } = await get(name)
      if (!Object.hasOwn(aliases, alias)) throw missingAlias(name, alias)
      const { model_version } = await client.get(path("alias"), { name, alias }, oneVersion)
      return model_version.version
    },
  }
}

const modelPages = { page: 100, most: registryLimits.pageSize, order: ["name ASC"] }

export const toPairs = (values: Record<string, string>): { key: string; value: string }[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }))

/** For `catch`: nothing instead of NOT_FOUND. */
export const unlessMissing = (error: unknown): undefined => {
  if (!isRoadmapError(error, "NOT_FOUND")) throw error
}
