import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe } from "vitest"
import { tableName } from "../src/identifiers.ts"
import type { SqlEngine } from "../src/port.ts"
import { type Cell, rowsOf } from "../src/rows.ts"
import { describeLoading } from "./loading.ts"
import { describeQuerying } from "./querying.ts"
import { describeStreaming } from "./streaming.ts"

export interface EngineUnderTest {
  engine: SqlEngine
  /** Writes the rows of a SELECT as one Parquet file that `load` of this engine can read. */
  writeParquet(select: string, path: string): Promise<void>
  dispose(): Promise<void>
}

/** What the parts of the suite work with. `engine` and `folder` are there once the tests run. */
export interface Bench extends Pick<EngineUnderTest, "engine" | "writeParquet"> {
  readonly folder: string
  /** The name of a table that does not exist yet. */
  newTable(): string
  /** A table's name, quoted. */
  sql(table: string): string
  ask(statement: string): Promise<Record<string, Cell>[]>
  /** Writes a file in `folder` and returns its path. */
  write(file: string, content: string | Uint8Array): Promise<string>
}

/** What every SqlEngine adapter must do. `factory` gives an engine on an empty warehouse. */
export const describeSqlEngine = (name: string, factory: () => Promise<EngineUnderTest>): void => {
  describe(`SqlEngine: ${name}`, () => {
    let subject: EngineUnderTest
    let folder: string
    let tables = 0

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "sql-engine-"))
      subject = await factory()
    })
    afterAll(async () => {
      await subject?.dispose()
      await rm(folder, { recursive: true, force: true })
    })

    const bench: Bench = {
      get engine() {
        return subject.engine
      },
      get folder() {
        return folder
      },
      writeParquet: (select, path) => subject.writeParquet(select, path),
      newTable: () => `contract.t${++tables}`,
      sql: table => tableName(table, subject.engine.dialect),
      ask: async statement => rowsOf(await subject.engine.query(statement)),
      async write(file, content) {
        const path = join(folder, file)
        await writeFile(path, content)
        return path
      },
    }
    describeQuerying(bench)
    describeStreaming(bench)
    describeLoading(bench)
  })
}
