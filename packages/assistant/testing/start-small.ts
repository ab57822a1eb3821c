import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import type { WritableIndex } from "@roadmap/rag/store/open"
import { type AssistantServer, type AssistantServerOptions, startAssistantServer } from "../src/server.ts"
import { type Script, scriptedAssistant } from "./scripted-assistant.ts"
import { openSmallIndex } from "./small-index.ts"

export interface SmallServer extends AsyncDisposable {
  readonly url: string
  readonly home: string
  readonly index: WritableIndex
  readonly asked: ReturnType<typeof scriptedAssistant>["asked"]
}

/** A real server on a free port over the small index; the assistant says what the script tells it. */
export const startSmall = async (
  scriptOf: (question: string) => Script,
  options: Partial<AssistantServerOptions> = {},
  start: (
    config: Parameters<typeof startAssistantServer>[0],
    options: AssistantServerOptions,
  ) => Promise<AssistantServer> = startAssistantServer,
): Promise<SmallServer> => {
  const home = await mkdtemp(join(tmpdir(), "assistant-"))
  const index = await openSmallIndex(join(home, "index"))
  const assistant = scriptedAssistant(index, scriptOf)
  const config = loadConfig({ ROADMAP_HOME: home, LOG_LEVEL: "silent" })
  const server = await start(config, { assistant, index, port: 0, ...options })
  return {
    url: server.url,
    home,
    index,
    asked: assistant.asked,
    async [Symbol.asyncDispose]() {
      await server.close()
      await index[Symbol.asyncDispose]()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** An answer about the proxy with one citation. */
export const proxyScript: Script = {
  pieces: ["By enabling the `trustProxy` option, fastify knows ", "that it sits behind a proxy. [1]"],
  quotes: [
    {
      document: "guide/proxy.md",
      quote: "By enabling the `trustProxy` option, fastify knows that it sits behind a proxy",
    },
  ],
}
