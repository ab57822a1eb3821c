import { DuckDBInstance } from "@duckdb/node-api"
import { quoteText } from "../../identifiers.ts"
import type { BatchSource } from "../../port.ts"
import { duckdbError } from "./errors.ts"
import { loadBatches } from "./load.ts"

/** Writes batches to one Parquet file on this machine, for engines that load such files. Returns the number of rows. */
export const writeParquet = async (
  source: BatchSource,
  path: string,
  { temporaryFolder, signal }: { temporaryFolder: string; signal?: AbortSignal },
): Promise<number> => {
  const instance = await DuckDBInstance.create(`${path}.duckdb`, {
    memory_limit: "500MB",
    temp_directory: temporaryFolder,
    autoinstall_known_extensions: "false",
  })
  const connection = await instance.connect()
  try {
    const { rows } = await loadBatches(connection, "staged", source, "replace", { signal })
    await connection.run(`COPY (SELECT * FROM staged) TO ${quoteText(path)} (FORMAT parquet)`)
    return rows
  } catch (error) {
    throw duckdbError(error, { databasePath: path })
  } finally {
    connection.disconnectSync()
    instance.closeSync()
  }
}
