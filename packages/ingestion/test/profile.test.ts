import { describe, expect, it } from "vitest"
import { profileTable } from "../src/profile.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

describe("a profile", () => {
  it("describes each column by counts, moments, quantiles, frequent values and a histogram", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine } = warehouse
    await engine.query(
      `CREATE TABLE t AS SELECT * FROM (VALUES
        (1, 1.5, 'a', true, DATE '2001-01-01'), (2, 2.5, 'b', false, DATE '2001-01-02'),
        (3, 3.5, 'b', true, DATE '2001-01-02'), (10, NULL, NULL, NULL, NULL)) AS v(n, x, word, yes, day)`,
    )
    const { rows, columns } = await profileTable(engine, "t", { bins: 3, top: 1 })
    const [n, x, word, yes, day] = columns
    expect(rows).toBe(4)
    expect(n).toMatchObject({ type: "int32", nulls: 0, distinct: 4, min: 1, max: 10, mean: 4 })
    expect(n.deviation).toBeCloseTo(Math.sqrt(50 / 3), 9)
    expect(n.quantiles.find(({ probability }) => probability === 0.5)?.value).toBe(2.5)
    expect(n.histogram).toEqual({ edges: [1, 4, 7, 10], counts: [3, 0, 1] })
    expect(x).toMatchObject({ type: "decimal", nulls: 1, mean: 2.5 })
    expect(word).toMatchObject({ nulls: 1, min: "a", max: "b", mean: null, quantiles: [], histogram: null })
    expect(word.top).toEqual([{ value: "b", rows: 2 }])
    expect(yes.top).toEqual([{ value: true, rows: 2 }])
    expect(day).toMatchObject({
      min: "2001-01-01",
      max: "2001-01-02",
      top: [{ value: "2001-01-02", rows: 2 }],
    })
  })

  it("has no figures for an empty table, and no histogram of a constant", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine } = warehouse
    await engine.query("CREATE TABLE empty AS SELECT 1 AS n, 'a' AS word LIMIT 0")
    const empty = await profileTable(engine, "empty")
    expect(empty.rows).toBe(0)
    expect(empty.columns[0]).toMatchObject({
      min: null,
      mean: null,
      deviation: null,
      quantiles: [],
      top: [],
      histogram: null,
    })
    await engine.query("CREATE TABLE same AS SELECT 7 AS n FROM range(5)")
    expect((await profileTable(engine, "same")).columns[0]).toMatchObject({
      mean: 7,
      deviation: 0,
      histogram: null,
    })
  })

  it("refuses a table or a column that is not there", async () => {
    await using warehouse = await temporaryWarehouse()
    const { engine } = warehouse
    await refusal("TABLE_MISSING", profileTable(engine, "nowhere.t"))
    await engine.query("CREATE TABLE t AS SELECT 1 AS n")
    await refusal("SCHEMA_MISMATCH", profileTable(engine, "t", { columns: ["m"] }))
  })
})
