import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const child = join(import.meta.dirname, "../../testing/index-many-child.ts")

test("a hundred thousand chunks are indexed with vectors in a heap of 300 MB, and a second run changes nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "roadmap-scale-"))
  try {
    const run = async () => {
      const arguments_ = ["--max-old-space-size=300", child, folder, "5000"]
      const { stdout } = await promisify(execFile)(process.execPath, arguments_, { maxBuffer: 1e6 })
      return JSON.parse(stdout)
    }
    const first = await run()
    expect(first).toMatchObject({ added: 5_000, chunks: 100_000, vectors: 100_000, embedded: 100_000 })
    expect(first.progress).toBeGreaterThan(100)
    expect(first.peak).toBeLessThan(900)
    expect(await run()).toMatchObject({
      added: 0,
      unchanged: 5_000,
      embedded: 0,
      refilled: 0,
      vectors: 100_000,
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}, 600_000)
