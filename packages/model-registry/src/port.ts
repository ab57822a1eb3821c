import type { ModelCard } from "./card.ts"

/**
 * The port of the model registry: names, numbered versions, aliases; no stages. A version is a model directory
 * (mlmodel.ts) and where it came from. Whoever sees a version sees it whole: versions become visible when READY.
 *
 * Names are MLflow's (no "/" or ":"), so Unity Catalog's `catalog.schema.model` is a name too.
 * Errors: NOT_FOUND for an unknown model, version or alias; INVALID_INPUT and LIMIT_EXCEEDED before anything is
 * written; MODEL_FORMAT for a directory that is no model or whose files are not those of its manifest.
 */
export interface ModelRegistry {
  /** Throws ALREADY_EXISTS. `register` creates a missing model by itself. */
  createModel(options: {
    name: string
    description?: string
    tags?: Record<string, string>
  }): Promise<RegisteredModel>
  getModel(name: string): Promise<RegisteredModel>
  describeModel(name: string, description: string): Promise<RegisteredModel>
  setModelTag(name: string, key: string, value: string): Promise<void>
  deleteModelTag(name: string, key: string): Promise<void>
  /** Attribute `name` and tags, in the grammar of tracking's filter.ts. Default order: name. */
  searchModels(options?: SearchOptions): Promise<Page<RegisteredModel>>
  /** Deletes the model and its versions. Refused with INVALID_INPUT while it has an alias, unless forced. */
  deleteModel(name: string, options?: { force?: boolean }): Promise<void>

  /**
   * Stores a model directory and gives it the next version number, atomically: after a kill there is the whole
   * version or none. Registering equal content (digest) again from the same run returns the version that is there; so
   * does the same `idempotencyKey`, and with other content that throws IMMUTABLE. On a server the run of the lineage must
   * be there (NOT_FOUND), and of two equal registrations at once the later version is deleted again.
   */
  register(options: Register): Promise<ModelVersion>
  getVersion(name: string, version: number): Promise<ModelVersion>
  /** The versions of one model, newest first. */
  listVersions(name: string, page?: PageOptions): Promise<Page<ModelVersion>>
  /** Attributes `name`, `run_id`, `version_number`, and tags. Default order: name, then newest first. */
  searchVersions(options?: SearchOptions): Promise<Page<ModelVersion>>
  describeVersion(name: string, version: number, description: string): Promise<ModelVersion>
  setVersionTag(name: string, version: number, key: string, value: string): Promise<void>
  deleteVersionTag(name: string, version: number, key: string): Promise<void>
  /** Refused with INVALID_INPUT while an alias points at it; forced, the aliases go too. */
  deleteVersion(name: string, version: number, options?: { force?: boolean }): Promise<void>

  /** Points an alias at a version, moving it when it exists: one atomic change. `latest` and `v1`-like are reserved. */
  setAlias(name: string, alias: string, version: number): Promise<void>
  /** Deleting an alias that is not there does nothing. */
  deleteAlias(name: string, alias: string): Promise<void>
  getByAlias(name: string, alias: string): Promise<ModelVersion>

  /** A local folder holding the version's model directory, every file checked against its manifest. Read only. */
  fetchModel(name: string, version: number): Promise<string>
  readCard(name: string, version: number): Promise<{ markdown: string; card?: ModelCard }>

  /**
   * Removes what killed registrations (of this machine, on a server) and deleted versions left behind. Returns the names
   * of what was removed.
   */
  sweep(): Promise<string[]>
  close(): Promise<void>
}

export interface RegisteredModel {
  name: string
  description: string
  tags: Record<string, string>
  /** Alias to version number. */
  aliases: Record<string, number>
  /** Highest version number that is READY; absent when there is none. */
  latestVersion?: number
  /** Milliseconds since 1970, as every time of this port. */
  creationTime: number
  lastUpdatedTime: number
}

export const versionStatuses = ["PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY"] as const
/** The embedded registry shows READY versions only; a Unity Catalog registry may answer with the others. */
export type VersionStatus = (typeof versionStatuses)[number]

export interface ModelVersion {
  name: string
  version: number
  status: VersionStatus
  description: string
  /** URI of the stored directory. */
  source: string
  /** SHA-256 of the model's content (mlmodel.ts says of what exactly); "" on a server when another client registered it. */
  digest: string
  /**
   * `m-` and the first 32 digits of the digest: the same for equal content. Without a digest the server's own id. The logged
   * model that holds the files on an MLflow server has an id of its own.
   */
  modelId: string
  tags: Record<string, string>
  aliases: string[]
  lineage: Lineage
  creationTime: number
  lastUpdatedTime: number
}

/** Where a version came from. */
export interface Lineage {
  /** The tracked run that made it. */
  runId?: string
  datasets?: { name: string; digest: string }[]
  featureViews?: string[]
  /** The version it was trained to replace. */
  parentVersion?: number
}

export interface Register {
  name: string
  /** A model directory as `writeModel` makes it. It is copied: the caller may delete it afterwards. */
  directory: string
  description?: string
  tags?: Record<string, string>
  lineage?: Lineage
  /** At most 250 characters. */
  idempotencyKey?: string
}

export interface PageOptions {
  /** Entries a page; default 100, at most 1,000. */
  maxResults?: number
  pageToken?: string
}

export interface SearchOptions extends PageOptions {
  filter?: string
  /** For example `["creation_timestamp DESC"]`. */
  orderBy?: readonly string[]
}

export interface Page<T> {
  items: T[]
  /** Absent on the last page. */
  nextPageToken?: string
}
