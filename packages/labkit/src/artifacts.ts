import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"

/** A stored file: its name for people, its digest for finding it. */
export interface ArtifactRef {
  name: string
  /** SHA-256 of the content. */
  digest: string
  bytes: number
}

export interface ArtifactStore {
  put(name: string, content: Uint8Array | string): Promise<ArtifactRef>
  /** The content, checked against its digest. Throws FILE_MISSING or FILE_CORRUPT. */
  get(ref: ArtifactRef): Promise<Uint8Array>
  has(ref: ArtifactRef): Promise<boolean>
  path(ref: ArtifactRef): string
}

/** Files named by the SHA-256 of their content below `folder`: equal content is stored once. */
export const createArtifactStore = (folder: string): ArtifactStore => {
  const path = (ref: ArtifactRef) => join(folder, ref.digest.slice(0, 2), ref.digest)
  const has = async (ref: ArtifactRef) => (await stat(path(ref)).catch(() => undefined))?.size === ref.bytes
  /** Reads it: storing again must mend a file that was damaged. */
  const holds = async (ref: ArtifactRef) =>
    (await has(ref)) && sha256(await readFile(path(ref))) === ref.digest
  return {
    path,
    has,
    async put(name, content) {
      const data = typeof content === "string" ? Buffer.from(content) : content
      const ref: ArtifactRef = { name, digest: sha256(data), bytes: data.byteLength }
      if (!(await holds(ref))) await writeFileAtomic(path(ref), data)
      return ref
    },
    async get(ref) {
      const data = await readFile(path(ref)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error
        throw new RoadmapError(
          "FILE_MISSING",
          `Artifact ${ref.name} (${ref.digest.slice(0, 12)}) is gone from ${folder}.`,
          {
            hint: "Run the month again: the step that makes it runs anew.",
          },
        )
      })
      if (sha256(data) !== ref.digest)
        throw new RoadmapError("FILE_CORRUPT", `Artifact ${ref.name} is not what was stored: ${path(ref)}.`, {
          hint: "Delete that file and run the month again.",
        })
      return data
    },
  }
}
