/**
 * Asks all questions of the drill cut-stream, with provider and service as their files say:
 *   ROADMAP_HOME=… node labs/2026-07-rag/drills/ask-model.ts
 */
import { loadConfig } from "@roadmap/core/config"
import { command } from "./command.ts"
import { askAll, readProvider } from "./cut-stream/service.ts"

await command(async () => {
  const config = loadConfig()
  const asked = await askAll(config, await readProvider(config))
  return asked
    .map(
      ({ question, fate, text, requests }) =>
        `${fate.padEnd(10)} ${requests} requests  ${question}\n${text.replace(/^/gm, "    ")}`,
    )
    .join("\n\n")
})
