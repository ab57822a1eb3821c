import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { createRandom } from "@roadmap/core/random"
import { allPages } from "@roadmap/tracking/page"
import { startChild } from "@roadmap/tracking/testing/child"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { sqliteModelRegistry } from "../src/adapters/sqlite.ts"
import { readModel } from "../src/mlmodel.ts"
import { openRegistry } from "../src/open.ts"
import type { ModelRegistry } from "../src/port.ts"
import { writeSampleModel } from "../testing/sample-model.ts"

const registerLoop = new URL("./children/register-loop.ts", import.meta.url)
const dieAtRename = new URL("./children/die-at-rename.ts", import.meta.url)
const name = "flight-delay"

// Processes are started by the dozen: slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let home: string
let scratch: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "registry-processes-"))
  scratch = await mkdtemp(join(tmpdir(), "registry-scratch-"))
})
afterEach(async () => {
  await rm(home, { recursive: true, force: true })
  await rm(scratch, { recursive: true, force: true })
})
const allVersions = (registry: ModelRegistry) =>
  allPages(pageToken => registry.listVersions(name, { pageToken }))
const expectReadable = async (registry: ModelRegistry) => {
  for (const { version, status, digest } of await allVersions(registry)) {
    expect(status).toBe("READY")
    expect((await readModel(await registry.fetchModel(name, version))).digest).toBe(digest)
  }
}

describe("several processes that register under one name at once", () => {
  it("get numbers of their own, without gaps", async () => {
    const children = [0, 100, 200].map((seed, i) =>
      startChild(registerLoop, [home, scratch, name, `${seed}`, "6", `run${i}`]),
    )
    for (const child of children) expect(await child.ended).toEqual({ code: 0, signal: null, errors: "" })
    const registry = await openRegistry({ home })
    const versions = await allVersions(registry)
    expect(versions.map(version => version.version)).toEqual(Array.from({ length: 18 }, (_, i) => 18 - i))
    expect(new Set(versions.map(version => version.digest)).size).toBe(18)
    await expectReadable(registry)
    await registry.close()
  })
  it("get one version when content and run are the same", async () => {
    const children = [1, 2, 3].map(() => startChild(registerLoop, [home, scratch, name, "5", "1", "one-run"]))
    for (const child of children) expect(await child.ended).toMatchObject({ code: 0, errors: "" })
    const registry = await openRegistry({ home })
    expect(await allVersions(registry)).toHaveLength(1)
    await registry.close()
  })
  it("lose nothing to another process that sweeps meanwhile", async () => {
    const registry = await openRegistry({ home })
    const child = startChild(registerLoop, [home, scratch, name, "0", "8", "run"])
    let ended = false
    void child.ended.then(() => {
      ended = true
    })
    while (!ended) {
      await registry.sweep()
      await wait(2)
    }
    expect(await child.ended).toMatchObject({ code: 0, errors: "" })
    expect(await allVersions(registry)).toHaveLength(8)
    await expectReadable(registry)
    await registry.close()
  })
})

describe("kill -9", () => {
  it.each([
    ["before", /^staging\//],
    ["after", /^models\//],
  ])(
    "just %s the directory is put in place leaves no version, and sweep removes the rest",
    async (when, left) => {
      const child = startChild(dieAtRename, [home, scratch, name, when])
      expect(await child.ended).toMatchObject({ signal: "SIGKILL", errors: "" })
      const registry = sqliteModelRegistry({
        file: join(home, "state", "registry.sqlite"),
        artifacts: join(home, "artifacts"),
      })
      expect(await registry.searchVersions()).toEqual({ items: [] })
      await expect(registry.getModel(name)).rejects.toMatchObject({ code: "NOT_FOUND" })
      const swept = await registry.sweep()
      expect(swept).toHaveLength(1)
      expect(swept[0]).toMatch(left)
      const { directory } = await writeSampleModel(scratch, 1)
      expect((await registry.register({ name, directory })).version).toBe(1)
      await expectReadable(registry)
      await registry.close()
    },
  )
})

describe("kill -9 at a random moment, twenty times, two processes at once", () => {
  it("leaves only READY, readable versions, an alias that points at one, and sweep removes the rest", async () => {
    const random = createRandom(11)
    const registry = await openRegistry({ home })
    let usual = 100
    // The delay is a share of what a registration takes on this machine now, so that kills fall into all its phases.
    const killOne = async (round: number, afterFirst: boolean, share: number) => {
      const child = startChild(registerLoop, [home, scratch, name, `${round * 1_000}`, "0", `run${round}`])
      await child.line()
      const started = performance.now()
      if (afterFirst) {
        await child.line()
        usual = performance.now() - started
      }
      await wait(share * 1.2 * usual)
      child.process.kill("SIGKILL")
      expect((await child.ended).signal).toBe("SIGKILL")
    }
    for (let round = 0; round < 20; round += 2) {
      await Promise.all([round, round + 1].map(one => killOne(one, one % 2 === 0, random.next())))
      const model = (await registry.searchModels()).items.at(0)
      if (model?.aliases.newest !== undefined)
        expect((await registry.getVersion(name, model.aliases.newest)).status).toBe("READY")
    }
    const versions = await allVersions(registry)
    expect(versions.length).toBeGreaterThanOrEqual(10)
    expect(versions.map(version => version.version)).toEqual(versions.map((_, i) => versions.length - i))
    await expectReadable(registry)

    await registry.sweep()
    const kept = await readdir(join(home, "artifacts", "models"))
    expect(kept.sort()).toEqual([...new Set(versions.map(version => version.digest))].sort())
    expect(await readdir(join(home, "artifacts", "staging"))).toEqual([])
    await expectReadable(registry)
    expect(await registry.sweep()).toEqual([])
    await registry.close()
  })
})
