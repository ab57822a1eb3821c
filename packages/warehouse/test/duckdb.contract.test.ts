import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { duckdbEngine } from "../src/adapters/duckdb.ts"
import { quoteText } from "../src/identifiers.ts"
import { describeSqlEngine } from "../testing/contract.ts"

describeSqlEngine("DuckDB", async () => {
  const folder = await mkdtemp(join(tmpdir(), "duckdb-"))
  const engine = await duckdbEngine({
    path: join(folder, "warehouse.duckdb"),
    temporaryFolder: join(folder, "spill"),
    memoryLimit: "500MB",
  })
  return {
    engine,
    async writeParquet(select, path) {
      await engine.query(`COPY (${select}) TO ${quoteText(path)} (FORMAT parquet)`)
    },
    async dispose() {
      await engine.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
