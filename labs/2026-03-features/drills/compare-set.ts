/**
 * Compares training.delay_1 with the snapshot that was taken when model 1 was trained:
 *   ROADMAP_HOME=… node labs/2026-03-features/drills/compare-set.ts
 */
import { loadConfig } from "@roadmap/core/config"
import { rebuild } from "@roadmap/feature-store/snapshot"
import { openWarehouse } from "@roadmap/warehouse/open"
import { command } from "./facts.ts"
import { differenceFrom } from "./late-backfill/state.ts"
import { readSnapshot, service } from "./sets.ts"

await command(async () => {
  const config = loadConfig()
  const snapshot = await readSnapshot(config)
  await using engine = await openWarehouse(config)
  const rebuilt = await rebuild(engine, service, snapshot)
  const { rows, different } = await differenceFrom(engine, "training.delay_1", rebuilt)
  return [
    `snapshot:         ${snapshot.rows} rows as of ${snapshot.asOf}, ${snapshot.contentHash.slice(0, 12)}; it can be rebuilt`,
    `training.delay_1: ${rows} rows, ${different} rows differ from it`,
  ].join("\n")
})
