import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { databricksEngine } from "../../../packages/warehouse/src/adapters/databricks.ts"
import { writeParquet } from "../../../packages/warehouse/src/adapters/duckdb/write-parquet.ts"
import type { EngineUnderTest } from "../../../packages/warehouse/testing/contract.ts"
import type { Warehouse } from "./warehouse.ts"

/** The adapter on a running warehouse, whose schema `contract` it empties first. */
export const engineUnderTest = async (warehouse: Warehouse): Promise<EngineUnderTest> => {
  const temporaryFolder = await mkdtemp(join(tmpdir(), "databricks-"))
  const engine = databricksEngine({ ...warehouse, temporaryFolder })
  await engine.query("DROP SCHEMA IF EXISTS contract CASCADE")
  return {
    engine,
    async writeParquet(select, path) {
      const { fields } = await engine.query(`SELECT * FROM (${select}) AS source LIMIT 0`)
      await writeParquet({ fields, batches: engine.stream(select) }, path, { temporaryFolder })
      await rm(`${path}.duckdb`, { force: true })
    },
    async dispose() {
      await engine.close()
      await rm(temporaryFolder, { recursive: true, force: true })
    },
  }
}
