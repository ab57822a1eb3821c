import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { loadConfig } from "../../packages/core/src/config.ts"
import { openQdrantStore } from "../../packages/rag/src/vector-store/adapters/qdrant/store.ts"
import { openVectorStore } from "../../packages/rag/src/vector-store/open.ts"
import { describeVectorStore } from "../../packages/rag/testing/contract.ts"
import { type QdrantStandIn, startQdrantStandIn } from "../../packages/rag/testing/qdrant-stand-in/start.ts"

/**
 * Against the server that QDRANT_URL names, as the GitHub workflow does it with the server's own image; without one, against
 * the stand-in, which is the real engine behind a part of the REST API.
 */
const config = loadConfig()
const home = mkdtempSync(join(tmpdir(), "roadmap-qdrant-"))
let standIn: QdrantStandIn

beforeAll(async () => {
  standIn = await startQdrantStandIn({
    folder: join(home, "collections"),
    installFolder: join(config.home, "services"),
    apiKey: "right",
    onProgress: line => console.error(line),
  })
})
afterAll(async () => {
  await standIn?.[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

describeVectorStore(
  config.qdrant ? "Qdrant" : "Qdrant, stand-in of its REST API over its engine",
  options => {
    const qdrant = config.qdrant ?? { url: standIn.url, apiKey: "right" }
    return openVectorStore({ qdrant }, { ...options, folder: home })
  },
)

describe("a vector store in Qdrant", () => {
  const open = (apiKey?: string, url = standIn.url) =>
    openQdrantStore({ url, ...(apiKey && { apiKey }), name: "keys", dimensions: 3 })

  test("says AUTH_FAILED without the key and for a wrong one, and never the key", async () => {
    await expect(open()).rejects.toMatchObject({ code: "AUTH_FAILED" })
    const error = await open("wrong-key").catch(reason => reason)
    expect(error).toMatchObject({ code: "AUTH_FAILED" })
    expect(`${error.message} ${error.hint}`).not.toContain("wrong-key")
    await using store = await open("right")
    expect(await store.count()).toBe(0)
  })
  test("says UNREACHABLE for a port where nobody listens", async () => {
    await expect(open("right", "http://127.0.0.1:9")).rejects.toMatchObject({
      code: "UNREACHABLE",
      retryable: true,
    })
  })
})
