import { RoadmapError } from "@roadmap/core/errors"
import { createMlflowClient, newRequestMark } from "@roadmap/tracking/mlflow/client"
import { encodedPath, type RemoteFolder } from "@roadmap/tracking/mlflow/files"
import { allPages } from "@roadmap/tracking/page"
import { z } from "zod"
import { nothing, oneVersion, ownTags } from "../mlflow/answers.ts"
import type { RegistryServer } from "../mlflow/dialect.ts"
import type { ModelRegistry } from "../port.ts"
import type { MlflowRegistryOptions } from "./mlflow.ts"
import { mlflowModels, toPairs } from "./mlflow-models.ts"
import { assembleRegistry, type Storage, versionTags } from "./mlflow-registry.ts"
import { putModel } from "./mlflow-storage.ts"
import { mlflowVersions } from "./mlflow-versions.ts"

const prefix = "mlflow/unity-catalog"

/**
 * The ModelRegistry in Unity Catalog, by the protocol that MLflow's client publishes
 * (mlflow/protos/databricks_uc_registry_service.proto; files: mlflow/store/artifact/databricks_sdk_models_artifact_repo.py).
 * A version is PENDING_REGISTRATION until its files are there. Only workspaces that take models through their
 * Files API are served. Throws ADAPTER_MISSING when it is not one, and what the client throws.
 */
export const unityCatalogRegistry = async (options: MlflowRegistryOptions): Promise<ModelRegistry> => {
  const client = createMlflowClient(options)
  const server: RegistryServer = { client, prefix, searches: false, checkName: checkThreeLevels }
  const models = mlflowModels(server)
  const versions = mlflowVersions(server, models)

  const checkFilesApi = async () => {
    const field = "is_databricks_sdk_models_artifact_repository_enabled"
    const path = `${prefix}/registered-models:${field.replaceAll("_", "-")}`
    const answer = await client.get(path, {}, z.object({ [field]: z.boolean().default(false) }))
    if (answer[field]) return
    throw new RoadmapError(
      "ADAPTER_MISSING",
      "This workspace takes model files with cloud credentials only, not through its Files API.",
      { hint: "Register from Python there, or ask for models in the Files API to be enabled." },
    )
  }

  const storage: Storage = {
    async store(options, { directory, digest, manifest }) {
      const { name, description, lineage } = options
      await checkFilesApi()
      await models.ensure(name)
      const mark = newRequestMark()
      const { model_version } = await client.call({
        method: "POST",
        path: `${prefix}/model-versions/create`,
        body: {
          name,
          // Where the files come from, for people; Unity Catalog gives them a place of its own.
          source: `file:///models/${digest}`,
          run_id: lineage?.runId,
          description,
          tags: toPairs({ ...versionTags(options, digest), [ownTags.request]: mark }),
        },
        answer: oneVersion,
        lost: async () => {
          const made = (await versions.all(name)).find(({ tags }) => tags[ownTags.request] === mark)
          return made && { model_version: made }
        },
      })
      const { version } = model_version.version
      try {
        await putModel(filesOf(server, name, version), directory, manifest)
        await client.call({
          method: "POST",
          path: `${prefix}/model-versions/finalize`,
          body: { name, version: String(version) },
          answer: nothing,
          lost: async () => ((await versions.get(name, version)).status === "READY" ? null : undefined),
        })
      } catch (error) {
        await versions.delete(name, version, true)
        throw error
      }
      return { version, discard: async () => undefined }
    },
    folderOf: async (name, version) => filesOf(server, name, version),
    // A pending version of a killed registration cannot be told from one that another machine is uploading.
    sweep: async () => [],
  }
  return assembleRegistry({ client, models, versions, storage, cache: options.cache })
}

/** A name in Unity Catalog has a catalog, a schema and a name. Throws INVALID_INPUT. */
const checkThreeLevels = (name: string): void => {
  const levels = name.split(".")
  if (levels.length === 3 && levels.every(level => level.trim() !== "")) return
  throw new RoadmapError("INVALID_INPUT", `"${name}" is no name in Unity Catalog.`, {
    hint: "Write catalog.schema.model, for example main.flights.flight_delay.",
  })
}

const listing = z.object({
  contents: z
    .array(
      z.object({
        path: z.string(),
        is_directory: z.boolean().default(false),
        file_size: z.int().optional(),
      }),
    )
    .default([]),
  next_page_token: z.string().optional(),
})

/** The files of a version, in the workspace's Files API. */
const filesOf = ({ client }: RegistryServer, name: string, version: number): RemoteFolder => {
  const root = `Models/${name.replaceAll(".", "/")}/${version}`
  return {
    client,
    urlOf: (path, use) =>
      `/api/2.0/fs/files/${encodedPath(`${root}/${path}`)}${use === "write" ? "?overwrite=true" : ""}`,
    async list(path) {
      const folder = path === "" ? root : `${root}/${path}`
      const entries = await allPages(async pageToken => {
        const query = { page_token: pageToken }
        const read = await client.get(`fs/directories/${encodedPath(folder)}`, query, listing)
        return { items: read.contents, nextPageToken: read.next_page_token }
      })
      return entries.map(entry => ({
        path: entry.path.replace(/^\//, "").slice(root.length + 1),
        isDirectory: entry.is_directory,
        ...(!entry.is_directory && { size: entry.file_size ?? 0 }),
      }))
    },
  }
}
