import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { collectAnswer } from "@roadmap/rag/answers/assistant"
import { lockIndex } from "@roadmap/rag/store/open"
import { afterAll, beforeAll, expect, test } from "vitest"
import { lexicalOnly, openProjectAssistant, type ProjectAssistantOptions } from "../src/assistant.ts"

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "roadmap-july-"))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** As on a bare clone: no neural part, no chat model. */
const open = (options: ProjectAssistantOptions = {}) =>
  openProjectAssistant(loadConfig({ ROADMAP_HOME: home }), {
    neural: "never",
    chatModel: "never",
    ...options,
  })

test("before anything is indexed every question is declined", async () => {
  await using project = await open({ refresh: false })
  const answer = await collectAnswer(project.assistant.ask("How do I make fastify trust a proxy?"))
  expect(answer).toMatchObject({ status: "declined", reason: "empty-index" })
  expect(project.receipt).toBeUndefined()
})

test("the first opening indexes the documents, says what is missing, and answers by words alone", async () => {
  const seen: number[] = []
  await using project = await open({ onProgress: ({ done }) => seen.push(done) })
  expect(project.receipt?.added).toBeGreaterThan(100)
  expect(seen.at(-1)).toBe(project.receipt?.chunks)
  expect(project.notes).toContain(lexicalOnly)
  const answer = await collectAnswer(project.assistant.ask("How do I make fastify trust a proxy?"))
  expect(answer).toMatchObject({ status: "answered", answeredBy: "extractive" })
  expect(answer.citations[0].documentId).toBe("fastify/docs/Reference/Server.md")
  expect(answer.text).toContain("trustProxy")
  for (const { documentId, start, end, quote } of answer.citations)
    expect((await project.index.document(documentId))?.text.slice(start, end)).toBe(quote)
})

test("the next opening finds nothing to do", async () => {
  await using project = await open()
  expect(project.receipt).toMatchObject({ added: 0, changed: 0, deleted: 0 })
  expect(project.receipt?.unchanged).toBeGreaterThan(100)
})

test("while another process indexes, answers come from what there is, and a note says so", async () => {
  const folder = await (async () => {
    await using project = await open({ refresh: false })
    return project.index.folder
  })()
  using _other = lockIndex(folder, "project")
  await using project = await open()
  expect(project.receipt).toBeUndefined()
  expect(project.notes.join(" ")).toContain("Answers come from what is indexed so far.")
  const answer = await collectAnswer(project.assistant.ask("How do I make fastify trust a proxy?"))
  expect(answer.status).toBe("answered")
})

test("a chat model's server that is not there leaves the documents' own sentences, and the answer says so", async () => {
  const config = loadConfig({ ROADMAP_HOME: home, OPENAI_BASE_URL: "http://127.0.0.1:9/v1" })
  await using project = await openProjectAssistant(config, { neural: "never" })
  const answer = await collectAnswer(project.assistant.ask("How do I make fastify trust a proxy?"))
  expect(answer).toMatchObject({
    status: "answered",
    answeredBy: "extractive",
    error: { code: "UNREACHABLE" },
  })
  expect(answer.text).toMatch(/^\(The chat model http:\/\/127\.0\.0\.1:9\/v1 failed/)
})

test("an interrupted opening leaves nothing open and nothing half done", async () => {
  await expect(open({ rebuild: true, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "INTERRUPTED",
  })
  await using project = await open()
  expect(project.receipt?.chunks).toBeGreaterThan(1_000)
})
