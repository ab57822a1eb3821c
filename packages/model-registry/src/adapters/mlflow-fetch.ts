import { existsSync, renameSync } from "node:fs"
import { rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { isRoadmapError, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { resolveInside } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import { filesBelow, getStaged, inParallel, type RemoteFolder } from "@roadmap/tracking/mlflow/files"
import { stagingPath, sweepStaging } from "@roadmap/tracking/staged-file"
import { type Manifest, manifestIfWhole, manifestName, sealModel, verifyModel } from "../manifest.ts"
import type { ModelVersion } from "../port.ts"

/** Model directories of a server kept on this machine: `<folder>/<digest>/`, filled through `<folder>/staging/`. */
export const modelCache = (folder: string) => {
  const staging = join(folder, "staging")

  /**
   * The version's directory here, downloaded when it is not. Every file is checked against the manifest, and that against
   * the digest of the version. A directory that another client registered has no manifest: it gets one, of what came.
   */
  const fetch = async (version: ModelVersion, remote: () => Promise<RemoteFolder>): Promise<string> => {
    const { name, digest } = version
    const place = join(folder, digest || sha256(`${name}/${version.version}/${version.source}`))
    const kept = await manifestIfWhole(place)
    if (kept && (digest === "" || kept.digest === digest)) return place
    const staged = stagingPath(staging)
    try {
      await download(await remote(), staged)
      const manifest = await checked(staged, digest)
      if (digest !== "" && manifest.digest !== digest) throw new Error("The digest is another one.")
      await rm(place, { recursive: true, force: true })
      if (existsSync(staged)) renameSync(staged, place)
      return place
    } catch (error) {
      // Another process may have put the same directory there meanwhile.
      if ((await manifestIfWhole(place))?.digest === digest && digest !== "") return place
      if (isRoadmapError(error) && error.code !== "MODEL_FORMAT" && error.code !== "NOT_FOUND") throw error
      throw new RoadmapError(
        "MODEL_FORMAT",
        `The files of version ${version.version} of "${name}" on the server are damaged or missing: ${toRoadmapError(error).message}`,
        { hint: "Register the model again, or take another version.", cause: error },
      )
    } finally {
      await rm(staged, { recursive: true, force: true })
    }
  }

  return { fetch, sweep: () => sweepStaging(staging) }
}

const download = async (remote: RemoteFolder, target: string): Promise<void> => {
  const files = await filesBelow(remote)
  await inParallel(files, 4, async ({ path }) => {
    const place = resolveInside(target, path)
    const { path: temporary } = await getStaged(remote, path, place)
    await rename(temporary, place)
  })
}

const checked = async (directory: string, digest: string): Promise<Manifest> =>
  digest === "" && !existsSync(join(directory, manifestName)) ? sealModel(directory) : verifyModel(directory)
