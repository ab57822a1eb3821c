import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createRandom } from "@roadmap/core/random"
import { afterEach, beforeEach, expect, test } from "vitest"
import { indexSources } from "../../src/ingest/index-sources.ts"
import { openChildIndex, versionedSource } from "../../testing/index-child.ts"
import { contentOf } from "./content.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roadmap-kill-"))
})
afterEach(() => rm(folder, { recursive: true }))

const child = join(import.meta.dirname, "../../testing/index-child.ts")

/** Kills the indexer `afterMs` after it opened the index. True when it was done before. */
const indexAndKill = (into: string, version: 1 | 2, afterMs: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [child, into, String(version)], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let out = ""
    running.stdout.on("data", data => {
      if (out === "") setTimeout(() => running.kill("SIGKILL"), afterMs)
      out += data
    })
    running.on("error", reject)
    running.on("close", () => resolve(out.includes("done")))
  })

const questions = ["topic7 comes before", "document 12 part 3", "replaced topic31"]

test("an index whose indexer was killed twenty times equals one that was never killed", async () => {
  const random = createRandom(9)
  const killed = join(folder, "killed")
  let kills = 0
  for (const version of [1, 2] as const) {
    for (let round = 0; round < 10; round++)
      if (!(await indexAndKill(killed, version, 2 + random.integer(60)))) kills++
    await using last = await openChildIndex(killed)
    await indexSources(last.index, [versionedSource(version)])

    const whole = join(folder, `whole-${version}`)
    await using never = await openChildIndex(whole)
    await indexSources(never.index, [versionedSource(version)])
    expect(await contentOf(last.index, questions)).toEqual(await contentOf(never.index, questions))
    for (const question of questions) {
      const [vector] = await last.index.dense!.embedder.embed([question])
      const nearest = (from: typeof last) => from.index.dense!.store.search(vector, { k: 20, exact: true })
      expect(await nearest(last)).toEqual(await nearest(never))
    }
  }
  expect(kills, "most rounds end in a kill, not in a finished index").toBeGreaterThanOrEqual(10)
}, 300_000)

test("an index and its vector store that were torn apart by a lost file heal", async () => {
  const source = versionedSource(1)
  {
    await using opened = await openChildIndex(folder)
    await indexSources(opened.index, [source])
  }
  await rm(join(folder, "vectors"), { recursive: true })
  await using opened = await openChildIndex(folder)
  const receipt = await indexSources(opened.index, [source])
  expect(receipt).toMatchObject({ embedded: 0, unchanged: 200, refilled: receipt.chunks })
  expect(await opened.index.dense!.store.count()).toBe(receipt.chunks)
})
