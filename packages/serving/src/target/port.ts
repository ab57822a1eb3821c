import type { DataframeSplit } from "@roadmap/model-registry/signature"

/**
 * Where models are served: endpoints with a name, each with one or more model versions that share its traffic. The
 * nouns are those of Databricks Model Serving. An endpoint that is being changed serves what it served before,
 * until the change is complete; a change that fails changes nothing.
 *
 * Errors: INVALID_INPUT before anything is sent; NOT_FOUND for an unknown endpoint, model or version;
 * ALREADY_EXISTS; IN_USE while another change is going on; AUTH_FAILED, RATE_LIMITED, UNREACHABLE, SERVICE_FAILED,
 * TIMEOUT, INTERRUPTED.
 */
export interface ServingTarget {
  /** Begins to create an endpoint; `waitUntilReady` says when it answers. */
  create(endpoint: EndpointSpec): Promise<Endpoint>
  get(name: string): Promise<Endpoint>
  /** By name. */
  list(): Promise<Endpoint[]>
  /**
   * Resolves when the endpoint serves what was last asked of it. Rejects with SERVICE_FAILED when that failed,
   * TIMEOUT.
   */
  waitUntilReady(name: string, options?: WaitOptions): Promise<Endpoint>
  /**
   * Predictions of these rows. Rejects with INVALID_INPUT for rows that the model refuses, UNREACHABLE when it is
   * not ready.
   */
  query(name: string, rows: DataframeSplit, options?: QueryOptions): Promise<QueryAnswer>
  /** Begins to change which versions are served, and how they share the traffic. */
  update(name: string, serving: Serving): Promise<Endpoint>
  /** Begins to change how the versions that are served share the traffic. */
  setTraffic(name: string, traffic: Traffic): Promise<Endpoint>
  /** The endpoint answers no more when it resolves. */
  delete(name: string): Promise<void>
  /** Ends what runs in this process for the target; endpoints of a remote target stay. */
  close(): Promise<void>
}

/** Percent of the traffic by the entity's name; together 100. An entity without a percentage gets none. */
export type Traffic = Readonly<Record<string, number>>

export interface ServedEntity {
  /** Unique in its endpoint; letters, digits, `_` and `-`. */
  readonly name: string
  /** Registered name; of Unity Catalog `catalog.schema.model`. */
  readonly model: string
  readonly version: number
  /** Of the remote machine. Default Small. */
  readonly size?: "Small" | "Medium" | "Large"
  /** Whether the remote machine may go to sleep; the first request then waits for it. Default true. */
  readonly scaleToZero?: boolean
}

export interface Serving {
  readonly entities: readonly ServedEntity[]
  readonly traffic: Traffic
}

export interface EndpointSpec extends Serving {
  /** 1 to 63 letters, digits, `_` and `-`. */
  readonly name: string
}

export interface Endpoint {
  readonly name: string
  /** Whether it answers. */
  readonly ready: boolean
  /** Of the last change. */
  readonly update: "none" | "in_progress" | "failed" | "canceled"
  /** What it serves now; absent before the first change is complete. */
  readonly serving?: Serving
  /** Why the last change failed, or the endpoint does not answer. */
  readonly message?: string
}

export interface WaitOptions {
  /** Default 20 minutes. */
  readonly timeoutMs?: number
  /** Between two looks. Default: one second more each time, up to ten. */
  readonly pollMs?: number
  readonly signal?: AbortSignal
}

export interface QueryOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface QueryAnswer {
  /** One a row, of MLflow's scoring protocol: records by output. */
  readonly predictions: readonly unknown[]
  /** Which entity answered, where the target says so. */
  readonly entity?: string
}
