/**
 * The port of experiment tracking, in MLflow's nouns. Every adapter keeps the rules written here; the
 * contract suite in testing/contract.ts checks them on each.
 *
 * Errors: NOT_FOUND for an unknown experiment, run or artifact; INVALID_INPUT for a value of the wrong kind;
 * LIMIT_EXCEEDED for one that is too long or too many (limits.ts); both are thrown before anything is written.
 */
export interface TrackingStore {
  /** Throws ALREADY_EXISTS when the name is taken, also by a deleted experiment. */
  createExperiment(options: { name: string; tags?: Record<string, string> }): Promise<Experiment>
  getExperiment(experimentId: string): Promise<Experiment>
  getExperimentByName(name: string): Promise<Experiment>
  /**
   * Attributes `name`, `creation_time`, `last_update_time`, and tags. Default order: newest first.
   * See filter.ts for the grammar.
   */
  searchExperiments(options?: SearchOptions): Promise<Page<Experiment>>
  setExperimentTag(experimentId: string, key: string, value: string): Promise<void>
  /** Marks the experiment and its runs deleted; nothing is erased. */
  deleteExperiment(experimentId: string): Promise<void>
  /** Brings the experiment and its runs back. */
  restoreExperiment(experimentId: string): Promise<void>

  /** Starts a run: status RUNNING. Throws INVALID_INPUT when the experiment is deleted. */
  createRun(options: CreateRun): Promise<Run>
  getRun(runId: string): Promise<Run>
  /** Changes the name or the status. A status that is not one of `runStatuses` is INVALID_INPUT. */
  updateRun(runId: string, change: { status?: RunStatus; endTime?: number; runName?: string }): Promise<Run>
  /** Sets a final status (FINISHED, FAILED or KILLED) and the end time (default: now). */
  endRun(runId: string, status: FinalStatus, endTime?: number): Promise<Run>
  /** Marks the run deleted: it can be read by id and restored, but not changed. */
  deleteRun(runId: string): Promise<void>
  restoreRun(runId: string): Promise<void>
  /**
   * Runs of the given experiments which match the filter. Default order: newest start first, then run id.
   * A page token belongs to the query that gave it. See filter.ts for the grammar.
   */
  searchRuns(options: SearchOptions & { experimentIds: readonly string[] }): Promise<Page<Run>>

  /**
   * Writes metrics, parameters and tags: all of the batch or nothing. A parameter is written once: the same value
   * again is accepted, another value throws IMMUTABLE. A tag is overwritten. A metric point that is already
   * there (same key, value, timestamp and step) is stored once, so a retried batch doubles nothing.
   * What is refused (INVALID_INPUT, LIMIT_EXCEEDED, IMMUTABLE, NOT_FOUND) leaves nothing on any adapter. An MLflow server
   * writes parameters, metrics and tags in three transactions: when it fails between them, or when the text of one batch is
   * more than a request may hold (1 MB, then several calls), a part may stay; the same batch again completes it.
   * NaN is kept; an infinite value is stored as the largest finite double of its sign, as MLflow does.
   */
  logBatch(runId: string, batch: Batch): Promise<void>
  deleteTag(runId: string, key: string): Promise<void>
  /** All points of a metric, by timestamp, then step. An unknown key gives an empty page. */
  getMetricHistory(runId: string, key: string, page?: PageOptions): Promise<Page<Metric>>
  /** Records the data sets a run read. The same data set (name and digest) is recorded once. */
  logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void>
  /** Records the models a run made. */
  logOutputs(runId: string, models: readonly ModelOutput[]): Promise<void>

