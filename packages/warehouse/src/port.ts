/**
 * The warehouse as the rest of the platform sees it: SQL in, typed columns out. Timestamps are UTC
 * microseconds, whatever time zone the machine is in. Every call runs one statement in a transaction of
 * its own, on a session of its own: nothing (temporary tables, settings, open transactions) carries over
 * from one call to the next, because not every engine has it.
 */
export interface SqlEngine {
  readonly dialect: Dialect
  /**
   * Runs one statement and returns its whole result. For results that fit in memory; else `stream`. Columns of nested,
   * binary and interval types do not travel: SQL_INVALID with the advice to cast.
   */
  query(sql: string, params?: readonly SqlParameter[], options?: QueryOptions): Promise<Table>
  /**
   * Runs one statement and yields its result in order, in batches of 1 to `batchRowLimit` rows, holding only
   * a few of them. Leaving the loop early frees the result. Ends without a batch when there is no row;
   * `query` on the same statement gives the fields in that case.
   */
  stream(sql: string, params?: readonly SqlParameter[], options?: QueryOptions): AsyncIterable<ColumnBatch>
  /** The columns that `load` would bring from these files, from their headers. Throws as `load` does. */
  describe(source: FileSource): Promise<readonly Field[]>
  /**
   * Loads files or batches into a table; creates the schema, and the table when missing. One call is atomic:
   * readers see the table before it or after it. "replace" takes the source's columns; "append" matches
   * columns by name, casts to the table's types, and refuses missing or surplus ones (SCHEMA_MISMATCH).
   */
  load(table: TableRef, source: LoadSource, mode: LoadMode, options?: LoadOptions): Promise<LoadReceipt>
  /** Interrupts what still runs and frees everything. A second call does nothing. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export type Dialect = "duckdb" | "spark"

/** The most rows that `stream` puts into one batch. */
export const batchRowLimit = 65_536

/** Bound to `?` in order, never written into the SQL. A Date is a UTC timestamp. */
export type SqlParameter = boolean | number | bigint | string | Date | null

export interface QueryOptions {
  /** Stops the statement on the engine too; the call then rejects with INTERRUPTED. */
  signal?: AbortSignal
  /** Called a few times a second with the share done, 0 to 1, where the engine knows it. */
  onProgress?: (share: number) => void
}

/**
 * `schema.table` as one text, split at the first dot, or the two parts when a name has a dot inside.
 * A name without a dot lies in the engine's default schema. On Spark a text may have a catalog in front:
 * `catalog.schema.table`.
 */
export type TableRef = string | readonly [schema: string, table: string]

export type ColumnType =
  | "boolean"
  | "int32"
  | "int64"
  | "float32"
  | "float64"
  | "decimal"
  | "date"
  | "timestamp"
  | "string"

export interface Field {
  readonly name: string
  readonly type: ColumnType
  /** Decimals only: digits in all and digits after the point. */
  readonly precision?: number
  readonly scale?: number
}

interface ColumnOf<Type extends ColumnType, Values> {
  readonly name: string
  readonly type: Type
  /** One a row. Where `valid` is 0 the value means nothing (0, or the empty text). */
  readonly values: Values
  /** 1 for a value, 0 for a null, one a row; absent when the column has no null. */
  readonly valid?: Uint8Array
}

/** 0 or 1. */
export type BooleanColumn = ColumnOf<"boolean", Uint8Array>
export type Int32Column = ColumnOf<"int32", Int32Array>
export type Int64Column = ColumnOf<"int64", BigInt64Array>
export type Float32Column = ColumnOf<"float32", Float32Array>
export type Float64Column = ColumnOf<"float64", Float64Array>
/** Exact decimal text, such as "-12.50". */
export type DecimalColumn = ColumnOf<"decimal", readonly string[]> & {
  readonly precision: number
  readonly scale: number
}
/** Days since 1970-01-01. */
export type DateColumn = ColumnOf<"date", Int32Array>
/** Microseconds since 1970-01-01T00:00:00Z. */
export type TimestampColumn = ColumnOf<"timestamp", BigInt64Array>
export type StringColumn = ColumnOf<"string", readonly string[]>

export type Column =
  | BooleanColumn
  | Int32Column
  | Int64Column
  | Float32Column
  | Float64Column
  | DecimalColumn
  | DateColumn
  | TimestampColumn
  | StringColumn

/** Columns of equal length, in the order of the statement. */
export interface ColumnBatch {
  readonly rows: number
  readonly columns: readonly Column[]
}

/** A whole result. */
export interface Table extends ColumnBatch {
  readonly fields: readonly Field[]
}

export type LoadMode = "append" | "replace"
export type LoadSource = FileSource | BatchSource

/**
 * Files of one format, read in the order given. Parquet keeps its own types. CSV (first line: header) and
 * JSON (one object a line) arrive as text, value by value, so that nothing is lost before a contract has
 * looked at it; an empty CSV field and an absent or null JSON value are null.
 */
export interface FileSource {
  readonly format: FileFormat
  readonly files: readonly string[]
  /** Adds text columns: for each name, one text a file, the same in all its rows. */
  readonly constants?: Readonly<Record<string, readonly string[]>>
  /** Adds a column of this name with the row's number in its file, from 1. */
  readonly rowNumber?: string
}

export type FileFormat = "parquet" | "csv" | "json"

export interface BatchSource {
  readonly fields: readonly Field[]
  readonly batches: Iterable<ColumnBatch> | AsyncIterable<ColumnBatch>
}

export interface LoadOptions {
  signal?: AbortSignal
  /** Called a few times a second. `share` (0 to 1) is absent where the total is not known. */
  onProgress?: (progress: { rows: number; share?: number }) => void
}

export interface LoadReceipt {
  /** Rows of this call, not of the table. */
  readonly rows: number
  readonly fields: readonly Field[]
}
