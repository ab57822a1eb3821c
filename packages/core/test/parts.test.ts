import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { costOf, installPart, listParts, markInstalled, partOf, repositoryRoot } from "../src/parts.ts"

test("every part of this repository names its cost, one thing that it is for, and parts that are there", async () => {
  const parts = await listParts(repositoryRoot)
  expect(parts.map(({ name }) => name)).toEqual(expect.arrayContaining(["neural", "onnx", "tokens"]))
  for (const part of parts) {
    expect(part.downloadBytes, part.name).toBeGreaterThan(0)
    expect(part.installedBytes, part.name).toBeGreaterThan(0)
    expect([part.load, part.model].filter(Boolean), part.name).toHaveLength(1)
    for (const name of part.needs) expect((await partOf(repositoryRoot, name)).load).toBeDefined()
    expect(costOf(part)).toMatch(/About [\d.]+ MB to download, [\d.]+ MB in /)
  }
})

test("a part that there is not is named with those that there are", async () => {
  await expect(partOf(repositoryRoot, "neurol")).rejects.toMatchObject({
    code: "UNKNOWN_NAME",
    hint: expect.stringContaining("neural"),
  })
})

test("a part of model files counts by its pins: other pins make it absent again", async () => {
  const root = mkdtempSync(join(tmpdir(), "parts-"))
  const folder = join(root, "parts", "model")
  mkdirSync(folder, { recursive: true })
  const costs = { model: "model.json", downloadMegabytes: 1, installedMegabytes: 1 }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ description: "d", roadmapPart: costs }))
  writeFileSync(join(folder, "model.json"), "{}")
  const part = await partOf(root, "model")
  expect(part).toMatchObject({ installed: false, needs: [] })
  await expect(installPart(root, part, { say: () => undefined })).rejects.toMatchObject({ code: "INTERNAL" })
  await markInstalled(part)
  expect((await partOf(root, "model")).installed).toBe(true)
  writeFileSync(join(folder, "model.json"), "{ }")
  expect((await partOf(root, "model")).installed).toBe(false)
  rmSync(root, { recursive: true })
})
