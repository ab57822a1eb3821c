import { createMlflowClient, type MlflowClientOptions } from "../mlflow/client.ts"
import { checkServerVersion } from "../mlflow/version.ts"
import type { TrackingStore } from "../port.ts"
import { mlflowArtifacts } from "./mlflow-artifacts.ts"
import { mlflowExperiments } from "./mlflow-experiments.ts"
import { mlflowRecords } from "./mlflow-records.ts"
import { mlflowRuns } from "./mlflow-runs.ts"

export interface MlflowTrackingOptions extends MlflowClientOptions {
  /** Milliseconds since 1970. Default: the clock. */
  now?: () => number
}

/**
 * The TrackingStore on an MLflow server (https://mlflow.org/docs/latest/api_reference/rest-api.html). Everything is checked
 * here before it is sent, because the server takes what it does not understand. Throws SERVICE_VERSION, and what the
 * client throws (client.ts).
 */
export const mlflowTrackingStore = async (options: MlflowTrackingOptions): Promise<TrackingStore> => {
  const { now = Date.now } = options
  const client = createMlflowClient(options)
  try {
    await checkServerVersion(client)
  } catch (error) {
    client.close()
    throw error
  }
  const experiments = mlflowExperiments(client)
  const runs = mlflowRuns(client, experiments, now)
  const records = mlflowRecords(client, runs, now)
  const artifacts = mlflowArtifacts(client, runs)
  return {
    createExperiment: experiments.create,
    getExperiment: experiments.get,
    getExperimentByName: experiments.getByName,
    searchExperiments: experiments.search,
    setExperimentTag: experiments.setTag,
    deleteExperiment: experiments.delete,
    restoreExperiment: experiments.restore,

    createRun: runs.create,
    getRun: runs.get,
    updateRun: runs.update,
    endRun: (id, status, endTime = now()) => runs.update(id, { status, endTime }),
    deleteRun: runs.delete,
    restoreRun: runs.restore,
    searchRuns: runs.search,

    logBatch: records.logBatch,
    deleteTag: records.deleteTag,
    getMetricHistory: records.getMetricHistory,
    logInputs: records.logInputs,
    logOutputs: records.logOutputs,

    logArtifact: artifacts.log,
    logArtifacts: artifacts.logFolder,
    listArtifacts: artifacts.list,
    readArtifact: artifacts.read,
    downloadArtifacts: artifacts.download,

    close: async () => client.close(),
  }
}
