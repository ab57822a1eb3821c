/** The process of one local endpoint: it serves until it is told to stop, or whoever started it is gone. */
import type { Config } from "@roadmap/core/config"
import { toRoadmapError } from "@roadmap/core/errors"
import { type RunningServer, startServer } from "../../server.ts"

export interface StartMessage {
  readonly config: Config
  readonly name: string
  readonly variants: readonly { readonly model: string; readonly weight: number }[]
}

export type EndpointMessage =
  | { readonly url: string }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

let running: RunningServer | undefined

const end = async (): Promise<void> => {
  process.removeAllListeners("disconnect")
  await running?.close().catch(error => console.error(toRoadmapError(error).message))
  process.exit(0)
}
// Whoever started it decides when it ends, also when a terminal's Ctrl-C reaches the whole group.
process.on("SIGINT", () => undefined)
process.once("disconnect", end)
process.once("SIGTERM", end)

process.once("message", async ({ config, name, variants }: StartMessage) => {
  const tell = (message: EndpointMessage) => process.send?.(message)
  try {
    // A version never changes: there is no alias to look after.
    running = await startServer(config, { models: [{ name, variants }], port: 0, threads: 1 })
    tell({ url: running.url })
  } catch (error) {
    const { code, message, hint } = toRoadmapError(error)
    tell({ error: { code, message, ...(hint !== undefined && { hint }) } })
  }
})
