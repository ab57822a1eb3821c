import { randomUUID } from "node:crypto"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { join } from "node:path"
import { quoteIdentifier, quoteText } from "../../identifiers.ts"
import type { BatchSource, Field } from "../../port.ts"
import { writeParquet } from "../duckdb/write-parquet.ts"
import type { Connection } from "./connect.ts"
import type { Staged } from "./load.ts"
import { sparkType } from "./write-rows.ts"

/**
 * All rows as one Parquet file in the volume, put there by the client (`PUT`, a presigned upload) and removed by
 * `discard`. Timestamps are written without a zone and read as UTC, the session's zone.
 */
export const stageInVolume = async (
  {
    connection,
    volume,
    temporaryFolder,
  }: { connection: Connection; volume: string; temporaryFolder: string },
  source: BatchSource,
  signal: AbortSignal | undefined,
): Promise<Staged> => {
  await mkdir(temporaryFolder, { recursive: true })
  const folder = await mkdtemp(join(temporaryFolder, "volume-"))
  const local = join(folder, "rows.parquet")
  const remote = quoteText(`${volume.replace(/\/$/, "")}/${randomUUID()}.parquet`, "spark")
  try {
    const rows = await writeParquet(source, local, { temporaryFolder, signal })
    await connection.transfer(`PUT ${quoteText(local, "spark")} INTO ${remote}`, folder)
    return {
      rows,
      select: `SELECT ${source.fields.map(typed).join(", ")} FROM read_files(${remote}, format => 'parquet')`,
      discard: () => connection.transfer(`REMOVE ${remote}`, temporaryFolder),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const typed = (field: Field): string => {
  const name = quoteIdentifier(field.name, "spark")
  return `CAST(${name} AS ${sparkType(field)}) AS ${name}`
}
