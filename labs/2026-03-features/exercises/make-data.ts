/**
 * Writes the data files of these exercises from the file of all flights:
 *   node labs/2026-03-features/exercises/make-data.ts
 * Every row is chosen by its place and none by chance, so equal files of flights give equal files.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { flightsFile } from "@roadmap/lab-2026-02-foundations/ingest"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { knownAt } from "../src/contract.ts"

interface Row {
  origin: string
  /** Days since 1 January 2001. */
  day: number
  /** Minutes since then. */
  departure: number
  known: number
  delay: number
}

const home = await mkdtemp(join(tmpdir(), "exercise-data-"))
await using engine = await openWarehouse(loadConfig({ ROADMAP_HOME: home }))

/** Whole minutes since 1 January 2001. */
const minutes = (time: string): string =>
  `CAST(datediff('minute', TIMESTAMP '2001-01-01', date_trunc('minute', ${time})) AS INTEGER)`

const query = async (where: string): Promise<Row[]> =>
  rowsOf<{ [K in keyof Row]: Row[K] }>(
    await engine.query(
      `WITH timed AS (
         SELECT origin, delay, distance, date AS departed_at, file_row_number
         FROM read_parquet(${quoteText(flightsFile())}, file_row_number = true)
         WHERE delay BETWEEN -120 AND 2000 AND origin <> destination
       ),
       flights AS (
         SELECT origin, CAST(delay AS INTEGER) AS delay, file_row_number,
           ${minutes("departed_at")} AS departure, ${minutes(`${knownAt} + INTERVAL 59 SECOND`)} AS known,
           CAST(datediff('day', TIMESTAMP '2001-01-01', departed_at) AS INTEGER) AS day
         FROM timed
       )
       SELECT origin, day, departure, known, delay FROM flights WHERE ${where} ORDER BY departure, file_row_number`,
    ),
  )

const write = async (exercise: string, data: object): Promise<void> => {
  const text = `${JSON.stringify(data).replaceAll("],", "],\n")}\n`
  await writeFileAtomic(join(import.meta.dirname, exercise, "flights.json"), text)
  process.stdout.write(`${exercise}: ${text.length} bytes\n`)
}

// One in six of the departures from three airports on Monday, 14 May, in minutes since its midnight.
const monday = (await query("origin IN ('ATL', 'DFW', 'ORD') AND day = 133")).filter((_, i) => i % 6 === 0)
await write("01-point-in-time-join", {
  airports: monday.map(({ origin }) => origin),
  departures: monday.map(({ departure }) => departure - 133 * 1_440),
  known: monday.map(({ known }) => known - 133 * 1_440),
  delays: monday.map(({ delay }) => delay),
})

// One in 5,000 of the flights of January to March; five folds of whole days.
const winter = (await query("day < 90")).filter((_, i) => i % 5_000 === 0)
await write("03-encoding-in-folds", {
  origins: winter.map(({ origin }) => origin),
  late: winter.map(({ delay }) => (delay >= 15 ? 1 : 0)),
  folds: winter.map(({ day }) => day % 5),
})

// One in 20 of the departures from Chicago in the first ten days of June.
const chicago = (await query("origin = 'ORD' AND day BETWEEN 151 AND 160")).filter((_, i) => i % 20 === 0)
await write("06-sliding-window", {
  departures: chicago.map(({ departure }) => departure),
  known: chicago.map(({ known }) => known),
  delays: chicago.map(({ delay }) => delay),
})
await rm(home, { recursive: true })
