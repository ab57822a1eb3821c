import type { MlflowClient } from "@roadmap/tracking/mlflow/client"
import type { RemoteFolder } from "@roadmap/tracking/mlflow/files"
import { ownTags } from "../mlflow/answers.ts"
import { readModel, type StoredModel } from "../mlmodel.ts"
import { checkRegister } from "../names.ts"
import type { ModelRegistry, ModelVersion, Register } from "../port.ts"
import { storedCard } from "../stored-card.ts"
import { modelCache } from "./mlflow-fetch.ts"
import type { mlflowModels } from "./mlflow-models.ts"
import type { mlflowVersions } from "./mlflow-versions.ts"

/** Where a registry keeps the files of versions. */
export interface Storage {
  /** Stores the files and makes the version. `discard` frees what is left of it when the version is deleted at once. */
  store(options: Register, model: StoredModel): Promise<{ version: number; discard: () => Promise<unknown> }>
  folderOf(name: string, version: number): Promise<RemoteFolder>
  /** Removes what killed registrations left there. Returns names. */
  sweep(): Promise<string[]>
}

interface Parts {
  client: MlflowClient
  models: ReturnType<typeof mlflowModels>
  versions: ReturnType<typeof mlflowVersions>
  storage: Storage
  cache: string
}

/** The port, put together from its parts on a server. */
export const assembleRegistry = ({
  client,
  models,
  versions,
  storage,
  cache: folder,
}: Parts): ModelRegistry => {
  const cache = modelCache(folder)

  /** When two registrations of the same content meet, the lower number stays and the other is deleted. */
  const register = async (options: Register): Promise<ModelVersion> => {
    checkRegister(options)
    const { name, lineage } = options
    const model = await readModel(options.directory)
    if (lineage?.parentVersion !== undefined) await versions.get(name, lineage.parentVersion)
    const [known] = versions.twins(await versions.all(name), options, model.digest)
    if (known) return known.version
    const made = await storage.store(options, model)
    const first = versions.twins(await versions.all(name), options, model.digest).at(-1)
    if (!first || first.version.version === made.version) return versions.get(name, made.version)
    await versions.delete(name, made.version, true)
    await made.discard()
    return first.version
  }

  const fetchModel = async (name: string, version: number): Promise<string> =>
    cache.fetch(await versions.get(name, version), () => storage.folderOf(name, version))

  return {
    createModel: models.create,
    getModel: models.get,
    describeModel: models.describe,
    setModelTag: models.setTag,
    deleteModelTag: models.deleteTag,
    searchModels: models.search,
    deleteModel: (name, options) => models.delete(name, options?.force ?? false),

    register,
    getVersion: versions.get,
    listVersions: versions.list,
    searchVersions: versions.search,
    describeVersion: versions.describe,
    setVersionTag: versions.setTag,
    deleteVersionTag: versions.deleteTag,
    deleteVersion: (name, version, options) => versions.delete(name, version, options?.force ?? false),

    setAlias: models.setAlias,
    deleteAlias: models.deleteAlias,
    getByAlias: models.byAlias,

    fetchModel,
    readCard: async (name, version) => storedCard(await fetchModel(name, version), name, version),
    sweep: async () => {
      const local = (await cache.sweep()).map(name => `staging/${name}`)
      return [...(await storage.sweep()), ...local]
    },
    close: async () => client.close(),
  }
}

/** What MLflow has no field for goes into tags. */
export const versionTags = (
  { tags, lineage = {}, idempotencyKey }: Register,
  digest: string,
): Record<string, string> => {
  const { runId: _, ...others } = lineage
  return {
    ...tags,
    [ownTags.digest]: digest,
    ...(Object.keys(others).length > 0 && { [ownTags.lineage]: JSON.stringify(others) }),
    ...(idempotencyKey !== undefined && { [ownTags.idempotencyKey]: idempotencyKey }),
  }
}
