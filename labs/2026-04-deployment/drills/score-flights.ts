/**
 * The nightly job of the drill killed-batch, as `batch.json` in the home folder says:
 *   ROADMAP_HOME=… node labs/2026-04-deployment/drills/score-flights.ts
 */
import { loadConfig } from "@roadmap/core/config"
import { command } from "./command.ts"
import { scoreFlights } from "./killed-batch/job.ts"

await command(async () => {
  const { rows, model, resumed, partitions } = await scoreFlights(loadConfig())
  return `✔ ${rows} flights scored with ${model.uri}; ${resumed} of ${partitions} parts were there already`
})
