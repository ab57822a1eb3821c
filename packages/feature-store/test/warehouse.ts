import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import { openWarehouse } from "@roadmap/warehouse/open"
import { expect } from "vitest"

/** A DuckDB warehouse in a folder of its own, gone with `await using`. */
export const temporaryWarehouse = async () => {
  const home = await mkdtemp(join(tmpdir(), "feature-store-"))
  const engine = await openWarehouse({ home, logLevel: "silent", ci: true, color: false })
  return {
    home,
    engine,
    async [Symbol.asyncDispose]() {
      await engine.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** The RoadmapError of work that must fail with this code. */
export const refusal = async (code: ErrorCode, work: () => unknown): Promise<RoadmapError> => {
  let error: unknown
  try {
    await work()
  } catch (reason) {
    error = reason
  }
  if (error === undefined) expect.fail(`expected ${code}, but it was accepted`)
  if (!(error instanceof RoadmapError)) throw error
  expect(error.code, error.message).toBe(code)
  return error
}
