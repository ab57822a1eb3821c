import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { toRoadmapError } from "@roadmap/core/errors"

export interface PredictionLogPart {
  /** UTC day, such as "2001-06-30". */
  day?: string
  model?: string
  version?: number
}

/**
 * The finished files of a prediction log, sorted by day, model and version: `warehouse.load(table, { format:
 * "parquet", files }, mode)` makes them a table. The columns of one version are the same in all its files; another
 * version may have others. Throws FILE_MISSING when there is no such folder.
 */
export const predictionLogFiles = async (folder: string, part: PredictionLogPart = {}): Promise<string[]> => {
  const wanted = [
    part.day && `day=${part.day}`,
    part.model && `model=${encodeURIComponent(part.model)}`,
    part.version && `version=${part.version}`,
  ].filter(name => name !== undefined)
  const names = await readdir(folder, { recursive: true }).catch(error => {
    throw toRoadmapError(error)
  })
  return names
    .filter(name => name.endsWith(".parquet") && wanted.every(each => name.split("/").includes(String(each))))
    .sort()
    .map(name => join(folder, name))
}
