// Prints the answer of a statement (second argument) on the warehouse below a folder (first), or the error's code.
import { isRoadmapError } from "@roadmap/core/errors"
import { openWarehouse } from "../../src/open.ts"
import { rowsOf } from "../../src/rows.ts"

try {
  await using engine = await openWarehouse({
    home: process.argv[2],
    logLevel: "silent",
    ci: true,
    color: false,
  })
  console.log(JSON.stringify(rowsOf(await engine.query(process.argv[3]))))
} catch (error) {
  console.log(isRoadmapError(error) ? error.code : String(error))
}
