import { rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { resolveInside } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import { checkArtifactPath, damagedArtifact, missingArtifact } from "../artifact-path.ts"
import { limits } from "../limits.ts"
import { localFilesBelow } from "../local-files.ts"
import { nothing } from "../mlflow/answers.ts"
import type { MlflowClient } from "../mlflow/client.ts"
import {
  filesBelow,
  getBytes,
  getStaged,
  inParallel,
  listFolder,
  putFile,
  remoteFolder,
  type Upload,
  uploadOf,
} from "../mlflow/files.ts"
import type { ArtifactContent, ArtifactInfo, Run } from "../port.ts"
import { toPairs } from "./mlflow-experiments.ts"
import { hashTag, rightHashes, withHash } from "./mlflow-hashes.ts"
import type { mlflowRuns } from "./mlflow-runs.ts"

/** Artifacts in the server's proxied store, each with its hash in a tag of the run (mlflow-hashes.ts). */
export const mlflowArtifacts = (client: MlflowClient, runs: ReturnType<typeof mlflowRuns>) => {
  const folderOf = (run: Run) => remoteFolder(client, run.artifactUri)

  const put = async (run: Run, uploads: readonly { path: string; upload: Upload }[]) => {
    const folder = folderOf(run)
    for (let start = 0; start < uploads.length; start += limits.tagsPerBatch) {
      const part = uploads.slice(start, start + limits.tagsPerBatch)
      const tags = Object.fromEntries(
        part.map(({ path, upload }) => [hashTag(path), withHash(run.tags, path, upload.sha256)]),
      )
      await client.post("mlflow/runs/log-batch", { run_id: run.runId, tags: toPairs(tags) }, nothing)
      await inParallel(part, 4, ({ path, upload }) => putFile(folder, path, upload))
    }
    return uploads.map(
      ({ path, upload: { size, sha256 } }): ArtifactInfo => ({ path, isDirectory: false, size, sha256 }),
    )
  }
  /** The content is wrong only when the run's tags say so after it was read: it may have been replaced meanwhile. */
  const isRight = async (run: Run, path: string, hash: string): Promise<boolean> => {
    const fits = ({ tags }: Run) => rightHashes(tags, path)?.includes(hash) ?? true
    return fits(run) || fits(await runs.find(run.runId))
  }
  /** The server answers NOT_FOUND for a missing file, and a fault for a folder: the listing tells. */
  const checkThere = async (run: Run, path: string) => {
    const parent = path.split("/").slice(0, -1).join("/")
    const entries = await listFolder(folderOf(run), parent)
    if (!entries.some(entry => entry.path === path && !entry.isDirectory)) missingArtifact(run.runId, path)
  }

  return {
    async log(runId: string, path: string, content: ArtifactContent): Promise<ArtifactInfo> {
      checkArtifactPath(path)
      const run = await runs.active(runId)
      const [logged] = await put(run, [{ path, upload: await uploadOf(content) }])
      return logged
    },
    async logFolder(runId: string, folder: string, under?: string): Promise<ArtifactInfo[]> {
      if (under !== undefined) checkArtifactPath(under)
      const names = await localFilesBelow(folder)
      const run = await runs.active(runId)
      const uploads = []
      for (const name of names) {
        const path = checkArtifactPath(under === undefined ? name : `${under}/${name}`)
        uploads.push({ path, upload: await uploadOf({ file: join(folder, name) }) })
      }
      return put(run, uploads)
    },
    async list(runId: string, path = ""): Promise<ArtifactInfo[]> {
      if (path !== "") checkArtifactPath(path)
      const run = await runs.find(runId)
      const entries = await listFolder(folderOf(run), path)
      return entries.map((entry): ArtifactInfo => {
        const hashes = entry.isDirectory ? undefined : rightHashes(run.tags, entry.path)
        return hashes?.length === 1 ? { ...entry, sha256: hashes[0] } : entry
      })
    },
    async read(runId: string, path: string): Promise<Uint8Array> {
      checkArtifactPath(path)
      const run = await runs.find(runId)
      const folder = folderOf(run)
      try {
        const bytes = await getBytes(folder, path)
        if (await isRight(run, path, sha256(bytes))) return bytes
        throw damagedArtifact(runId, path)
      } catch (error) {
        if (isRoadmapError(error, "NOT_FOUND") || isRoadmapError(error, "INVALID_INPUT"))
          await checkThere(run, path)
        throw error
      }
    },
    async download(runId: string, path: string, target: string): Promise<string[]> {
      if (path !== "") checkArtifactPath(path)
      const run = await runs.find(runId)
      const folder = folderOf(run)
      const below = (await filesBelow(folder, path)).map(entry => entry.path)
      if (below.length === 0 && path !== "") await checkThere(run, path)
      const files = below.length === 0 && path !== "" ? [path] : below
      const written = files.map(name => resolveInside(target, name))
      await inParallel([...files.entries()], 4, async ([i, name]) => {
        const staged = await getStaged(folder, name, written[i])
        try {
          if (!(await isRight(run, name, staged.sha256))) throw damagedArtifact(runId, name)
          await rename(staged.path, written[i])
        } finally {
          await rm(staged.path, { force: true })
        }
      })
      return written
    },
  }
}
