import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { loadConfig } from "../../packages/core/src/config.ts"
import type { ChatModel } from "../../packages/llm/src/chat-model.ts"
import { collect } from "../../packages/llm/src/collect.ts"
import { openChatModel } from "../../packages/llm/src/open.ts"
import { structured } from "../../packages/llm/src/structured.ts"
import { citySchema } from "../../packages/llm/testing/city-schema.ts"
import { describeChatModel } from "../../packages/llm/testing/contract.ts"
import { startService, stopService } from "../../packages/services/src/service.ts"

const home = mkdtempSync(join(tmpdir(), "roadmap-llm-"))
let model: ChatModel
beforeAll(async () => {
  const { variables } = await startService("llm", { home, onProgress: line => console.error(line) })
  model = (await openChatModel(loadConfig(variables)))!
})
afterAll(async () => {
  await stopService("llm", { home })
  rmSync(home, { recursive: true, force: true })
})

describeChatModel("llama.cpp server", async () => model)

describe("a small model on llama.cpp's server", () => {
  test("tells its name and how much it reads by itself", () => {
    expect(model).toMatchObject({ id: "compatible/smollm2-135m-instruct", contextWindow: 4096 })
  })

  test("answers as a checked value", async () => {
    const { value, usage } = await structured(model, citySchema, {
      messages: [{ role: "user", content: "Name a city and how many people live there." }],
      temperature: 0,
      maxTokens: 120,
    })
    expect(citySchema.parse(value)).toEqual(value)
    expect(usage.estimated).toBe(false)
  })

  test("estimates tokens of an aborted answer near to what the server counts", async () => {
    const request = {
      messages: [{ role: "user" as const, content: "Write three sentences about the weather at sea." }],
      temperature: 0,
      maxTokens: 60,
    }
    const { finish } = await collect(model.stream(request))
    const stop = new AbortController()
    const aborted = await collect(
      (async function* () {
        for await (const chunk of model.stream(request, stop.signal)) {
          yield chunk
          if (chunk.text) stop.abort()
        }
      })(),
    )
    expect(aborted.finish.reason).toBe("aborted")
    expect(aborted.finish.usage.promptTokens).toBeGreaterThan(finish.usage.promptTokens * 0.4)
    expect(aborted.finish.usage.promptTokens).toBeLessThan(finish.usage.promptTokens * 1.5)
  })
})
