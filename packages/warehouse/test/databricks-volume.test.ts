import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { Connection } from "../src/adapters/databricks/connect.ts"
import { stageInVolume } from "../src/adapters/databricks/volume.ts"
import { openFiles } from "../src/adapters/duckdb/read-files.ts"
import { concatBatches } from "../src/batches.ts"
import { sampleOfEveryType } from "../src/examples.ts"
import { failure } from "../testing/samples.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "volume-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Carries out PUT by a copy, as the client does by an upload; everything else only on a live workspace. */
const volumeOf = (
  statements: string[],
  put = (local: string) => copyFile(local, join(folder, "put.parquet")),
) =>
  ({
    async transfer(statement: string, allowedFolder: string) {
      statements.push(statement)
      const local = /^PUT '([^']+)' INTO/.exec(statement)?.[1]
      if (local === undefined) return
      expect(local.startsWith(allowedFolder)).toBe(true)
      await put(local)
    },
  }) as Connection

const volume = "/Volumes/main/default/staging/"

it("puts all rows into one Parquet file, reads them with their types, and removes the file", async () => {
  const statements: string[] = []
  const source = sampleOfEveryType()
  const temporaryFolder = join(folder, "work")
  const staged = await stageInVolume(
    { connection: volumeOf(statements), volume, temporaryFolder },
    source,
    undefined,
  )
  expect(staged.rows).toBe(5)
  const remote = /INTO '(\/Volumes\/main\/default\/staging\/[0-9a-f-]+\.parquet)'$/.exec(statements[0])?.[1]
  expect(remote).toBeDefined()
  expect(staged.select).toContain(`FROM read_files('${remote}', format => 'parquet')`)
  expect(staged.select).toContain("CAST(`price` AS DECIMAL(10, 2)) AS `price`")
  await staged.discard()
  expect(statements.slice(1)).toEqual([`REMOVE '${remote}'`])
  expect(await readdir(temporaryFolder)).toEqual([])

  const put = await openFiles(
    { format: "parquet", files: [join(folder, "put.parquet")] },
    { temporaryFolder },
  )
  const batches = await Array.fromAsync(put.batches())
  put.close()
  expect(put.fields).toEqual(source.fields)
  expect(concatBatches(put.fields, batches).columns).toEqual(source.batches[0].columns)
})

it("leaves nothing on this machine when the upload fails", async () => {
  const connection = volumeOf([], async () => {
    throw new Error("no such volume")
  })
  const temporaryFolder = join(folder, "failed")
  const staged = stageInVolume({ connection, volume, temporaryFolder }, sampleOfEveryType(), undefined)
  await expect(staged).rejects.toThrow("no such volume")
  expect(await readdir(temporaryFolder)).toEqual([])
})

it("leaves nothing when the source breaks", async () => {
  const temporaryFolder = join(folder, "broken")
  const { fields } = sampleOfEveryType()
  const source = { fields, batches: [{ rows: 1, columns: [] }] }
  const statements: string[] = []
  const staged = stageInVolume(
    { connection: volumeOf(statements), volume, temporaryFolder },
    source,
    undefined,
  )
  expect((await failure(staged)).code).toBe("INVALID_INPUT")
  expect(statements).toEqual([])
  expect(await readdir(temporaryFolder)).toEqual([])
})
