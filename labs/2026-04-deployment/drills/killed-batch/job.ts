import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { flightsFile } from "@roadmap/lab-2026-02-foundations/ingest"
import { type BatchControl, type BatchReport, scoreBatch } from "@roadmap/serving/batch/score"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import { modelName } from "../models.ts"

export const flightsTable = "gold.flights_to_score"
export const scoresTable = "gold.flight_scores"

/** `batch.json`: what the nightly job goes by. */
export interface Job {
  /** Which model scores: an alias, or a version such as flight-late/1. */
  model: string
  /** Folder of the output, below the home folder. */
  out: string
}

type Home = Pick<Config, "home">
const jobPath = ({ home }: Home) => join(home, "batch.json")
export const outFolder = ({ home }: Home, { out }: Job) => join(home, out)

export const readJob = async (config: Home): Promise<Job> =>
  JSON.parse(await readFile(jobPath(config), "utf8"))
export const writeJob = (config: Home, job: Job): Promise<void> =>
  writeFileAtomic(jobPath(config), `${JSON.stringify(job, null, 2)}\n`)

export const champion = `${modelName}@champion`

/** The nightly job: scores every flight of the table, and shows the scores as a whole. */
export const scoreFlights = async (config: Config, control: BatchControl = {}): Promise<BatchReport> => {
  const job = await readJob(config)
  return scoreBatch(
    config,
    {
      model: job.model,
      source: { table: flightsTable },
      out: outFolder(config, job),
      keep: ["flight_id"],
      table: scoresTable,
      partitionRows: 500,
      workers: 1,
    },
    control,
  )
}

/** One in 100 of June's real flights. */
export const writeFlights = async (config: Config): Promise<void> => {
  await using engine = await openWarehouse(config)
  await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
  await engine.query(
    `CREATE TABLE ${flightsTable} AS
     SELECT file_row_number AS flight_id, CAST(distance AS DOUBLE) AS distance, CAST(hour(date) AS DOUBLE) AS hour,
       CAST(isodow(date) AS DOUBLE) AS weekday
     FROM read_parquet(${quoteText(flightsFile())}, file_row_number = true)
     WHERE month(date) = 6 AND file_row_number % 100 = 0 ORDER BY file_row_number`,
  )
}
