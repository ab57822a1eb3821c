import type { Config } from "@roadmap/core/config"
import { toRoadmapError } from "@roadmap/core/errors"
import { flightsFile } from "@roadmap/lab-2026-02-foundations/ingest"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import { utcSql, writeClocks } from "../src/clocks.ts"
import { createdAt, departureKnownAt, factsTable, knownAt } from "../src/contract.ts"

/**
 * The month's table of facts from one in `oneIn` of the real flights of some days, with the columns that the drills' views
 * read. Times as in the lab: UTC, known on arrival.
 */
export const loadFacts = async (
  engine: SqlEngine,
  { where, oneIn, signal }: { where: string; oneIn: number; signal: AbortSignal },
): Promise<void> => {
  await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
  await engine.query(
    `CREATE OR REPLACE TABLE gold.flights AS
     SELECT file_row_number AS flight_id, date, origin, destination, distance, CAST(delay AS DOUBLE) AS delay
     FROM read_parquet(${quoteText(flightsFile())}, file_row_number = true)
     WHERE ${where} AND file_row_number % ${oneIn} = 0 AND origin <> destination AND delay BETWEEN -120 AND 2000`,
    [],
    { signal },
  )
  await writeClocks(engine, signal)
  await engine.query(
    `CREATE OR REPLACE TABLE ${factsTable} AS
     WITH timed AS (
       SELECT flight_id, origin, destination, distance, delay, delay >= 15 AS is_late, ${utcSql("date", "clock")} AS departed_at
       FROM gold.flights JOIN gold.airport_clocks clock ON clock.airport = origin
     ),
     known AS (SELECT *, ${knownAt} AS known_at, ${departureKnownAt} AS departure_known_at FROM timed)
     SELECT *, ${createdAt} AS created_at FROM known ORDER BY known_at, flight_id`,
    [],
    { signal },
  )
}

export const ask = async <Row extends { [K in keyof Row]: Cell }>(
  config: Config,
  sql: string,
): Promise<Row[]> => {
  await using engine = await openWarehouse(config)
  return rowsOf<Row>(await engine.query(sql))
}

/** Runs a drill's command of its own: an error is one message, not a stack. */
export const command = async (work: () => Promise<string>): Promise<void> => {
  try {
    process.stdout.write(`${await work()}\n`)
  } catch (error) {
    const { code, message, hint } = toRoadmapError(error)
    process.stderr.write(`✖ ${code}: ${message}\n${hint ? `  ${hint}\n` : ""}`)
    process.exitCode = 1
  }
}
