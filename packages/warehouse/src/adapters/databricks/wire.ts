/**
 * The part of TCLIService (Hive's and Databricks' Thrift protocol) that the adapter uses: @databricks/sql sends and
 * reads these messages. Its own result objects are not used: they turn 64-bit integers and decimals into doubles and
 * every row into an object. Absent fields arrive as null.
 */
export interface Driver {
  openSession(request: {
    client_protocol_i64: number
    configuration: Record<string, string>
    canUseMultipleCatalogs: boolean
  }): Promise<Answer & { serverProtocolVersion: number; sessionHandle?: SessionHandle | null }>
  closeSession(request: { sessionHandle: SessionHandle }): Promise<Answer>
  executeStatement(request: {
    sessionHandle: SessionHandle
    statement: string
    runAsync: boolean
    queryTimeout?: number
    canReadArrowResult: boolean
    canDownloadResult: boolean
    canDecompressLZ4Result: boolean
    useArrowNativeTypes: {
      timestampAsArrow: boolean
      decimalAsArrow: boolean
      complexTypesAsArrow: boolean
      intervalTypesAsArrow: boolean
    }
    parameters?: readonly BoundParameter[]
  }): Promise<Answer & { operationHandle?: OperationHandle | null }>
  getOperationStatus(request: {
    operationHandle: OperationHandle
    getProgressUpdate: boolean
  }): Promise<Answer & OperationStatus>
  getResultSetMetadata(request: { operationHandle: OperationHandle }): Promise<Answer & ResultMetadata>
  fetchResults(request: {
    operationHandle: OperationHandle
    orientation: number
    maxRows: number
    fetchType: number
  }): Promise<Answer & { hasMoreRows?: boolean | null; results?: RowSet | null }>
  cancelOperation(request: { operationHandle: OperationHandle }): Promise<Answer>
  closeOperation(request: { operationHandle: OperationHandle }): Promise<Answer>
}

/** Opaque; handed back as they came. */
export interface SessionHandle {
  readonly sessionId: unknown
}
export interface OperationHandle {
  readonly operationId: unknown
  hasResultSet: boolean
}

export interface Answer {
  readonly status: Status
}
export interface Status {
  readonly statusCode: number
  readonly sqlState?: string | null
  readonly errorMessage?: string | null
  readonly displayMessage?: string | null
}
export const statusCode = { error: 3, invalidHandle: 4 } as const

export interface OperationStatus {
  readonly operationState?: number | null
  readonly sqlState?: string | null
  readonly errorMessage?: string | null
  readonly displayMessage?: string | null
  readonly hasResultSet?: boolean | null
  readonly progressUpdateResponse?: { readonly progressedPercentage?: number | null } | null
}
export const operationState = {
  finished: 2,
  canceled: 3,
  closed: 4,
  error: 5,
  unknown: 6,
  timedOut: 8,
} as const

export interface ResultMetadata {
  readonly schema?: { readonly columns: readonly ColumnDescription[] } | null
  readonly resultFormat?: number | null
  /** An Arrow IPC message with the schema of the batches. */
  readonly arrowSchema?: Buffer | null
}
export interface ColumnDescription {
  readonly columnName: string
  readonly position: number
  readonly typeDesc: { readonly types: readonly { readonly primitiveEntry?: PrimitiveType | null }[] }
}
export interface PrimitiveType {
  readonly type: number
  readonly typeQualifiers?: { readonly qualifiers?: Readonly<Record<string, Qualifier>> | null } | null
}
interface Qualifier {
  readonly i32Value?: number | null
}
export const resultFormat = { arrow: 0, columns: 1 } as const
export const typeId = {
  boolean: 0,
  tinyint: 1,
  smallint: 2,
  int: 3,
  bigint: 4,
  float: 5,
  double: 6,
  string: 7,
  timestamp: 8,
  decimal: 15,
  null: 16,
  date: 17,
  varchar: 18,
  char: 19,
} as const

export interface RowSet {
  readonly columns?: readonly WireColumn[] | null
  readonly arrowBatches?: readonly { readonly batch: Buffer }[] | null
}
interface WireValues<Value> {
  readonly values: readonly Value[]
  /** One bit a row, lowest first; 1 for a null. May be shorter than the rows: no null beyond it. */
  readonly nulls: Buffer
}
/** 64 bits, highest byte first (npm's node-int64). */
export interface WireInt64 {
  readonly buffer: Buffer
  readonly offset: number
}
/** Exactly one of these is there. */
export interface WireColumn {
  readonly boolVal?: WireValues<boolean> | null
  readonly byteVal?: WireValues<number> | null
  readonly i16Val?: WireValues<number> | null
  readonly i32Val?: WireValues<number> | null
  readonly i64Val?: WireValues<WireInt64> | null
  readonly doubleVal?: WireValues<number> | null
  readonly stringVal?: WireValues<string> | null
}

/** Without type and value: NULL. */
export interface BoundParameter {
  readonly type?: string
  readonly value?: { readonly stringValue: string }
}

/** SPARK_CLI_SERVICE_PROTOCOL_V8: the first version with parameters. */
export const protocolWithParameters = 0xa508
