/**
 * Starts the server of the drill wrong-signature as `serving.json` says, sends the requests of `requests.json`, and stops it:
 *   ROADMAP_HOME=… node labs/2026-04-deployment/drills/ask.ts
 */
import { loadConfig } from "@roadmap/core/config"
import { command } from "./command.ts"
import { askAll } from "./wrong-signature/service.ts"

await command(async () => {
  const answers = await askAll(loadConfig())
  return answers.map(({ status, text }) => `${status}  ${text.slice(0, 300)}`).join("\n")
})
