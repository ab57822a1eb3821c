/**
 * The hourly job of the drill stale-store: fills the online store up to `loadedTo` of `online-store.json` in the home
 * folder. With --rewrite every airport is written, also those whose values did not change.
 *   ROADMAP_HOME=… node labs/2026-03-features/drills/fill-store.ts [--rewrite]
 */
import { loadConfig } from "@roadmap/core/config"
import { openOnlineStore } from "@roadmap/feature-store/online/open"
import { openWarehouse } from "@roadmap/warehouse/open"
import { command } from "./facts.ts"
import { fillStore } from "./store-job.ts"

await command(async () => {
  const config = loadConfig()
  await using engine = await openWarehouse(config)
  await using store = await openOnlineStore(config)
  const { view, facts, keys } = await fillStore(engine, store, config, {
    rewrite: process.argv.includes("--rewrite"),
  })
  return `✔ ${view}: ${facts} flights read, ${keys} airports written`
})
