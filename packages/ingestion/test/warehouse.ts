import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { expect } from "vitest"

export const configFor = (home: string) => ({ home, logLevel: "silent", ci: true, color: false }) as const

/** A warehouse and a folder for sources, gone with `await using`. */
export const temporaryWarehouse = async () => {
  const home = await mkdtemp(join(tmpdir(), "ingestion-"))
  const engine = await openWarehouse(configFor(home))
  return {
    home,
    engine,
    ask: async (sql: string) => rowsOf(await engine.query(sql)),
    write: async (name: string, content: string) => {
      const path = join(home, name)
      await writeFile(path, content)
      return path
    },
    /** A Parquet file of a SELECT. */
    async writeParquet(name: string, select: string) {
      const path = join(home, name)
      await engine.query(`COPY (${select}) TO '${path}' (FORMAT parquet)`)
      return path
    },
    async [Symbol.asyncDispose]() {
      await engine.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** The RoadmapError of work that must fail with this code. */
export const refusal = async (code: ErrorCode, work: Promise<unknown>): Promise<RoadmapError> => {
  const error = await work.then(
    () => expect.fail(`expected ${code}, but it was accepted`),
    (reason: unknown) => reason,
  )
  if (!(error instanceof RoadmapError)) throw error
  expect(error.code, error.message).toBe(code)
  return error
}
