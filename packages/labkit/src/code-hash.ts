import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"

interface Manifest {
  name: string
  dependencies?: Record<string, string>
}

/**
 * Hash of the code that a lab runs: every file below `src` of the lab and of the workspace packages it
 * depends on, directly or not, plus the lockfile (versions of the libraries). Comments count too: running
 * once too often is cheap, trusting a stale result is not.
 */
export const hashLabCode = async (root: string, labFolder: string): Promise<string> => {
  const packages = await workspacePackages(root)
  const folders = [...reachable(await readManifest(labFolder), packages)].sort()
  const parts = await Promise.all([labFolder, ...folders].map(folder => hashFolder(join(folder, "src"))))
  const lockfile = await readFile(join(root, "pnpm-lock.yaml")).catch(() => "")
  return sha256([...parts, sha256(lockfile)].join("\n"))
}

const reachable = (
  start: Manifest,
  packages: Map<string, { folder: string; manifest: Manifest }>,
): Set<string> => {
  const folders = new Set<string>()
  const queue = [start]
  for (let manifest = queue.pop(); manifest; manifest = queue.pop()) {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const found = packages.get(name)
      if (!found || folders.has(found.folder)) continue
      folders.add(found.folder)
      queue.push(found.manifest)
    }
  }
  return folders
}

const workspacePackages = async (root: string) => {
  const found = new Map<string, { folder: string; manifest: Manifest }>()
  for (const group of ["packages", "labs"]) {
    for (const entry of await readdir(join(root, group), { withFileTypes: true })) {
      if (!entry.isDirectory()) continue
      const folder = join(root, group, entry.name)
      const manifest = await readManifest(folder).catch(() => undefined)
      if (manifest) found.set(manifest.name, { folder, manifest })
    }
  }
  return found
}

const readManifest = async (folder: string): Promise<Manifest> => {
  const path = join(folder, "package.json")
  try {
    return JSON.parse(await readFile(path, "utf8"))
  } catch (error) {
    throw new RoadmapError("FILE_CORRUPT", `${path} cannot be read.`, {
      cause: error,
      hint: "Restore it from git.",
    })
  }
}

const hashFolder = async (folder: string): Promise<string> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  const hashes = await Promise.all(
    paths.map(async path => `${path.slice(folder.length)} ${sha256(await readFile(path))}`),
  )
  return sha256(hashes.join("\n"))
}
