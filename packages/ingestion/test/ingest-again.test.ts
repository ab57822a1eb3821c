import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { checksum } from "@roadmap/warehouse/checksum"
import { describe, expect, it } from "vitest"
import { integer } from "../src/columns.ts"
import { defineContract } from "../src/contract.ts"
import { ingest } from "../src/ingest.ts"
import { csv, good, trips } from "./trips.ts"
import { temporaryWarehouse } from "./warehouse.ts"

describe("loading again", () => {
  const contents = async (engine: Parameters<typeof checksum>[0]) => ({
    bronze: await checksum(
      engine,
      "SELECT day, delay, origin, _source_file, _row_number, _content_hash FROM bronze.trips",
    ),
    silver: await checksum(engine, "SELECT * FROM silver.trips"),
    quarantine: await checksum(
      engine,
      "SELECT _reason, day, delay, origin, _source_file, _row_number FROM quarantine.trips",
    ),
  })

  it("changes nothing for the same file, and says so", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, write } = warehouse
    const source = await write("trips.csv", csv(...good, "x,y,z"))
    const first = await ingest({ engine, source, contract: trips() })
    const before = await contents(engine)
    const second = await ingest({ engine, source, contract: trips() })
    expect(second).toMatchObject({ status: "unchanged", rows: first.rows, contentHash: first.contentHash })
    expect(await contents(engine)).toEqual(before)
  })

  it("checks again without loading when only the contract changed", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const source = await write("trips.csv", csv(...good))
    const first = await ingest({ engine, source, contract: trips() })
    const stricter = trips({ columns: { delay: integer().atLeast(0) } })
    expect((await ingest({ engine, source, contract: stricter })).rows.rejected).toBe(1)
    expect(await ask("SELECT max(_loaded_at) AS at FROM bronze.trips")).toEqual([
      { at: new Date(first.loadedAt) },
    ])
  })

  it("makes a lost silver table anew", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const source = await write("trips.csv", csv(...good))
    await ingest({ engine, source, contract: trips() })
    await engine.query("DROP TABLE silver.trips")
    expect((await ingest({ engine, source, contract: trips() })).status).toBe("published")
    expect(await ask("SELECT count(*) AS n FROM silver.trips")).toEqual([{ n: 3 }])
  })

  it("loads new, changed and removed files of a folder, and ends like one load of all of them", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, home } = warehouse
    const folder = join(home, "in")
    await mkdir(join(folder, "deep"), { recursive: true })
    const file = (name: string, ...rows: string[]) => writeFile(join(folder, name), csv(...rows))
    await file("a.csv", good[0])
    await file("b.csv", good[1])
    await writeFile(join(folder, "notes.txt"), "no data")
    await writeFile(join(folder, ".hidden.csv"), "no data")
    const contract = trips()
    const first = await ingest({ engine, source: folder, contract })
    expect(first.files.map(({ label, change }) => [label, change])).toEqual([
      ["a.csv", "new"],
      ["b.csv", "new"],
    ])

    await file("b.csv", good[1], good[2])
    await file("deep/c.csv", "2001-01-09,9,BOS")
    await rm(join(folder, "a.csv"))
    const second = await ingest({ engine, source: folder, contract })
    expect(second.files.map(({ label, change }) => [label, change])).toEqual([
      ["b.csv", "changed"],
      ["deep/c.csv", "new"],
      ["a.csv", "removed"],
    ])
    const incremental = await contents(engine)
    expect(await ask("SELECT origin FROM silver.trips ORDER BY origin")).toEqual(
      ["BOS", "JFK", "SFO"].map(origin => ({ origin })),
    )

    await using other = await temporaryWarehouse()
    await ingest({ engine: other.engine, source: folder, contract })
    expect(await contents(other.engine)).toEqual(incremental)
  })

  it("joins files whose surplus columns differ in name and type", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, home, writeParquet } = warehouse
    const folder = join(home, "in")
    await mkdir(folder)
    await writeFile(join(folder, "a.csv"), "n,note\n1,7\n")
    await writeParquet("in/b.parquet", "SELECT 2 AS n, 8 AS note, true AS extra")
    await writeParquet("in/c.parquet", "SELECT CAST(3 AS BIGINT) AS n")
    const contract = defineContract({ name: "t", columns: { n: integer() } })
    const receipt = await ingest({ engine, source: folder, contract })
    expect(receipt.surplusColumns.toSorted()).toEqual(["extra", "note"])
    expect(await ask("SELECT n, note, extra FROM bronze.t ORDER BY n")).toEqual([
      { n: "1", note: "7", extra: null },
      { n: "2", note: "8", extra: true },
      { n: "3", note: null, extra: null },
    ])
    expect(await ask("SELECT n FROM silver.t ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  it("follows a glob pattern", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, home, write } = warehouse
    await write("x-1.csv", csv(good[0]))
    await write("x-2.csv", csv(good[1]))
    await write("y.csv", csv(good[2]))
    const receipt = await ingest({ engine, source: join(home, "x-*.csv"), contract: trips() })
    expect(receipt.files.map(({ label }) => label)).toEqual(["x-1.csv", "x-2.csv"])
  })
})
