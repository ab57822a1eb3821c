// Loads a file of flights (second argument) into the warehouse below a folder (first); killed by its parent at will.
import { openWarehouse } from "@roadmap/warehouse/open"
import { ingest } from "../../src/ingest.ts"
import { asOf, flightsAlone } from "../flights-contract.ts"
import { configFor } from "../warehouse.ts"

await using engine = await openWarehouse(configFor(process.argv[2]))
let phase = ""
await ingest({
  engine,
  source: process.argv[3],
  contract: flightsAlone,
  now: asOf,
  onProgress(progress) {
    if (progress.phase !== phase) console.log((phase = progress.phase))
  },
})
console.log("done")
