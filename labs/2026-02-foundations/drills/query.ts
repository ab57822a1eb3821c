/**
 * Asks the warehouse of a home folder one question:
 *   ROADMAP_HOME=… node labs/2026-02-foundations/drills/query.ts "SELECT * FROM ingestion.ledger"
 */
import { loadConfig } from "@roadmap/core/config"
import { toRoadmapError } from "@roadmap/core/errors"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"

const sql = process.argv[2] ?? "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"
try {
  await using engine = await openWarehouse(loadConfig())
  console.table(rowsOf(await engine.query(sql)))
} catch (error) {
  console.error(`✖ ${toRoadmapError(error).message}`)
  process.exitCode = 1
}
