import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { SqlEngine } from "./port.ts"

export interface WarehouseOptions {
  /** What DuckDB may use for its data and buffers; larger sorts and joins go to disk. Default "1GB". */
  memoryLimit?: string
  /** Default: one a core. */
  threads?: number
}

/**
 * Opens the warehouse that the configuration names: DuckDB in `<home>/warehouse.duckdb`.
 * Throws STATE_LOCKED (another process has it), STATE_CORRUPT, PERMISSION, DISK_FULL; ADAPTER_MISSING when the
 * configuration asks for Databricks, which has no adapter yet.
 */
export const openWarehouse = async (config: Config, options: WarehouseOptions = {}): Promise<SqlEngine> => {
  if (config.databricks)
    throw new RoadmapError("ADAPTER_MISSING", "There is no Databricks SQL adapter yet.", {
      hint: "Unset DATABRICKS_HTTP_PATH to use the embedded DuckDB.",
    })
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
