import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { checksum } from "@roadmap/warehouse/checksum"
import { describe, expect, it } from "vitest"
import { boolean, integer, number, text, timestamp } from "../src/columns.ts"
import { defineContract } from "../src/contract.ts"
import { ingest } from "../src/ingest.ts"
import { csv, good, trips } from "./trips.ts"
import { temporaryWarehouse } from "./warehouse.ts"

describe("rows that keep and rows that break the contract", () => {
  it("types the good rows and puts each broken rule of the others in quarantine, with the row as received", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const bad = ["2001-01-04,soon,LAX", "2001-03-01,9000,lax", ",1.5,JFK"]
    const source = await write("trips.csv", csv(...good, ...bad))
    const receipt = await ingest({ engine, source, contract: trips() })
    expect(receipt.rows).toEqual({ received: 6, accepted: 3, rejected: 3 })
    expect(
      await ask("SELECT day, delay, origin, _source_file, _row_number FROM silver.trips ORDER BY day"),
    ).toEqual([
      { day: "2001-01-01", delay: 5, origin: "LAX", _source_file: "trips.csv", _row_number: 1 },
      { day: "2001-01-02", delay: -3, origin: "JFK", _source_file: "trips.csv", _row_number: 2 },
      { day: "2001-01-03", delay: 0, origin: "SFO", _source_file: "trips.csv", _row_number: 3 },
    ])
    expect(
      (await engine.query("SELECT * FROM silver.trips")).fields.slice(0, 3).map(({ type }) => type),
    ).toEqual(["date", "int64", "string"])
    expect(
      await ask(
        "SELECT _reason, day, delay, origin, _row_number FROM quarantine.trips ORDER BY _row_number, _reason",
      ),
    ).toEqual([
      { _reason: "delay_type", day: "2001-01-04", delay: "soon", origin: "LAX", _row_number: 4 },
      { _reason: "day_range", day: "2001-03-01", delay: "9000", origin: "lax", _row_number: 5 },
      { _reason: "delay_range", day: "2001-03-01", delay: "9000", origin: "lax", _row_number: 5 },
      { _reason: "origin_pattern", day: "2001-03-01", delay: "9000", origin: "lax", _row_number: 5 },
      { _reason: "day_null", day: null, delay: "1.5", origin: "JFK", _row_number: 6 },
      { _reason: "delay_type", day: null, delay: "1.5", origin: "JFK", _row_number: 6 },
    ])
    expect(receipt.reasons.filter(({ rows }) => rows > 0).map(({ reason, rows }) => [reason, rows])).toEqual([
      ["day_null", 1],
      ["day_range", 1],
      ["delay_type", 2],
      ["delay_range", 1],
      ["origin_pattern", 1],
    ])
  })

  it("keeps in bronze what arrived: every row as text, with file, hash, number and time", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const source = await write("trips.csv", "day,delay,origin,note\n2001-01-01, 007 ,LAX,hello\nx,,,\n")
    const receipt = await ingest({ engine, source, contract: trips() })
    expect(receipt.surplusColumns).toEqual(["note"])
    const [first, second] = await ask("SELECT * FROM bronze.trips ORDER BY _row_number")
    expect(first).toEqual({
      day: "2001-01-01",
      delay: " 007 ",
      origin: "LAX",
      note: "hello",
      _source_file: "trips.csv",
      _row_number: 1,
      _content_hash: receipt.files[0].contentHash,
      _loaded_at: new Date(receipt.loadedAt),
    })
    expect(second).toMatchObject({ day: "x", delay: null, note: null })
    expect(await ask("SELECT delay FROM silver.trips")).toEqual([{ delay: 7 }])
    expect((await engine.query("SELECT * FROM silver.trips")).fields.map(({ name }) => name)).not.toContain(
      "note",
    )
  })

  it.each([
    ["12", 12],
    ["+12", 12],
    ["12.0", 12],
    ["12.5", null],
    ["1e3", null],
    ["", null],
    ["99999999999999999999", null],
    ["12 minutes", null],
  ])("reads %j as the whole number %s", async (received, value) => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const contract = defineContract({ name: "t", columns: { n: integer(), keep: text() }, maxRejectShare: 1 })
    await ingest({ engine, source: await write("t.csv", `n,keep\n${received},x\n`), contract })
    expect(await ask("SELECT n FROM silver.t")).toEqual(value === null ? [] : [{ n: value }])
  })

  it("reads numbers, moments and truth values from text, and no infinity", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    const contract = defineContract({
      name: "t",
      columns: { x: number(), moment: timestamp(), yes: boolean() },
      maxRejectShare: 1,
    })
    const source = await write(
      "t.csv",
      "x,moment,yes\n1e3,2001-01-01T06:00:00.25Z,true\n-0.5,2001-01-01 06:00,false\ninf,2001-01-01,true\nnan,2001-01-01,true\n1,soon,maybe\n",
    )
    await ingest({ engine, source, contract })
    expect(await ask("SELECT x, moment, yes FROM silver.t ORDER BY x")).toEqual([
      { x: -0.5, moment: new Date("2001-01-01T06:00:00Z"), yes: false },
      { x: 1000, moment: new Date("2001-01-01T06:00:00.250Z"), yes: true },
    ])
    expect(await ask("SELECT _reason, x FROM quarantine.t ORDER BY _row_number, _reason")).toEqual([
      { _reason: "x_type", x: "inf" },
      { _reason: "x_type", x: "nan" },
      { _reason: "moment_type", x: "1" },
      { _reason: "yes_type", x: "1" },
    ])
  })

  it("keeps the first of rows with the same key, across files, and lets null keys be", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, home } = warehouse
    const folder = join(home, "in")
    await mkdir(folder)
    await writeFile(join(folder, "a.csv"), "k,v\n1,x\n2,y\n,z\n")
    await writeFile(join(folder, "b.csv"), "k,v\n2,y2\n1,x2\n1,x3\n,z2\n")
    const contract = defineContract({
      name: "t",
      columns: { k: integer().nullable().unique(), v: text() },
      maxRejectShare: 1,
    })
    await ingest({ engine, source: folder, contract })
    expect(await ask("SELECT v FROM silver.t ORDER BY v")).toEqual([
      { v: "x" },
      { v: "y" },
      { v: "z" },
      { v: "z2" },
    ])
    expect(await ask("SELECT _reason, v FROM quarantine.t ORDER BY v")).toEqual(
      ["x2", "x3", "y2"].map(v => ({ _reason: "k_unique", v })),
    )
  })

  it("checks references, lists, row rules and composite keys", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, ask, write } = warehouse
    await engine.load(
      "ref.airports",
      { format: "csv", files: [await write("airports.csv", "iata\nLAX\nJFK\n")] },
      "replace",
    )
    const contract = defineContract({
      name: "t",
      columns: {
        origin: text().references("ref.airports", "iata"),
        destination: text().nullable().references("ref.airports", "iata"),
        class: text().oneOf(["eco", "business"]),
      },
      rows: { no_round_trip: "origin <> destination" },
      uniqueBy: ["origin", "class"],
      maxRejectShare: 1,
    })
    const rows = ["LAX,JFK,eco", "LAX,,eco", "LAX,LAX,business", "XXX,JFK,eco", "JFK,LAX,first"]
    await ingest({
      engine,
      source: await write("t.csv", `origin,destination,class\n${rows.join("\n")}\n`),
      contract,
    })
    expect(await ask("SELECT _row_number AS n, _reason FROM quarantine.t ORDER BY n, _reason")).toEqual([
      { n: 2, _reason: "row_unique" },
      { n: 3, _reason: "no_round_trip" },
      { n: 4, _reason: "origin_reference" },
      { n: 5, _reason: "class_one_of" },
    ])
  })

  it("reads the same rows alike from CSV, JSON lines and Parquet", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine, write, writeParquet } = warehouse
    const jsonl = good
      .map(row => row.split(","))
      .map(([day, delay, origin]) => `{"day":"${day}","delay":${delay},"origin":"${origin}"}\n`)
    const sources = [
      await write("a.csv", csv(...good)),
      await write("b.jsonl", jsonl.join("")),
      await writeParquet(
        "c.parquet",
        `SELECT CAST(day AS DATE) AS day, CAST(delay AS INT) AS delay, origin FROM read_csv('${join(warehouse.home, "a.csv")}')`,
      ),
    ]
    const sums = []
    for (const source of sources) {
      await ingest({ engine, source, contract: trips() })
      sums.push(await checksum(engine, "SELECT day, delay, origin FROM silver.trips"))
    }
    expect(sums[0].rows).toBe(3)
    expect(sums[1]).toEqual(sums[0])
    expect(sums[2]).toEqual(sums[0])
  })
})
