import type { Config } from "@roadmap/core/config"
import { isRoadmapError } from "@roadmap/core/errors"
import { tableName } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"

/** True when the table is there with this many rows. */
export const tableHas = async (config: Config, table: string, rows: number): Promise<boolean> => {
  await using engine = await openWarehouse(config)
  try {
    const [{ n }] = rowsOf<{ n: number }>(
      await engine.query(`SELECT count(*) AS n FROM ${tableName(table, engine.dialect)}`),
    )
    return n === rows
  } catch (error) {
    if (isRoadmapError(error, "TABLE_MISSING")) return false
    throw error
  }
}
