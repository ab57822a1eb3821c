import { sha256 } from "@roadmap/core/hash"

/**
 * MLflow's artifact store keeps no hash of what it holds. This adapter keeps one tag of the run for each artifact it logs: its
 * name says which artifact, its value which contents are right: the one being written, then the one before it. It is set
 * before the upload, so that a reader in between, or after a kill, finds the old content or the new one right, and half of
 * one wrong. Artifacts of other clients have no such tag and cannot be checked.
 */
export const hashTag = (path: string): string => `${prefix}${sha256(path).slice(0, 32)}`

const prefix = "roadmap.sha256."

export const isHashTag = (key: string): boolean => key.startsWith(prefix)

/** The tag's value when `hash` is to replace what it says now. */
export const withHash = (tags: Record<string, string>, path: string, hash: string): string => {
  const [latest] = rightHashes(tags, path) ?? []
  return latest === undefined || latest === hash ? hash : `${hash} ${latest}`
}

/** The hashes of right content; undefined when nobody said. */
export const rightHashes = (tags: Record<string, string>, path: string): string[] | undefined => {
  const key = hashTag(path)
  return Object.hasOwn(tags, key) ? tags[key].split(" ") : undefined
}
