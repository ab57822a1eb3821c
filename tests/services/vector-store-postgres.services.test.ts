import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { ErrorCode } from "../../packages/core/src/errors.ts"
import { openPgVectorStore } from "../../packages/rag/src/vector-store/adapters/pgvector/store.ts"
import { openVectorStore } from "../../packages/rag/src/vector-store/open.ts"
import { clusteredRecords } from "../../packages/rag/testing/contract/context.ts"
import { describeVectorStore } from "../../packages/rag/testing/contract.ts"
import { startService, stopService } from "../../packages/services/src/service.ts"

const home = mkdtempSync(join(tmpdir(), "roadmap-vectors-"))
let url: string
let pids: readonly number[]

const start = async (port?: number) => {
  const service = await startService("postgres", {
    home,
    onProgress: line => console.error(line),
    ...(port && { port }),
  })
  url = service.variables.DATABASE_URL
  pids = service.pids
}
beforeAll(() => start())
afterAll(async () => {
  await stopService("postgres", { home })
  rmSync(home, { recursive: true, force: true })
})

describeVectorStore("PostgreSQL with pgvector", options =>
  openVectorStore({ database: { url } }, { ...options, folder: home }),
)

describe("a vector store in PostgreSQL", () => {
  const wrong: readonly (readonly [
    ErrorCode,
    string,
    Partial<Record<"password" | "pathname" | "port", string>>,
  ])[] = [
    ["AUTH_FAILED", "a wrong password", { password: "wrong" }],
    ["CONFIG_INVALID", "a database that is not there", { pathname: "/nowhere" }],
    ["UNREACHABLE", "a port where nobody listens", { port: "9" }],
  ]
  test.each(wrong)("says %s for %s, and never the password", async (code, _, change) => {
    const address = Object.assign(new URL(url), change)
    const opened = openPgVectorStore({ url: address.href, name: "x", dimensions: 3 })
    const error = await opened.catch(reason => reason)
    expect(error).toMatchObject({ code })
    expect(`${error.message} ${error.hint}`).not.toContain(new URL(url).password)
  })
  test("keeps the name of a collection apart from SQL", async () => {
    const name = `a"; drop schema roadmap_vectors cascade; --`
    await using store = await openPgVectorStore({ url, name, dimensions: 3 })
    await store.upsert([{ id: "1", vector: Float32Array.of(1, 2, 3), metadata: {} }])
    expect(await store.count()).toBe(1)
  })
  test("aborted under way: INTERRUPTED, and nothing of the call is there", async () => {
    await using store = await openPgVectorStore({ url, name: "aborted", dimensions: 64 })
    const controller = new AbortController()
    const upsert = store.upsert(clusteredRecords(20_000, 64, 3), controller.signal)
    setTimeout(() => controller.abort(), 200)
    await expect(upsert).rejects.toMatchObject({ code: "INTERRUPTED" })
    expect(await store.count()).toBe(0)
  })
  test("killed and started again: the same store answers, and nothing that was written is lost", async () => {
    await using store = await openPgVectorStore({ url, name: "killed", dimensions: 32 })
    await store.upsert(clusteredRecords(1_000, 32, 1))
    const port = Number(new URL(url).port)
    for (const pid of pids) process.kill(pid, "SIGKILL")
    await stopService("postgres", { home })
    await expect(store.upsert(clusteredRecords(10, 32, 2))).rejects.toMatchObject({
      code: "UNREACHABLE",
      retryable: true,
    })
    await start(port)
    expect(await store.count()).toBe(1_000)
  })
})
