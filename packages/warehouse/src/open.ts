import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { toRoadmapError } from "@roadmap/core/errors"
import type { SqlEngine } from "./port.ts"

export interface WarehouseOptions {
  /** What DuckDB may use for its data and buffers; larger sorts and joins go to disk. Default "1GB". */
  memoryLimit?: string
  /** Default: one a core. */
  threads?: number
  /** Databricks only: a Unity Catalog volume's folder (`/Volumes/…`) through which loads go as Parquet files. */
  volume?: string
}

/**
 * Opens the warehouse that the configuration names: a Databricks SQL warehouse when DATABRICKS_HTTP_PATH is set, else
 * DuckDB in `<home>/warehouse.duckdb`. Throws STATE_LOCKED (another process has the file), STATE_CORRUPT, PERMISSION,
 * DISK_FULL. A Databricks warehouse is asked first by the first call.
 */
export const openWarehouse = async (config: Config, options: WarehouseOptions = {}): Promise<SqlEngine> => {
  if (config.databricks) {
    const { databricksEngine } = await import("./adapters/databricks.ts")
    return databricksEngine({
      ...config.databricks,
      temporaryFolder: join(config.home, "duckdb-spill"),
      ...(options.volume && { volume: options.volume }),
    })
  }
  await mkdir(config.home, { recursive: true }).catch(error => {
    throw toRoadmapError(error)
  })
  const { duckdbEngine } = await import("./adapters/duckdb.ts")
  return duckdbEngine({
    path: join(config.home, "warehouse.duckdb"),
    temporaryFolder: join(config.home, "duckdb-spill"),
    memoryLimit: options.memoryLimit ?? "1GB",
    ...(options.threads && { threads: options.threads }),
  })
}
