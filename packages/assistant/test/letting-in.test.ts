import { request } from "node:http"
import { loadConfig } from "@roadmap/core/config"
import { expect, test } from "vitest"
import { startAssistantServer } from "../src/server.ts"
import { proxyScript, type SmallServer, startSmall } from "../testing/start-small.ts"

const ask = (server: SmallServer, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/v1/ask`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ question: "proxy" }),
  })

/** Node's fetch does not let a caller choose Host. */
const statusWithHost = (server: SmallServer, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = request(`${server.url}/v1/assistant`, { headers: { host } }, answer => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on("error", reject)
    sent.end()
  })

test("with a token everything but health asks for it", async () => {
  const token = "a-token-of-some-length"
  await using server = await startSmall(() => proxyScript, { token })
  expect((await ask(server)).status).toBe(401)
  expect((await ask(server, { authorization: "Bearer another-token-of-length" })).status).toBe(401)
  expect((await ask(server, { authorization: `Bearer ${token}` })).status).toBe(200)
  for (const path of ["/v1/documents", "/v1/assistant", "/v1/models", "/metrics", "/openapi.json"])
    expect((await fetch(`${server.url}${path}`)).status, path).toBe(401)
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200)
})

test("binding wider than this machine needs a token", async () => {
  await using server = await startSmall(() => proxyScript)
  const { index } = server
  const assistant = { answeredBy: "none", ask: () => expect.unreachable() }
  const config = loadConfig({ ROADMAP_HOME: server.home, LOG_LEVEL: "silent" })
  await expect(
    startAssistantServer(config, { assistant, index, host: "0.0.0.0", port: 0 }),
  ).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  })
})

test("pages of other origins and names of other machines are kept out", async () => {
  await using server = await startSmall(() => proxyScript)
  expect((await ask(server, { origin: "https://evil.example" })).status).toBe(403)
  expect((await ask(server, { origin: "null" })).status).toBe(403)
  expect((await ask(server, { origin: server.url })).status).toBe(200)
  expect(await statusWithHost(server, "evil.example")).toBe(403)
  expect(await statusWithHost(server, "127.0.0.1.evil.example")).toBe(403)
  expect(await statusWithHost(server, "localhost:1234")).toBe(200)
})

test("above the limit of requests in work the next one is told to come again", async () => {
  const open = Promise.withResolvers<void>()
  await using server = await startSmall(() => ({ ...proxyScript, gate: () => open.promise }), {
    admission: { maxInFlight: 2, timeoutMs: 20_000 },
  })
  const first = [ask(server), ask(server)]
  await expect.poll(() => server.asked.length).toBe(2)
  const refused = await ask(server)
  expect(refused.status).toBe(503)
  expect(refused.headers.get("retry-after")).toBe("1")
  expect(await refused.json()).toMatchObject({ error: { code: "OVERLOADED", retryable: true } })
  open.resolve()
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200])
})

test("a server that stops finishes the answer it has begun", async () => {
  const open = Promise.withResolvers<void>()
  const server = await startSmall(() => ({
    ...proxyScript,
    gate: piece => (piece === 1 ? open.promise : Promise.resolve()),
  }))
  const answer = await fetch(`${server.url}/v1/ask`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ question: "proxy", stream: true }),
  })
  const closing = server[Symbol.asyncDispose]()
  open.resolve()
  expect(await answer.text()).toContain("event: done")
  await closing
  await expect(fetch(`${server.url}/health/live`)).rejects.toThrow()
})

test("a port that is taken is an error with a hint", async () => {
  await using server = await startSmall(() => proxyScript)
  const port = Number(new URL(server.url).port)
  await expect(startSmall(() => proxyScript, { port })).rejects.toMatchObject({ code: "START_FAILED" })
})

test("the service describes itself: sources, limits, routes, figures", async () => {
  await using server = await startSmall(() => proxyScript, { notes: ["By words alone."], examples: ["How?"] })
  await ask(server)
  const described = await (await fetch(`${server.url}/v1/assistant`)).json()
  expect(described).toMatchObject({
    retrieval: "lexical",
    embedder: "none",
    documents: 3,
    sources: { guide: { documents: 3 } },
    notes: ["By words alone."],
    examples: ["How?"],
    limits: { questionCharacters: 4_000, uploads: { files: 10 } },
  })
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, object>
  }
  expect(Object.keys(paths)).toContain("/v1/ask")
  const figures = await (await fetch(`${server.url}/metrics`)).text()
  expect(figures).toContain('assistant_answers_total{status="answered"} 1\n')
  expect(figures).toMatch(/^# TYPE http_request_duration_seconds histogram$/m)
  expect(await (await fetch(`${server.url}/nowhere`)).json()).toMatchObject({ error: { code: "NOT_FOUND" } })
})
