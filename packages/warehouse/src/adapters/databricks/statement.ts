import { sleep, throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import {
  batchRowLimit,
  type ColumnBatch,
  type Field,
  type QueryOptions,
  type SqlParameter,
} from "../../port.ts"
import type { Connection } from "./connect.ts"
import { statementError } from "./errors.ts"
import { bindParameters } from "./parameters.ts"
import { type RowReader, rowReader } from "./results.ts"
import type { Session } from "./sessions.ts"
import { type OperationHandle, type OperationStatus, operationState } from "./wire.ts"

export interface RunningStatement {
  readonly fields: readonly Field[]
  /** The next rows, at most `batchRowLimit`; undefined at the end. One call at a time. */
  next(): Promise<ColumnBatch | undefined>
  /** Frees the statement on the warehouse, and stops it if it still runs. */
  close(): Promise<void>
}

export interface StatementOptions extends QueryOptions {
  readonly params?: readonly SqlParameter[]
}

/** Starts one statement and waits until its result can be read. */
export const startStatement = async (
  connection: Connection,
  session: Session,
  sql: string,
  options: StatementOptions = {},
): Promise<RunningStatement> => {
  const { signal } = options
  const operation = await execute(connection, session, sql, options)
  const close = () => end(connection, operation)
  try {
    await finished(connection, operation, options)
    if (!operation.hasResultSet) return { fields: [], next: async () => undefined, close }
    const metadata = await connection.call(
      driver => driver.getResultSetMetadata({ operationHandle: operation }),
      { repeat: "repeatable", signal },
    )
    const reader = await rowReader(metadata)
    return { fields: reader.fields, next: fetching(connection, operation, reader, signal), close }
  } catch (error) {
    await cancel(connection, operation)
    await close()
    throw error
  }
}

const execute = async (
  connection: Connection,
  session: Session,
  sql: string,
  { params = [], signal }: StatementOptions,
): Promise<OperationHandle> => {
  const parameters = bindParameters(sql, params)
  if (parameters.length > 0 && !session.bindsParameters)
    throw new RoadmapError("SQL_FAILED", `${connection.place.host} is too old to take parameters.`, {
      hint: "Use a SQL warehouse, or a cluster with a newer runtime.",
    })
  const started = await connection.call(
    driver =>
      driver.executeStatement({
        sessionHandle: session.handle,
        statement: sql,
        runAsync: true,
        queryTimeout: Math.ceil(connection.timeouts.statementMs / 1_000),
        canReadArrowResult: true,
        // All rows come through this connection: links to cloud storage would need that storage to be reachable.
        canDownloadResult: false,
        canDecompressLZ4Result: false,
        useArrowNativeTypes: {
          timestampAsArrow: true,
          decimalAsArrow: true,
          complexTypesAsArrow: false,
          intervalTypesAsArrow: false,
        },
        ...(parameters.length > 0 && { parameters }),
      }),
    {
      repeat: "once",
      signal,
      late: reply => {
        if (reply.operationHandle)
          void cancel(connection, reply.operationHandle).then(() => end(connection, reply.operationHandle!))
      },
    },
  )
  return started.operationHandle!
}

/** Waits for the end of the computation. The warehouse holds each question a while, so this does not ask too often. */
const finished = async (
  { call, timeouts }: Connection,
  operation: OperationHandle,
  { signal, onProgress }: StatementOptions,
): Promise<void> => {
  const deadline = performance.now() + timeouts.statementMs
  for (let pause = 5; ; pause = Math.min(250, pause * 1.5)) {
    const status = await call(
      driver =>
        driver.getOperationStatus({
          operationHandle: operation,
          getProgressUpdate: onProgress !== undefined,
        }),
      { repeat: "repeatable", signal },
    )
    if (status.operationState === operationState.finished) {
      if (typeof status.hasResultSet === "boolean") operation.hasResultSet = status.hasResultSet
      return
    }
    failIfEnded(status)
    if (performance.now() > deadline) throw tookTooLong(timeouts.statementMs)
    const share = status.progressUpdateResponse?.progressedPercentage
    if (typeof share === "number" && share > 0) onProgress?.(Math.min(1, share))
    await sleep(pause, signal)
  }
}

const failIfEnded = (status: OperationStatus): void => {
  switch (status.operationState) {
    case operationState.error:
      throw statementError(status)
    case operationState.timedOut:
      throw new RoadmapError("TIMEOUT", "The statement took longer than the warehouse allows.", {
        hint: "Ask for less, or raise the warehouse's STATEMENT_TIMEOUT.",
        cause: status,
      })
    case operationState.canceled:
    case operationState.closed:
      throw new RoadmapError("SQL_FAILED", "Someone cancelled the statement on the warehouse.", {
        cause: status,
      })
    case operationState.unknown:
      throw new RoadmapError("SQL_FAILED", "The warehouse lost the statement.", { cause: status })
  }
}

const tookTooLong = (ms: number) =>
  new RoadmapError("TIMEOUT", `The statement was not done in ${ms / 1_000} seconds; it was cancelled.`, {
    hint: "Ask for less, or use a larger warehouse.",
  })

const fetchNext = 0
const queryOutput = 0

/** Fetches are not repeated after a failure on the way: each one moves the warehouse's cursor. */
const fetching = (
  { call }: Connection,
  operation: OperationHandle,
  reader: RowReader,
  signal: AbortSignal | undefined,
): (() => Promise<ColumnBatch | undefined>) => {
  const ready: ColumnBatch[] = []
  let ended = false
  return async () => {
    while (ready.length === 0 && !ended) {
      throwIfAborted(signal)
      const { results, hasMoreRows } = await call(
        driver =>
          driver.fetchResults({
            operationHandle: operation,
            orientation: fetchNext,
            maxRows: batchRowLimit,
            fetchType: queryOutput,
          }),
        { repeat: "once", signal },
      )
      const batches = results ? reader.read(results) : []
      ready.push(...batches)
      // Spark always says that there are no more rows; an empty answer is its end.
      ended = batches.length === 0 && !hasMoreRows
    }
    return ready.shift()
  }
}

/** Also after an abort, so without the statement's signal. What fails here ends with the session. */
const cancel = ({ call }: Connection, operation: OperationHandle): Promise<void> =>
  call(driver => driver.cancelOperation({ operationHandle: operation }), { repeat: "never" }).then(
    ignore,
    ignore,
  )

const end = ({ call }: Connection, operation: OperationHandle): Promise<void> =>
  call(driver => driver.closeOperation({ operationHandle: operation }), { repeat: "never" }).then(
    ignore,
    ignore,
  )

const ignore = () => undefined
