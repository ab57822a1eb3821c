import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"

/** Names of the files below a folder, sorted, with forward slashes. Refuses links and special files. */
export const localFilesBelow = async (folder: string): Promise<string[]> => {
  try {
    if (!(await stat(folder)).isDirectory())
      throw new RoadmapError("INVALID_INPUT", `${folder} is a file, not a folder.`, {
        hint: "Log a single file with logArtifact.",
      })
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter(entry => !entry.isDirectory())
      .map(entry => {
        const path = join(entry.parentPath, entry.name)
        if (!entry.isFile())
          throw new RoadmapError(
            "INVALID_INPUT",
            `${path} is a link or a special file; artifacts are plain files.`,
            {
              hint: "Copy what it points at into the folder.",
            },
          )
        return path.slice(folder.length).replaceAll("\\", "/").replace(/^\/+/, "")
      })
      .sort()
  } catch (error) {
    throw toRoadmapError(error)
  }
}
