/**
 * The night's job of the drill late-backfill: writes the training sets that `training-sets.json` in the home folder lists.
 *   ROADMAP_HOME=… node labs/2026-03-features/drills/build-sets.ts
 */
import { loadConfig } from "@roadmap/core/config"
import { openWarehouse } from "@roadmap/warehouse/open"
import { command } from "./facts.ts"
import { buildSets } from "./sets.ts"

await command(async () => {
  const config = loadConfig()
  await using engine = await openWarehouse(config)
  const built = await buildSets(engine, config)
  return Object.entries(built)
    .map(([table, rows]) => `✔ ${table}: ${rows} rows`)
    .join("\n")
})
