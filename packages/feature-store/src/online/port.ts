import type { Column, Field } from "@roadmap/warehouse/port"

/**
 * The newest feature values of every entity, for serving. Times are UTC microseconds since 1970, as in the warehouse.
 * A view is defined before it is written or read; its rows belong to one version of its definition.
 */
export interface OnlineStore {
  /**
   * Makes a view known; the same version again changes nothing. Another version of a known view is refused with
   * SCHEMA_MISMATCH unless `replace`, which drops the rows of the old version in the same moment.
   * INVALID_INPUT for a schema that cannot be stored (no key, a name twice, a key of type float32 or float64).
   */
  define(view: OnlineView, options?: { replace?: boolean }): Promise<void>
  /** Every view, by name. */
  views(): Promise<readonly OnlineView[]>
  /** The view of this name as the store has it, or undefined. */
  view(name: string): Promise<OnlineView | undefined>
  /**
   * Upserts rows, all of them or none. For each key the row with the later event time stays; of equal event times the
   * one with the later created time; of equal created times the one written last. So a batch may be written again, and
   * batches may arrive in any order. NOT_FOUND for an unknown view; SCHEMA_MISMATCH when the columns are not those of
   * the view or the view was replaced; INVALID_INPUT for a null key; LIMIT_EXCEEDED for a key beyond `keyByteLimit`.
   */
  write(view: string, rows: OnlineRows, options?: WriteOptions): Promise<WriteReceipt>
  /** One row a key, in the order of the keys, duplicates included. Errors as `readViews`. */
  read(view: string, keys: readonly EntityKey[], options?: ReadOptions): Promise<FeatureRow[]>
  /**
   * Several views in one round trip, all seen at one moment: one list of rows a request, in their order. NOT_FOUND for
   * an unknown view or feature; SCHEMA_MISMATCH when a request's `version` is not the store's; INVALID_INPUT for a key
   * with another number of parts or a part of another type. A key with a null part is `missing`.
   */
  readViews(requests: readonly ReadRequest[], options?: ReadMoment): Promise<FeatureRow[][]>
  /** How far a view is filled. NOT_FOUND for an unknown view. */
  progress(view: string): Promise<Progress>
  /** What was pushed and not yet forgotten, in the order of pushing. NOT_FOUND for an unknown view. */
  pushed(view: string): Promise<PushedFacts[]>
  /** Forgets a view and its rows. A name that is not there changes nothing. */
  drop(view: string): Promise<void>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** What the store keeps of a feature view. */
export interface OnlineView {
  readonly name: string
  /** Fingerprint of the definition: rows of two versions never mix. */
  readonly version: string
  /** The entity's key columns, in their order. */
  readonly keys: readonly Field[]
  readonly features: readonly Field[]
  /** Values of a key that has no row, by feature: a count of facts is 0 then, not null. Absent ones are null. */
  readonly whenMissing?: Readonly<Record<string, number>>
  /** A row is `expired` when it is read more than so many microseconds after its event time. Absent: never. */
  readonly ttlMicros?: number
}

/** Columns of equal length. Keys and features may be in any order; each is found by its name. */
export interface OnlineRows {
  readonly rows: number
  readonly columns: readonly Column[]
  readonly eventTime: BigInt64Array
  /** When each row was computed; breaks ties of event time. Absent: 0 for every row. */
  readonly createdTime?: BigInt64Array
  /**
   * Makes schedules: neighbouring rows of one key, one event time and one created time, with rising `validFrom`, are
   * stored as one row, of which a reader gets the values whose moment has come last. So a value that changes by the
   * mere passing of time (a fact leaves its window) is right between two writes. Absent: valid from the event time.
   */
  readonly validFrom?: BigInt64Array
  /** The last moment at which a row says anything; it is `expired` after it. Absent: no end. */
  readonly validUntil?: BigInt64Array
}

export interface WriteOptions extends OnlineOptions {
  /**
   * Moves the view's progress in the same transaction as the rows. STATE_LOCKED (retryable) when the progress is no
   * longer the one given as `from`: another process has moved it, and neither its work nor this is lost or doubled.
   */
  advance?: Advance
}

export interface Progress {
  /** Rises with each advance: what `Advance.from` is compared with. */
  readonly revision: number
  /** Every fact known up to this moment, in the source's table, is in the rows. */
  readonly materializedTo?: bigint
  /** The greatest known time of a pushed fact. */
  readonly pushedTo?: bigint
  /** Where the pushing stream had come to, as its reader counts. */
  readonly position?: bigint
}

export interface Advance {
  readonly from: Progress
  /** What becomes true with this write; absent: as before. */
  readonly materializedTo?: bigint
  readonly pushedTo?: bigint
  readonly position?: bigint
  /** Facts to keep with the view, in the caller's encoding, until a write forgets them. */
  readonly keep?: Uint8Array
  /** Pushed facts to forget: those kept with a `through` up to this moment. */
  readonly forgetThrough?: bigint
}

export interface PushedFacts {
  /** The `pushedTo` they were kept with. */
  readonly through: bigint
  readonly facts: Uint8Array
}

export interface WriteReceipt {
  readonly rows: number
  /** Keys whose stored row is now one of these. The others had a newer row already, here or in the store. */
  readonly applied: number
}

/**
 * A value as the warehouse's columns hold it: bigint for int64, timestamp (microseconds); number for int32, float32,
 * float64, date (days since 1970); text for string and decimal.
 */
export type FeatureValue = boolean | number | bigint | string | null

/** One value a key column, in their order. An int64 or timestamp may also be a whole number that a double holds exactly. */
export type EntityKey = readonly FeatureValue[]

export interface OnlineOptions {
  signal?: AbortSignal
}

export interface ReadMoment extends OnlineOptions {
  /**
   * The moment of the question, in microseconds; default: now. It decides what has expired, and which values of a
   * schedule hold. A row with a later event time is not there yet (`missing`): a replay cannot see its own future.
   */
  asOf?: bigint
}

export interface ReadOptions extends ReadMoment {
  /** Names of the features wanted; default: all, in the view's order. */
  features?: readonly string[]
  /** The view's version that the reader was made for. */
  version?: string
}

export interface ReadRequest {
  readonly view: string
  readonly keys: readonly EntityKey[]
  readonly features?: readonly string[]
  readonly version?: string
}

export interface FeatureRow {
  readonly status: FeatureStatus
  /** Of the stored row, also of an expired one; absent when missing. */
  readonly eventTime?: bigint
  /** By feature name. Null unless the status is `present`, but for `OnlineView.whenMissing`. */
  readonly values: Readonly<Record<string, FeatureValue>>
}

export type FeatureStatus = "present" | "expired" | "missing"

/** The longest key, in bytes of its encoded text: an index entry of PostgreSQL holds about 2,700. */
export const keyByteLimit = 1_024
