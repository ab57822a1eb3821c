/**
 * The night's load of a drill's landing folder, as the ingest step of the month does it:
 *   ROADMAP_HOME=… node labs/2026-02-foundations/drills/load.ts
 */
import { loadConfig } from "@roadmap/core/config"
import { toRoadmapError } from "@roadmap/core/errors"
import { loadLanding } from "./landing.ts"

try {
  const { status, rows } = await loadLanding(loadConfig())
  process.stdout.write(
    `✔ ${status}: ${rows.accepted} flights in silver.flights, ${rows.rejected} in quarantine\n`,
  )
} catch (error) {
  const { code, message, hint } = toRoadmapError(error)
  process.stderr.write(`✖ ${code}: ${message}\n${hint ? `  ${hint}\n` : ""}`)
  process.exitCode = 1
}
