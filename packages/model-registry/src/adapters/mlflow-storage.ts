import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { checkArtifactPath } from "@roadmap/tracking/artifact-path"
import { newRequestMark } from "@roadmap/tracking/mlflow/client"
import {
  inParallel,
  putFile,
  type RemoteFolder,
  remoteFolder,
  uploadOf,
} from "@roadmap/tracking/mlflow/files"
import { allPages } from "@roadmap/tracking/page"
import { processState, thisProcess } from "@roadmap/tracking/process-owner"
import { z } from "zod"
import { type Manifest, manifestName } from "../manifest.ts"
import { downloadUri, loggedModelAnswer, manyLoggedModels, nothing, ownTags } from "../mlflow/answers.ts"
import type { RegistryServer } from "../mlflow/dialect.ts"
import type { Register } from "../port.ts"
import { toPairs } from "./mlflow-models.ts"

/** The experiment of models that no run made. */
const homelessExperiment = "registered-models"
const ownerTag = "roadmap.owner"

export interface StoredUpload {
  /** What the version's `source` will be. */
  source: string
  loggedModel: string
}

/**
 * Where MLflow's own registry keeps model directories: as logged models (MLflow 3), one for each version, in the
 * experiment of the run that made it. A logged model is PENDING until every file is there, and no version points at it
 * before it is READY; what a killed registration leaves is removed by `sweep`.
 */
export const loggedModelStorage = ({ client, prefix }: RegistryServer) => {
  const experimentOf = async (runId: string | undefined): Promise<string> => {
    if (runId === undefined) return homeless()
    const answer = z.object({ run: z.object({ info: z.object({ experiment_id: z.string() }) }) })
    return (await client.get("mlflow/runs/get", { run_id: runId }, answer)).run.info.experiment_id
  }
  const homeless = async (): Promise<string> => {
    const find = async () => {
      const answer = z.object({ experiment: z.object({ experiment_id: z.string() }) })
      const query = { experiment_name: homelessExperiment }
      return (await client.get("mlflow/experiments/get-by-name", query, answer)).experiment.experiment_id
    }
    try {
      return await find()
    } catch (error) {
      if (!isRoadmapError(error, "NOT_FOUND")) throw error
    }
    try {
      const answer = z.object({ experiment_id: z.string() })
      const body = { name: homelessExperiment }
      return (await client.post("mlflow/experiments/create", body, answer)).experiment_id
    } catch (error) {
      if (!isRoadmapError(error, "ALREADY_EXISTS")) throw error
      return find()
    }
  }
  const searchLogged = (experimentIds: readonly string[], filter: string) =>
    allPages(async pageToken => {
      const found = await client.post(
        "mlflow/logged-models/search",
        { experiment_ids: experimentIds, filter, max_results: 50, page_token: pageToken },
        manyLoggedModels,
      )
      return { items: found.models.map(({ info }) => info), nextPageToken: found.next_page_token }
    })
  const remove = (modelId: string) =>
    client.call({
      method: "DELETE",
      path: `mlflow/logged-models/${modelId}`,
      answer: nothing,
      lost: "again",
      gone: null,
    })

  return {
    /** Uploads a checked model directory. Throws NOT_FOUND when the run of its lineage is not on the server. */
    async upload({ name, lineage }: Register, directory: string, manifest: Manifest): Promise<StoredUpload> {
      const experimentId = await experimentOf(lineage?.runId)
      const mark = newRequestMark()
      const created = await client.call({
        method: "POST",
        path: "mlflow/logged-models",
        body: {
          experiment_id: experimentId,
          // MLflow allows no dots, colons, slashes, quotes or percent signs here.
          name: name.replace(/[^\w -]/g, "_").slice(0, 250),
          source_run_id: lineage?.runId,
          tags: toPairs({
            [ownTags.digest]: manifest.digest,
            [ownTags.request]: mark,
            [ownerTag]: thisProcess(),
          }),
        },
        answer: loggedModelAnswer,
        lost: async () => {
          const [info] = await searchLogged([experimentId], `tags.\`${ownTags.request}\` = '${mark}'`)
          return info && { model: { info } }
        },
      })
      const { model_id, artifact_uri } = created.model.info
      await putModel(remoteFolder(client, artifact_uri), directory, manifest)
      await client.call({
        method: "PATCH",
        path: `mlflow/logged-models/${model_id}`,
        body: { model_id, status: "LOGGED_MODEL_READY" },
        answer: nothing,
        lost: "again",
      })
      return { source: artifact_uri, loggedModel: model_id }
    },
    discard: remove,
    async folderOf(name: string, version: number): Promise<RemoteFolder> {
      const query = { name, version: String(version) }
      const { artifact_uri } = await client.get(
        `${prefix}/model-versions/get-download-uri`,
        query,
        downloadUri,
      )
      return remoteFolder(client, artifact_uri)
    },
    /** Deletes the logged models that killed registrations of this machine left PENDING. Returns their names. */
    async sweep(): Promise<string[]> {
      const answer = z.object({
        experiments: z.array(z.object({ experiment_id: z.string() })).default([]),
        next_page_token: z.string().optional(),
      })
      const experiments = await allPages(async pageToken => {
        const body = { max_results: 1_000, page_token: pageToken }
        const found = await client.post("mlflow/experiments/search", body, answer)
        return { items: found.experiments, nextPageToken: found.next_page_token }
      })
      const removed: string[] = []
      for (const { experiment_id } of experiments) {
        const [machine] = thisProcess().split("~")
        const ours = await searchLogged([experiment_id], `tags.\`${ownerTag}\` LIKE '${machine}~%'`)
        for (const { model_id, status, tags } of ours) {
          if (status !== "LOGGED_MODEL_PENDING" || processState(tags[ownerTag] ?? "") !== "dead") continue
          await remove(model_id)
          removed.push(`logged-models/${model_id}`)
        }
      }
      return removed
    },
  }
}

/** Puts every file of a model directory into a remote folder, the manifest last. */
export const putModel = async (
  folder: RemoteFolder,
  directory: string,
  manifest: Manifest,
): Promise<void> => {
  const put = async (name: string) => putFile(folder, name, await uploadOf({ file: join(directory, name) }))
  for (const name of Object.keys(manifest.files)) checkArtifactPath(name)
  await inParallel(Object.keys(manifest.files), 4, put)
  await put(manifestName)
}
