import { DuckDBInstance } from "@duckdb/node-api"
import { throwIfAborted } from "@roadmap/core/async"
import type { ColumnBatch, Field, FileSource } from "../../port.ts"
import { duckdbError } from "./errors.ts"
import { fileCorrupt, readingOf } from "./load.ts"
import { execute } from "./statement.ts"

export interface OpenFiles {
  readonly fields: readonly Field[]
  /** All rows in the files' order, in small batches. Throws as `load` of the port does. */
  batches(signal?: AbortSignal): AsyncIterable<ColumnBatch>
  close(): void
}

/** Local files, read as the port says, for engines that cannot reach this machine's disk. */
export const openFiles = async (
  source: FileSource,
  { temporaryFolder }: { temporaryFolder: string },
): Promise<OpenFiles> => {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: "500MB",
    temp_directory: temporaryFolder,
    autoinstall_known_extensions: "false",
  })
  const connection = await instance.connect()
  const close = () => {
    connection.disconnectSync()
    instance.closeSync()
  }
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const { select, fields } = await readingOf(connection, source)
    return {
      fields,
      async *batches(signal) {
        const rows = await execute(connection, select, [], "streamed").catch(fileCorrupt(source.files))
        try {
          for (;;) {
            throwIfAborted(signal)
            const batch = await rows.next().catch(fileCorrupt(source.files))
            if (!batch) return
            yield batch
          }
        } finally {
          await rows.discard()
        }
      },
      close,
    }
  } catch (error) {
    close()
    throw duckdbError(error, { databasePath: "The file reader" })
  }
}
