import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { type ScriptedAnswer, scriptedChatModel } from "@roadmap/llm/testing/scripted-chat-model"
import { createAssistant } from "@roadmap/rag/answers/assistant"
import type { Calibrations } from "@roadmap/rag/answers/calibration"
import { createRetriever } from "@roadmap/rag/retrieve/retriever"
import type { WritableIndex } from "@roadmap/rag/store/open"
import OpenAI from "openai"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { AnswerView } from "../src/ask/view.ts"
import { startAssistantServer } from "../src/server.ts"
import { openSmallIndex } from "../testing/small-index.ts"

/** The real assistant over a real index; the chat model's provider is a stand-in that fails when told to. */
const calibration: Calibrations = {
  lexical: {
    features: ["passage"],
    intercept: -10,
    coefficients: [20],
    threshold: 0.5,
    fitted: { answerable: 0, unanswerable: 0, falselyDeclined: 0, rightlyDeclined: 0 },
  },
}
const question = "How does fastify know that it sits behind a proxy?"
const right = "By enabling the `trustProxy` option, fastify knows that it sits behind a proxy. [1]"
const broken = new RoadmapError("SERVICE_FAILED", "The provider broke down.", { retryable: true })

let home: string
let index: WritableIndex
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "assistant-"))
  index = await openSmallIndex(join(home, "index"))
})
afterAll(async () => {
  await index?.[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

const withModel = async (script: ScriptedAnswer, use: (url: string) => Promise<void>): Promise<void> => {
  const retriever = createRetriever(index, { mode: "lexical" })
  const chatModel = scriptedChatModel([script])
  const assistant = createAssistant({ index, retriever, chatModel, calibration })
  const config = loadConfig({ ROADMAP_HOME: home, LOG_LEVEL: "silent" })
  const server = await startAssistantServer(config, { assistant, index, port: 0 })
  try {
    await use(server.url)
  } finally {
    await server.close()
  }
}

const ask = async (url: string): Promise<AnswerView> => {
  const answer = await fetch(`${url}/v1/ask`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ question }),
  })
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { answer: AnswerView }).answer
}

const complete = async (url: string): Promise<OpenAI.ChatCompletion> => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 })
  return client.chat.completions.create({
    model: "roadmap-assistant",
    messages: [{ role: "user", content: question }],
  })
}

test("a chat model's answer comes with citations that were checked, its id and its usage", async () => {
  await withModel(right, async url => {
    const answer = await ask(url)
    expect(answer).toMatchObject({ status: "answered", answeredBy: "scripted-stand-in" })
    expect(answer.usage?.promptTokens).toBeGreaterThan(0)
    const [{ documentId, start, end, quote }] = answer.citations
    expect((await index.document(documentId))?.text.slice(start, end)).toBe(quote)
  })
})

test("a provider that fails before its first word leaves the documents' own sentences, and says so", async () => {
  await withModel({ failBefore: broken }, async url => {
    const answer = await ask(url)
    expect(answer).toMatchObject({
      answeredBy: "extractive",
      error: { code: "SERVICE_FAILED", message: "The provider broke down.", retryable: true },
    })
    expect(answer.citations.length).toBeGreaterThan(0)
  })
  await withModel({ failBefore: broken }, async url => {
    expect((await complete(url)).choices[0].finish_reason).toBe("stop")
  })
})

test("a provider that fails in mid answer leaves what was whole, and the finish reason is no stop", async () => {
  const failing: ScriptedAnswer = {
    text: `${right} And the second sent`,
    failAfter: { pieces: 17, error: broken },
  }
  await withModel(failing, async url => {
    const answer = await ask(url)
    expect(answer.error).toMatchObject({ code: "SERVICE_FAILED" })
    expect(answer.text).toContain("sits behind a proxy")
    expect(answer.text).not.toContain("second sent")
  })
  await withModel(failing, async url => {
    expect((await complete(url)).choices[0].finish_reason).toBe("length")
  })
})
