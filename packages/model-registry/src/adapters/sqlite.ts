import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { RoadmapError } from "@roadmap/core/errors"
import { openStateFile } from "@roadmap/tracking/state-file"
import { modelDirectories } from "../embedded/directories.ts"
import { modelStore } from "../embedded/models.ts"
import { applicationId, migrations } from "../embedded/schema.ts"
import { versionStore } from "../embedded/versions.ts"
import { manifestIfWhole } from "../manifest.ts"
import { readModel } from "../mlmodel.ts"
import { checkRegister } from "../names.ts"
import type { ModelRegistry, ModelVersion, Register } from "../port.ts"
import { storedCard } from "../stored-card.ts"

export interface SqliteRegistryOptions {
  /** The SQLite file; created when missing. */
  file: string
  /** Folder of artifacts: `models/<digest>/` below it. */
  artifacts: string
  /** Milliseconds since 1970. Default: the clock. */
  now?: () => number
}

/**
 * The embedded ModelRegistry: one SQLite file, shared by processes, every commit flushed to the disk, and model directories
 * named by their digest. Throws STATE_CORRUPT, STATE_VERSION, STATE_LOCKED, PERMISSION or DISK_FULL.
 */
export const sqliteModelRegistry = (options: SqliteRegistryOptions): ModelRegistry => {
  const { file: path, artifacts, now = Date.now } = options
  const file = openStateFile({
    path,
    title: "model registry",
    applicationId,
    migrations,
    durability: "full",
    connect: (location, timeout) => new DatabaseSync(location, { timeout }),
  })
  const models = modelStore(file, now)
  const versions = versionStore(file, join(artifacts, "models"), now, models)
  const directories = modelDirectories(artifacts)

  /**
   * The copy is made first, under a name that no version has. Then one transaction, which holds the only write lock, renames it
   * to its place and writes the version's row. A kill before the commit leaves a directory that `sweep` removes.
   */
  const register = async (options: Register): Promise<ModelVersion> => {
    checkRegister(options)
    const { directory, digest, manifest } = await readModel(options.directory)
    const kept = await manifestIfWhole(directories.placeOf(digest))
    const known = versions.registered(options, digest)
    if (known && kept) return versions.toVersion(known)
    const staged = await directories.stage(directory, manifest)
    let retired: string | undefined
    try {
      return file.write(() => {
        retired = directories.publish(staged, digest, kept === undefined)
        const twin = versions.registered(options, digest)
        return twin ? versions.toVersion(twin) : versions.insert(options, digest)
      })
    } finally {
      await directories.discard(staged)
      if (retired) await directories.discard(retired)
    }
  }

  const fetchModel = async (name: string, version: number): Promise<string> => {
    const { digest } = versions.find(name, version)
    const directory = directories.placeOf(digest)
    const manifest = await manifestIfWhole(directory)
    if (manifest?.digest === digest) return directory
    throw new RoadmapError(
      "MODEL_FORMAT",
      `The files of version ${version} of "${name}" are damaged or missing: ${directory}.`,
      { hint: "Register the same model again (that repairs it), or take another version." },
    )
  }

  return {
    createModel: async options => models.create(options),
    getModel: async name => models.get(name),
    describeModel: async (name, description) => models.describe(name, description),
    setModelTag: async (name, key, value) => models.setTag(name, key, value),
    deleteModelTag: async (name, key) => models.deleteTag(name, key),
    searchModels: async options => models.search(options),
    deleteModel: async (name, options) => models.delete(name, options?.force ?? false),

    register,
    getVersion: async (name, version) => versions.get(name, version),
    listVersions: async (name, page) => versions.list(name, page),
    searchVersions: async options => versions.search(options),
    describeVersion: async (name, version, description) => versions.describe(name, version, description),
    setVersionTag: async (name, version, key, value) => versions.setTag(name, version, key, value),
    deleteVersionTag: async (name, version, key) => versions.deleteTag(name, version, key),
    deleteVersion: async (name, version, options) => versions.delete(name, version, options?.force ?? false),

    setAlias: async (name, alias, version) => models.setAlias(name, alias, version),
    deleteAlias: async (name, alias) => models.deleteAlias(name, alias),
    getByAlias: async (name, alias) =>
      file.read(() => versions.toVersion(versions.find(name, models.versionOf(name, alias)))),

    fetchModel,
    readCard: async (name, version) => storedCard(await fetchModel(name, version), name, version),
    sweep: async () => {
      const retired = file.write(() => directories.retire(versions.digests()))
      for (const { path } of retired) await directories.discard(path)
      const left = await directories.sweepStaging()
      return [...retired.map(({ name }) => `models/${name}`), ...left.map(name => `staging/${name}`)]
    },
    close: async () => file.close(),
  }
}
