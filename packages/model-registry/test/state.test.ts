import { appendFile, chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { openTracking } from "@roadmap/tracking/open"
import { mountSmall, startChild, unmount } from "@roadmap/tracking/testing/child"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { readModel } from "../src/mlmodel.ts"
import { openRegistry } from "../src/open.ts"
import { writeSampleModel } from "../testing/sample-model.ts"

const openRegistryChild = new URL("./children/open-registry.ts", import.meta.url)

let home: string
let scratch: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "registry-state-"))
  scratch = await mkdtemp(join(tmpdir(), "registry-scratch-"))
})
afterEach(async () => {
  await rm(home, { recursive: true, force: true })
  await rm(scratch, { recursive: true, force: true })
})
const stateFile = () => join(home, "state", "registry.sqlite")

describe("the registry file", () => {
  it("that is no SQLite file is STATE_CORRUPT, with what to do", async () => {
    await mkdir(join(home, "state"))
    await writeFile(stateFile(), "nothing that SQLite would know ".repeat(40))
    await expect(openRegistry({ home })).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      hint: expect.stringContaining("roadmap clean"),
    })
  })
  it("of tracking is not taken for one", async () => {
    await (await openTracking({ home })).close()
    await rename(join(home, "state", "tracking.sqlite"), stateFile())
    await expect(openRegistry({ home })).rejects.toMatchObject({ code: "STATE_CORRUPT" })
  })
  it("of a newer version is STATE_VERSION", async () => {
    await (await openRegistry({ home })).close()
    const database = new DatabaseSync(stateFile())
    database.exec("pragma user_version = 2")
    database.close()
    await expect(openRegistry({ home })).rejects.toMatchObject({
      code: "STATE_VERSION",
      message: expect.stringMatching(/schema 2.*up to 1/),
    })
  })
  it("in a read-only folder is PERMISSION", async () => {
    await chmod(home, 0o555)
    const child = startChild(openRegistryChild, [home], { unprivileged: true })
    expect(JSON.parse(await child.line())).toMatchObject({ code: "PERMISSION", hint: expect.any(String) })
  })
  it("is opened without a word on standard error", async () => {
    const child = startChild(openRegistryChild, [home])
    expect(await child.line()).toBe("opened")
    expect(await child.ended).toEqual({ code: 0, signal: null, errors: "" })
  })
  it("with an MLflow server in the configuration that is not there is UNREACHABLE", async () => {
    const mlflow = { trackingUri: "http://127.0.0.1:9", requestTimeout: 0.2 }
    await expect(openRegistry({ home, mlflow })).rejects.toMatchObject({ code: "UNREACHABLE" })
  })
})

describe("a stored model", () => {
  it("damaged on the disk is MODEL_FORMAT, and registering it again repairs it", async () => {
    const registry = await openRegistry({ home })
    const { directory, digest } = await writeSampleModel(scratch, 1)
    const made = await registry.register({ name: "m", directory })
    await appendFile(join(home, "artifacts", "models", digest, "model.bin"), "x")
    await expect(registry.fetchModel("m", 1)).rejects.toMatchObject({
      code: "MODEL_FORMAT",
      hint: expect.stringContaining("Register the same model again"),
    })
    await expect(registry.readCard("m", 1)).rejects.toMatchObject({ code: "MODEL_FORMAT" })
    expect(await registry.register({ name: "m", directory })).toEqual(made)
    expect((await readModel(await registry.fetchModel("m", 1))).digest).toBe(digest)
    await rm(join(home, "artifacts", "models", digest), { recursive: true })
    await expect(registry.fetchModel("m", 1)).rejects.toMatchObject({ code: "MODEL_FORMAT" })
    await registry.register({ name: "m", directory })
    await registry.fetchModel("m", 1)
    expect(await readdir(join(home, "artifacts", "staging"))).toEqual([])
    await registry.close()
  })
  it("is kept once for equal content, and swept when its last version is deleted, not before", async () => {
    const registry = await openRegistry({ home })
    const { directory, digest } = await writeSampleModel(scratch, 2)
    for (const runId of ["a", "b"]) await registry.register({ name: "m", directory, lineage: { runId } })
    expect(await readdir(join(home, "artifacts", "models"))).toEqual([digest])
    expect(await readdir(join(home, "artifacts", "staging"))).toEqual([])
    await registry.deleteVersion("m", 2)
    expect(await registry.sweep()).toEqual([])
    await registry.fetchModel("m", 1)
    await registry.deleteModel("m")
    expect(await registry.sweep()).toEqual([`models/${digest}`])
    expect(await readdir(join(home, "artifacts", "models"))).toEqual([])
    await registry.close()
  })
  it("gives no number twice: the number of a deleted version stays its own", async () => {
    const registry = await openRegistry({ home })
    const register = async (seed: number) => {
      const { directory } = await writeSampleModel(scratch, seed)
      return (await registry.register({ name: "m", directory })).version
    }
    expect([await register(1), await register(2)]).toEqual([1, 2])
    await registry.deleteVersion("m", 2)
    expect(await register(3)).toBe(3)
    await registry.close()
  })

  const small = join(tmpdir(), `registry-small-${process.pid}`)
  it("that does not fit on the disk is DISK_FULL and leaves the registry as it was", async context => {
    await mkdir(small, { recursive: true })
    if (!mountSmall(small, 800)) context.skip("mounting a small file system is not allowed here")
    try {
      const registry = await openRegistry({ home: small })
      const fits = await writeSampleModel(scratch, 1)
      await registry.register({ name: "m", directory: fits.directory })
      const files = { "model.bin": new Uint8Array(900_000) }
      const big = await writeSampleModel(scratch, 2, { files })
      const registered = registry.register({ name: "m", directory: big.directory })
      await expect(registered).rejects.toMatchObject({ code: "DISK_FULL" })
      expect((await registry.listVersions("m")).items.map(version => version.version)).toEqual([1])
      expect(await readdir(join(small, "artifacts", "staging"))).toEqual([])
      await registry.fetchModel("m", 1)
      await registry.close()
      expect((await stat(join(small, "state", "registry.sqlite"))).size).toBeGreaterThan(0)
    } finally {
      unmount(small)
      await rm(small, { recursive: true })
    }
  })
})
