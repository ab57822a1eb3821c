import { createMlflowClient, type MlflowClientOptions, newRequestMark } from "@roadmap/tracking/mlflow/client"
import { checkServerVersion } from "@roadmap/tracking/mlflow/version"
import { oneVersion, ownTags, type ServerVersion } from "../mlflow/answers.ts"
import type { RegistryServer } from "../mlflow/dialect.ts"
import type { ModelRegistry, Register } from "../port.ts"
import { mlflowModels, toPairs } from "./mlflow-models.ts"
import { assembleRegistry, type Storage, versionTags } from "./mlflow-registry.ts"
import { loggedModelStorage, type StoredUpload } from "./mlflow-storage.ts"
import { mlflowVersions } from "./mlflow-versions.ts"

export interface MlflowRegistryOptions extends MlflowClientOptions {
  /** Folder of this machine for the models that `fetchModel` downloads. */
  cache: string
}

/**
 * The ModelRegistry on an MLflow server (https://mlflow.org/docs/latest/api_reference/rest-api.html). Digest, lineage and
 * idempotency key are tags of the version. Throws SERVICE_VERSION, and what the client throws.
 */
export const mlflowModelRegistry = async (options: MlflowRegistryOptions): Promise<ModelRegistry> => {
  const client = createMlflowClient(options)
  try {
    await checkServerVersion(client)
  } catch (error) {
    client.close()
    throw error
  }
  const server: RegistryServer = { client, prefix: "mlflow", searches: true }
  const models = mlflowModels(server)
  const versions = mlflowVersions(server, models)
  const logged = loggedModelStorage(server)

  const createVersion = async (
    options: Register,
    digest: string,
    upload: StoredUpload,
  ): Promise<ServerVersion> => {
    const { name, description, lineage } = options
    const mark = newRequestMark()
    await models.ensure(name)
    const { model_version } = await client.call({
      method: "POST",
      path: "mlflow/model-versions/create",
      body: {
        name,
        source: upload.source,
        model_id: upload.loggedModel,
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
    return model_version
  }

  /** Files first, then the version: whoever sees it sees it whole. */
  const storage: Storage = {
    async store(options, { directory, digest, manifest }) {
      const upload = await logged.upload(options, directory, manifest)
      const { version } = await createVersion(options, digest, upload)
      return { version: version.version, discard: () => logged.discard(upload.loggedModel) }
    },
    folderOf: logged.folderOf,
    sweep: logged.sweep,
  }
  return assembleRegistry({ client, models, versions, storage, cache: options.cache })
}
