import { mkdir, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ingest } from "../src/ingest.ts"
import { csv, good, trips } from "./trips.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

describe("sources that cannot be loaded", () => {
  const header = "day,delay,origin\n"

  it.each([
    ["a file with 0 bytes", "", "FILE_EMPTY", "0 bytes"],
    ["a file without a row", header, "FILE_EMPTY", "no row"],
    ["a row cut short", `${header}2001-01-01,5\n`, "FILE_CORRUPT", "line 2"],
    [
      "a renamed column",
      "day,arr_delay,origin\n2001-01-01,5,LAX\n",
      "SCHEMA_MISMATCH",
      '"delay" may now be called "arr_delay"',
    ],
    [
      "a slip in a name",
      "day,dealy,origin,x\n2001-01-01,5,LAX,1\n",
      "SCHEMA_MISMATCH",
      '"delay" may now be called "dealy"',
    ],
    [
      "a column that is gone",
      "day,origin\n2001-01-01,LAX\n",
      "SCHEMA_MISMATCH",
      'no column "delay". It has day, origin.',
    ],
    [
      "a column named like ours",
      "day,delay,origin,_row_number\n2001-01-01,5,LAX,1\n",
      "SCHEMA_MISMATCH",
      "_row_number",
    ],
  ] as const)("refuses %s and leaves every table as it was", async (_, content, code, message) => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const source = await write("trips.csv", csv(...good))
    await ingest({ engine, source, contract: trips() })
    await write("trips.csv", content)
    const error = await refusal(code, ingest({ engine, source, contract: trips() }))
    expect(error.message).toContain(message)
    for (const table of ["bronze.trips", "silver.trips"])
      expect(await ask(`SELECT count(*) AS n FROM ${table}`)).toEqual([{ n: 3 }])
    await write("trips.csv", csv(...good))
    expect((await ingest({ engine, source, contract: trips() })).rows.accepted).toBe(3)
  })

  it("refuses a Parquet column of another type", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, writeParquet } = warehouse
    const source = await writeParquet(
      "t.parquet",
      "SELECT DATE '2001-01-01' AS day, '5' AS delay, 'LAX' AS origin",
    )
    const error = await refusal("SCHEMA_MISMATCH", ingest({ engine, source, contract: trips() }))
    expect(error.message).toBe(
      'Column "delay" of t.parquet is stored as string; the contract "trips" says integer.',
    )
  })

  it("refuses one bad file of a folder before it loads any", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, home } = warehouse
    const folder = join(home, "in")
    await mkdir(folder)
    await writeFile(join(folder, "a.csv"), csv(...good))
    await writeFile(join(folder, "b.csv"), "day,origin\n2001-01-01,LAX\n")
    await refusal("SCHEMA_MISMATCH", ingest({ engine, source: folder, contract: trips() }))
    await refusal("TABLE_MISSING", engine.query("SELECT * FROM bronze.trips"))
  })

  it("refuses a path that is not there, an empty folder and an unknown kind of file", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, home, write } = warehouse
    const contract = trips()
    await refusal("FILE_MISSING", ingest({ engine, source: join(home, "none.csv"), contract }))
    await mkdir(join(home, "empty"))
    await refusal("FILE_MISSING", ingest({ engine, source: join(home, "empty"), contract }))
    await refusal("INVALID_INPUT", ingest({ engine, source: await write("t.xlsx", "x"), contract }))
  })

  it("takes column names in another case, as SQL does", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    await ingest({
      engine,
      source: await write("t.csv", "Day,DELAY,Origin\n2001-01-01,5,LAX\nx,5,LAX\n"),
      contract: trips(),
    })
    expect(await ask("SELECT day, delay FROM silver.trips")).toEqual([{ day: "2001-01-01", delay: 5 }])
    expect(await ask('SELECT "Day" AS d FROM quarantine.trips')).toEqual([{ d: "x" }])
  })

  it("keeps a renamed file apart from its former self", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, home, write } = warehouse
    const source = await write("old.csv", csv(...good))
    await ingest({ engine, source, contract: trips() })
    await rename(source, join(home, "new.csv"))
    const receipt = await ingest({ engine, source: join(home, "new.csv"), contract: trips() })
    expect(receipt.files.map(({ label, change }) => [label, change])).toEqual([
      ["new.csv", "new"],
      ["old.csv", "removed"],
    ])
    expect(await ask("SELECT count(*) AS n FROM silver.trips")).toEqual([{ n: 3 }])
  })

  it("stops with INTERRUPTED and finishes the next time", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const source = await write("trips.csv", csv(...good))
    const abort = new AbortController()
    const onProgress = () => abort.abort()
    await refusal(
      "INTERRUPTED",
      ingest({ engine, source, contract: trips(), signal: abort.signal, onProgress }),
    )
    await refusal("TABLE_MISSING", engine.query("SELECT * FROM silver.trips"))
    await ingest({ engine, source, contract: trips() })
    expect(await ask("SELECT count(*) AS n FROM silver.trips")).toEqual([{ n: 3 }])
  })
})
