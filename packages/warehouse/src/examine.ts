import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { isDeepStrictEqual } from "node:util"
import { throwIfAborted } from "@roadmap/core/async"
import type { Config } from "@roadmap/core/config"
import { isRoadmapError, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { databricksEngine } from "./adapters/databricks.ts"
import { sampleOfEveryType } from "./examples.ts"
import type { BatchSource, SqlEngine, SqlParameter } from "./port.ts"
import { type Cell, rowsOf } from "./rows.ts"

export interface Finding {
  readonly check: string
  /** "absent": what was to be checked is not there, which is no fault (volumes outside Unity Catalog). */
  readonly status: "ok" | "failed" | "absent"
  readonly seconds: number
  readonly detail: string
  readonly hint?: string
}

/**
 * Tries on a live warehouse what this project asks of one, in a schema of its own which is dropped at the end, and
 * yields each finding as it is made. What cannot be reached ends it: UNREACHABLE, AUTH_FAILED, CONFIG_INVALID.
 */
export async function* examineDatabricks(config: Config, signal?: AbortSignal): AsyncGenerator<Finding> {
  if (!config.databricks)
    throw new RoadmapError("CONFIG_INVALID", "No Databricks SQL warehouse is configured.", {
      hint: "Set DATABRICKS_HOST, DATABRICKS_TOKEN and DATABRICKS_HTTP_PATH.",
    })
  const options = { ...config.databricks, temporaryFolder: join(config.home, "duckdb-spill") }
  await using engine = databricksEngine(options)
  const bench = benchOf(engine, signal)

  const began = performance.now()
  const product = await productOf(bench)
  yield { check: "connect", status: "ok", seconds: secondsSince(began), detail: product }
  const schema = `roadmap_doctor_${randomBytes(4).toString("hex")}`
  try {
    for (const [check, work] of Object.entries(checks)) {
      throwIfAborted(signal)
      yield await attempt(check, () => work({ ...bench, schema }))
    }
    yield await attempt("volume", () => useVolume({ ...bench, schema }, options, signal))
  } finally {
    const dropped = await attempt("drop schema", async () => {
      await engine.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      return schema
    })
    yield dropped
  }
}

interface Bench {
  readonly engine: SqlEngine
  readonly schema: string
  ask(sql: string, params?: readonly SqlParameter[]): Promise<Record<string, Cell>>
}

const benchOf = (engine: SqlEngine, signal: AbortSignal | undefined): Omit<Bench, "schema"> => ({
  engine,
  ask: async (sql, params = []) => rowsOf(await engine.query(sql, params, { signal }))[0],
})

const attempt = async (check: string, work: () => Promise<string>): Promise<Finding> => {
  const began = performance.now()
  try {
    return { check, status: "ok", detail: await work(), seconds: secondsSince(began) }
  } catch (error) {
    const { message, hint } = toRoadmapError(error)
    const status = isRoadmapError(error, "PART_MISSING") ? "absent" : "failed"
    return { check, status, detail: message, seconds: secondsSince(began), ...(hint && { hint }) }
  }
}

/** Only a Databricks warehouse has `current_version`. */
const productOf = async ({ ask }: Omit<Bench, "schema">): Promise<string> => {
  try {
    return `Databricks SQL ${(await ask("SELECT current_version().dbsql_version AS version")).version}`
  } catch (error) {
    if (!isRoadmapError(error, "SQL_INVALID")) throw error
    return `Apache Spark ${String((await ask("SELECT version() AS version")).version).split(" ")[0]}, a stand-in`
  }
}

const expectEqual = (what: string, found: unknown, wanted: unknown): void => {
  if (isDeepStrictEqual(found, wanted)) return
  const text = (value: unknown) =>
    JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}` : each))
  throw new RoadmapError("SQL_FAILED", `${what}: expected ${text(wanted)}, found ${text(found)}.`)
}

const numbers = (rows: number): BatchSource => ({
  fields: [{ name: "n", type: "int32" }],
  batches: [
    { rows, columns: [{ name: "n", type: "int32", values: Int32Array.from({ length: rows }, (_, n) => n) }] },
  ],
})

const checks: Record<string, (bench: Bench) => Promise<string>> = {
  "who and where": async ({ ask }) => {
    const { name, catalog, schema } = await ask(
      "SELECT current_user() AS name, current_catalog() AS catalog, current_schema() AS schema",
    )
    return `${name} in ${catalog}.${schema}`
  },
  "create schema": async ({ engine, schema }) => {
    await engine.query(`CREATE SCHEMA ${schema}`)
    return schema
  },
  types: async ({ engine, schema }) => {
    const source = sampleOfEveryType()
    const receipt = await engine.load(`${schema}.types`, source, "replace")
    const back = await engine.query(`SELECT * FROM ${schema}.types ORDER BY id`)
    expectEqual("fields", back.fields, source.fields)
    back.columns.forEach((column, index) => {
      expectEqual(column.name, column, source.batches[0].columns[index])
    })
    return `${back.fields.length} columns and ${receipt.rows} rows as they were sent`
  },
  append: async ({ engine, schema, ask }) => {
    await engine.load(`${schema}.types`, sampleOfEveryType(), "append")
    expectEqual("rows", (await ask(`SELECT count(*) AS n FROM ${schema}.types`)).n, 10)
    return "by name, with the table's types"
  },
  parameters: async ({ ask }) => {
    const params = [true, 7, 1.5, 9007199254740993n, new Date(0), "it's $ {a} \\ `?`", null]
    const found = await ask(
      "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, CAST(? AS STRING) AS g",
      params,
    )
    expectEqual("parameters", Object.values(found), params)
    return `${params.length} kinds of value`
  },
  "64-bit integers": async ({ ask }) => {
    const limits = [2n ** 63n - 1n, -(2n ** 63n)]
    const found = await ask(
      "SELECT CAST('9223372036854775807' AS BIGINT) AS a, CAST('-9223372036854775808' AS BIGINT) AS b",
    )
    expectEqual("64-bit integers", Object.values(found), limits)
    return "exact at both ends"
  },
  decimals: async ({ ask }) => {
    const text = "-1234567890123456789012345678.0123456789"
    expectEqual("decimal", (await ask(`SELECT CAST('${text}' AS DECIMAL(38, 10)) AS a`)).a, text)
    return "38 digits, exact"
  },
  "time zone": async ({ ask }) => {
    const found = await ask(
      "SELECT TIMESTAMP '2001-06-30 12:00:00' AS noon, hour(TIMESTAMP '2001-06-30 12:00:00Z') AS hour",
    )
    expectEqual("time zone", Object.values(found), [new Date("2001-06-30T12:00:00Z"), 12])
    return "timestamps are UTC"
  },
  throughput: async ({ engine, schema }) => {
    const rows = 200_000
    const sent = performance.now()
    await engine.load(`${schema}.numbers`, numbers(rows), "replace")
    const read = performance.now()
    let found = 0
    for await (const batch of engine.stream(`SELECT n FROM ${schema}.numbers`)) found += batch.rows
    expectEqual("rows", found, rows)
    const rate = (ms: number) => `${Math.round(rows / ms)}k rows/s`
    return `loaded ${rate(read - sent)}, read ${rate(performance.now() - read)}`
  },
  cancel: async ({ engine, schema }) => {
    const abort = new AbortController()
    const table = `${schema}.numbers`
    const endless = engine.query(
      `SELECT count(*) AS n FROM ${table} AS a, ${table} AS b, ${table} AS c WHERE (a.n * 7 + b.n * 3 + c.n) % 11 = 5`,
      [],
      { signal: abort.signal },
    )
    const ended = endless.then(
      () => "it ended by itself",
      (error: unknown) => toRoadmapError(error).code,
    )
    await wait(500)
    abort.abort()
    expectEqual("a cancelled statement", await ended, "INTERRUPTED")
    return "a long statement stopped"
  },
  "an error's code": async ({ engine }) => {
    const code = await engine.query("SELECT * FROM roadmap_no_such_table").then(
      () => "no error",
      (error: unknown) => toRoadmapError(error).code,
    )
    expectEqual("the code of a missing table", code, "TABLE_MISSING")
    return "TABLE_MISSING for a missing table"
  },
}

/** Puts a Parquet file into a volume made for it, and loads a table from there. */
const useVolume = async (
  { engine, schema, ask }: Bench,
  options: Parameters<typeof databricksEngine>[0],
  signal: AbortSignal | undefined,
): Promise<string> => {
  try {
    await engine.query(`CREATE VOLUME ${schema}.staging`, [], { signal })
  } catch (error) {
    if (isRoadmapError(error, "SQL_INVALID"))
      throw new RoadmapError("PART_MISSING", "This warehouse has no volumes (no Unity Catalog).", {
        hint: "Loads go as INSERT statements instead, which is slower.",
      })
    throw error
  }
  const { catalog } = await ask("SELECT current_catalog() AS catalog")
  await using staged = databricksEngine({ ...options, volume: `/Volumes/${catalog}/${schema}/staging` })
  const rows = 200_000
  const began = performance.now()
  await staged.load(`${schema}.from_volume`, numbers(rows), "replace", { signal })
  const ms = performance.now() - began
  expectEqual("rows", (await ask(`SELECT count(*) AS n FROM ${schema}.from_volume`)).n, rows)
  return `PUT, read_files, REMOVE: ${Math.round(rows / ms)}k rows/s`
}

const secondsSince = (began: number): number => Math.round(performance.now() - began) / 1_000
