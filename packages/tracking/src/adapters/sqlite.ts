import { DatabaseSync } from "node:sqlite"
import { artifactStore } from "../embedded/artifacts.ts"
import { experimentStore } from "../embedded/experiments.ts"
import { recordStore } from "../embedded/records.ts"
import { runStore } from "../embedded/runs.ts"
import { applicationId, migrations } from "../embedded/schema.ts"
import type { TrackingStore } from "../port.ts"
import { openStateFile } from "../state-file.ts"

export interface SqliteTrackingOptions {
  /** The SQLite file; created when missing. */
  file: string
  /** Folder of artifacts: `runs/<run id>/…` below it. */
  artifacts: string
  /** Milliseconds since 1970. Default: the clock. */
  now?: () => number
}

/**
 * The embedded TrackingStore: one SQLite file in WAL mode, shared by processes, and a folder. A commit survives a kill
 * of the process; after a power cut the last few may be missing, whole (synchronous = normal).
 * Throws STATE_CORRUPT, STATE_VERSION, STATE_LOCKED, PERMISSION or DISK_FULL.
 */
export const sqliteTrackingStore = (options: SqliteTrackingOptions): TrackingStore => {
  const { file: path, artifacts: folder, now = Date.now } = options
  const file = openStateFile({
    path,
    title: "tracking",
    applicationId,
    migrations,
    durability: "normal",
    connect: (location, timeout) => new DatabaseSync(location, { timeout }),
  })
  const experiments = experimentStore(file, folder, now)
  const runs = runStore(file, folder, now, experiments)
  const records = recordStore(file, now, runs)
  const artifacts = artifactStore(file, folder, runs)
  return {
    createExperiment: async options => experiments.create(options),
    getExperiment: async id => experiments.get(id),
    getExperimentByName: async name => experiments.getByName(name),
    searchExperiments: async options => experiments.search(options),
    setExperimentTag: async (id, key, value) => experiments.setTag(id, key, value),
    deleteExperiment: async id => experiments.delete(id),
    restoreExperiment: async id => experiments.restore(id),

    createRun: async options => runs.create(options),
    getRun: async id => runs.get(id),
    updateRun: async (id, change) => runs.update(id, change),
    endRun: async (id, status, endTime = now()) => runs.update(id, { status, endTime }),
    deleteRun: async id => runs.delete(id),
    restoreRun: async id => runs.restore(id),
    searchRuns: async options => runs.search(options),

    logBatch: async (id, batch) => records.logBatch(id, batch),
    deleteTag: async (id, key) => runs.deleteTag(id, key),
    getMetricHistory: async (id, key, page) => records.getMetricHistory(id, key, page),
    logInputs: async (id, datasets) => records.logInputs(id, datasets),
    logOutputs: async (id, models) => records.logOutputs(id, models),

    logArtifact: async (id, path, content) => artifacts.log(id, path, content),
    logArtifacts: async (id, folder, under) => artifacts.logFolder(id, folder, under),
    listArtifacts: async (id, path) => artifacts.list(id, path),
    readArtifact: async (id, path) => artifacts.read(id, path),
    downloadArtifacts: async (id, path, target) => artifacts.download(id, path, target),

    close: async () => file.close(),
  }
}
