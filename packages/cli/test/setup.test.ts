import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { installPart, listParts } from "../src/commands/setup.ts"

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "parts-"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** A part that needs no download: its module lies in its own folder. */
const addPart = (name: string, code: string, dependencies: Record<string, string> = {}) => {
  const folder = join(root, "parts", name)
  mkdirSync(folder, { recursive: true })
  const own = { name, version: "1.0.0" }
  const costs = { load: "./index.js", downloadMegabytes: 1.5, installedMegabytes: 3 }
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ ...own, description: `the ${name}`, dependencies, roadmapPart: costs }),
  )
  const lock = { ...own, lockfileVersion: 3, requires: true, packages: { "": own } }
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock))
  writeFileSync(join(folder, "index.js"), code)
}

const install = async (name: string, said: string[] = []) => {
  const part = (await listParts(root)).find(each => each.name === name)!
  return installPart(root, part, { say: line => said.push(line) })
}

test("a part is listed with its size, installed once, and then there", async () => {
  addPart("tiny", "module.exports = 1")
  expect(await listParts(root)).toMatchObject([
    { name: "tiny", description: "the tiny", downloadBytes: 1.5e6, installedBytes: 3e6, installed: false },
  ])
  const said: string[] = []
  expect(await install("tiny", said)).toBe("installed")
  expect(said[0]).toMatch(/^tiny: the tiny. About 1.5 MB to download, 3.0 MB in /)
  expect((await listParts(root))[0].installed).toBe(true)
  expect(await install("tiny", said)).toBe("present")
  expect(said).toHaveLength(1)
})

test("a part whose lockfile changed is installed again", async () => {
  addPart("tiny", "module.exports = 1")
  await install("tiny")
  writeFileSync(
    join(root, "parts", "tiny", "package-lock.json"),
    JSON.stringify({
      name: "tiny",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: { "": { name: "tiny", version: "1.0.0" } },
    }),
  )
  expect((await listParts(root))[0].installed).toBe(false)
  expect(await install("tiny")).toBe("installed")
})

test("a part that does not start is not installed, and the reason is shown", async () => {
  addPart("broken", 'throw new Error("no such processor")')
  await expect(install("broken")).rejects.toMatchObject({ code: "PART_MISSING" })
  expect((await listParts(root))[0].installed).toBe(false)
})

test("packages that cannot be fetched are an error that may pass", async () => {
  addPart("lost", "", { "left-out-of-the-lockfile": "1.0.0" })
  await expect(install("lost")).rejects.toMatchObject({ code: "UNREACHABLE", retryable: true })
})

test("an aborted setup stops and leaves nothing installed", async () => {
  addPart("tiny", "")
  const [part] = await listParts(root)
  const aborted = installPart(root, part, { signal: AbortSignal.abort(), say: () => undefined })
  await expect(aborted).rejects.toMatchObject({ code: "INTERRUPTED" })
  expect((await listParts(root))[0].installed).toBe(false)
})
