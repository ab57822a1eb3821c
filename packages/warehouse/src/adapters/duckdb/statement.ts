import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  timestampValue,
  VARCHAR,
} from "@duckdb/node-api"
import duckdb from "@duckdb/node-bindings"
import { RoadmapError } from "@roadmap/core/errors"
import type { ColumnBatch, Field, SqlParameter } from "../../port.ts"
import { columnReader } from "./read-vectors.ts"

export interface RunningStatement {
  readonly fields: readonly Field[]
  /** The next rows, at most 2,048 (a DuckDB vector); undefined at the end. */
  next(): Promise<ColumnBatch | undefined>
  /**
   * Gives up the rest of a streamed result. DuckDB keeps the database open as long as such a result is not at
   * its end, so the rows already computed are fetched and dropped after the interrupt has stopped the others.
   */
  discard(): Promise<void>
}

/**
 * Starts one statement. "whole" computes the result before the first row is read, on all threads; "streamed"
 * computes as it is read. Throws SQL_INVALID for several statements in one text.
 */
export const execute = async (
  connection: DuckDBConnection,
  sql: string,
  params: readonly SqlParameter[] = [],
  kind: "whole" | "streamed" = "whole",
): Promise<RunningStatement> => {
  const statement = await prepareOne(connection, sql)
  try {
    bind(statement, params)
    return reading(connection, kind === "whole" ? await statement.run() : await statement.stream())
  } finally {
    statement.destroySync()
  }
}

/** The columns a SELECT would give, without running it. */
export const describe = async (connection: DuckDBConnection, select: string): Promise<Field[]> => {
  const statement = await prepareOne(connection, select)
  try {
    return Array.from(
      { length: statement.columnCount },
      (_, index) => columnReader(statement.columnName(index), statement.columnType(index)).field,
    )
  } finally {
    statement.destroySync()
  }
}

const prepareOne = async (connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> => {
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1)
    throw new RoadmapError("SQL_INVALID", `There are ${statements.count} statements in one text.`, {
      hint: "Run them one by one.",
    })
  return statements.prepare(0)
}

const bind = (statement: DuckDBPreparedStatement, params: readonly SqlParameter[]): void => {
  if (statement.parameterCount !== params.length)
    throw new RoadmapError(
      "SQL_INVALID",
      `The statement has ${statement.parameterCount} parameters and ${params.length} values came with it.`,
    )
  const bound = params.map(boundValue)
  statement.bind(
    bound.map(({ value }) => value),
    bound.map(({ type }) => type),
  )
}

const boundValue = (param: SqlParameter): { value: DuckDBValue; type: DuckDBType } => {
  if (param === null) return { value: null, type: VARCHAR }
  if (typeof param === "boolean") return { value: param, type: BOOLEAN }
  if (typeof param === "string") return { value: param, type: VARCHAR }
  if (param instanceof Date)
    return { value: timestampValue(BigInt(param.getTime()) * 1_000n), type: TIMESTAMP }
  if (typeof param === "bigint" || (Number.isSafeInteger(param) && !Object.is(param, -0))) {
    const value = BigInt(param)
    if (BigInt.asIntN(64, value) !== value)
      throw new RoadmapError("INVALID_INPUT", `The parameter ${value} is beyond a 64-bit integer.`)
    return { value, type: BIGINT }
  }
  return { value: param, type: DOUBLE }
}

const reading = (connection: DuckDBConnection, result: DuckDBResult): RunningStatement => {
  const readers = Array.from({ length: result.columnCount }, (_, index) =>
    columnReader(result.columnName(index), result.columnType(index)),
  )
  let ended = false
  return {
    fields: readers.map(reader => reader.field),
    async next() {
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) {
        ended = true
        return undefined
      }
      const rows = chunk.rowCount
      return {
        rows,
        columns: readers.map((reader, index) =>
          reader.read(duckdb.data_chunk_get_vector(chunk.chunk, index), rows),
        ),
      }
    },
    async discard() {
      while (!ended) {
        connection.interrupt()
        const chunk = await result.fetchChunk().catch(() => null)
        ended = !chunk || chunk.rowCount === 0
      }
    },
  }
}
