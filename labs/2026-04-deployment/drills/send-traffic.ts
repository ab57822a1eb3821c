/**
 * Starts the service of the drill slow-store as `serving.json` says, and sends it requests of all kinds:
 *   ROADMAP_HOME=… node labs/2026-04-deployment/drills/send-traffic.ts
 */
import { loadConfig } from "@roadmap/core/config"
import { command } from "./command.ts"
import { readHealth } from "./slow-store/store.ts"
import { sendTraffic } from "./slow-store/traffic.ts"

await command(async () => {
  const config = loadConfig()
  const traffic = await sendTraffic(config, await readHealth(config))
  const kinds = {
    "airports of the slow part": traffic.slowPart,
    "other airports": traffic.otherAirports,
    "all features in the request": traffic.withoutStore,
  }
  return Object.entries(kinds)
    .map(([kind, counts]) => {
      const text = Object.entries(counts).map(([fate, count]) => `${count} ${fate}`)
      return `${kind.padEnd(28)} ${text.join(", ")}`
    })
    .join("\n")
})
