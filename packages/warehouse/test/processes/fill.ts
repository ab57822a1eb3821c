// Replaces a table by one that has no room on the disk of the folder (first argument) and prints the error's code.
import { isRoadmapError } from "@roadmap/core/errors"
import { openWarehouse } from "../../src/open.ts"

const engine = await openWarehouse({ home: process.argv[2], logLevel: "silent", ci: true, color: false })
await engine.query("CREATE TABLE t AS SELECT 1 AS n")
try {
  await engine.query(
    "CREATE OR REPLACE TABLE t AS SELECT md5(CAST(range AS VARCHAR)) AS n FROM range(3000000)",
  )
  console.log("there was room")
} catch (error) {
  console.log(isRoadmapError(error) ? error.code : String(error))
}
await engine.close()
