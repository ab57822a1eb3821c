import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { createArtifactStore } from "../src/artifacts.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "artifacts-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test("equal content is stored once and comes back", async () => {
  const store = createArtifactStore(folder)
  const first = await store.put("a", "some bytes")
  const second = await store.put("b", Buffer.from("some bytes"))
  expect(second.digest).toBe(first.digest)
  expect(Buffer.from(await store.get(first)).toString()).toBe("some bytes")
})

test("a damaged file is refused, and mended when its content is stored again", async () => {
  const store = createArtifactStore(folder)
  const ref = await store.put("a", "some bytes")
  writeFileSync(store.path(ref), "SOME bytes")
  await expect(store.get(ref)).rejects.toMatchObject({ code: "FILE_CORRUPT" })
  await store.put("a", "some bytes")
  expect(Buffer.from(await store.get(ref)).toString()).toBe("some bytes")
})

test("a file that is gone is named, and is not there", async () => {
  const store = createArtifactStore(folder)
  const ref = await store.put("a.model", "some bytes")
  rmSync(store.path(ref))
  expect(await store.has(ref)).toBe(false)
  await expect(store.get(ref)).rejects.toMatchObject({
    code: "FILE_MISSING",
    message: expect.stringContaining("a.model"),
  })
})