  /**
   * Stores one artifact under a relative name with forward slashes. An existing one is replaced: a reader sees the
   * old content or the new. Throws PATH_OUTSIDE for a name that leaves the run's folder, and INVALID_INPUT for one that an
   * adapter could not keep (artifact-path.ts) or that would be a file and a folder.
   */
  logArtifact(runId: string, path: string, content: ArtifactContent): Promise<ArtifactInfo>
  /** Stores every file below a folder, under `path` when given. Symbolic links are refused (INVALID_INPUT). */
  logArtifacts(runId: string, folder: string, path?: string): Promise<ArtifactInfo[]>
  /** The entries directly in a folder of the run's artifacts (default: the top), sorted by path. */
  listArtifacts(runId: string, path?: string): Promise<ArtifactInfo[]>
  /**
   * The bytes of one artifact. Throws FILE_CORRUPT when they are not those that were logged; on an MLflow server that is
   * known of artifacts logged through this port, not of those of other clients.
   */
  readArtifact(runId: string, path: string): Promise<Uint8Array>
  /**
   * Copies an artifact, or a folder of them ("" for all), below a local folder, keeping names.
   * Returns the paths written. Nothing half-written stays under a final name.
   */
  downloadArtifacts(runId: string, path: string, folder: string): Promise<string[]>

  close(): Promise<void>
}

export const runStatuses = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const
export type RunStatus = (typeof runStatuses)[number]
export type FinalStatus = "FINISHED" | "FAILED" | "KILLED"
export type LifecycleStage = "active" | "deleted"

export interface Experiment {
  experimentId: string
  name: string
  /** Where artifacts of its runs go: a file: or mlflow-artifacts: URI. */
  artifactLocation: string
  lifecycleStage: LifecycleStage
  /** Milliseconds since 1970, as every time of this port. */
  creationTime: number
  lastUpdateTime: number
  tags: Record<string, string>
}

export interface Run {
  runId: string
  experimentId: string
  runName: string
  status: RunStatus
  startTime: number
  /** Absent while the run has not ended. */
  endTime?: number
  lifecycleStage: LifecycleStage
  artifactUri: string
  /** The latest value of each metric: highest step, then timestamp, then value. */
  metrics: Record<string, number>
  params: Record<string, string>
  /** User tags and MLflow's own (`mlflow.runName`, `mlflow.parentRunId`, ...). */
  tags: Record<string, string>
  inputs: DatasetInput[]
  outputs: ModelOutput[]
}

export interface CreateRun {
  experimentId: string
  runName: string
  tags?: Record<string, string>
  /** Default: now. */
  startTime?: number
  /** Makes this a nested run: stored as the tag `mlflow.parentRunId`. Must exist. */
  parentRunId?: string
}

export interface Metric {
  key: string
  value: number
  timestamp: number
  step: number
}

export interface MetricPoint {
  /** Any double. Text, booleans and undefined are INVALID_INPUT. */
  value: number
  key: string
  /** Default: now. */
  timestamp?: number
  /** A safe integer; default 0. */
  step?: number
}

export interface Batch {
  metrics?: readonly MetricPoint[]
  params?: Record<string, string>
  tags?: Record<string, string>
}

export interface DatasetInput {
  name: string
  /** At most 36 characters: a shortened content hash. */
  digest: string
  /** Kind of source, for example "local" or "delta_table". */
  sourceType: string
  /** Where it came from: JSON or a URI. */
  source: string
  /** JSON text, for example MLflow's `{"mlflow_colspec": [...]}`. */
  schema?: string
  profile?: string
  /** What it was for, for example "training" or "test": MLflow's tag `mlflow.data.context`. */
  context?: string
}

export interface ModelOutput {
  /** MLflow's logged-model id: `m-` and 32 hexadecimal digits. */
  modelId: string
  step: number
}

export type ArtifactContent = { file: string } | { bytes: Uint8Array } | { text: string }

export interface ArtifactInfo {
  /** Relative to the run's artifact folder, with forward slashes. */
  path: string
  isDirectory: boolean
  /** Bytes; absent for a folder. */
  size?: number
  /** SHA-256 of the content. Given by logArtifact everywhere; in listings only where the adapter keeps it. */
  sha256?: string
}

export const viewTypes = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"] as const
export type ViewType = (typeof viewTypes)[number]

export interface PageOptions {
  /** Entries a page; default 1,000, at most 50,000. */
  maxResults?: number
  pageToken?: string
}

export interface SearchOptions extends PageOptions {
  filter?: string
  /** For example `["metrics.rmse ASC", "attributes.start_time DESC"]`. */
  orderBy?: readonly string[]
  /** Default ACTIVE_ONLY. */
  viewType?: ViewType
}

export interface Page<T> {
  items: T[]
  /** Absent on the last page. */
  nextPageToken?: string
}
