import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { isRoadmapError } from "@roadmap/core/errors"
import type { Contract } from "@roadmap/ingestion/contract"
import { ingest } from "@roadmap/ingestion/ingest"
import type { IngestReceipt } from "@roadmap/ingestion/receipt"
import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import { flightsContract } from "../src/contract.ts"
import { flightsFile } from "../src/ingest.ts"

/** A row of a delivered file: column to text. */
export type Delivered = Record<string, string>

/** Where the sender's monthly files arrive: real flights, one in 1,000. */
export const landingOf = ({ home }: Pick<DrillPlace, "home">): string => join(home, "landing")
export const fileOf = (month: number): string => `flights-2001-0${month}.csv`

/** The month (2 to 6) whose file is delivered anew in this drill: the same for each copy of a seed. */
export const faultyMonth = (place: DrillPlace): number => 2 + place.random.fork("month").integer(5)

export const writeDelivery = async (
  place: Pick<DrillPlace, "home">,
  month: number,
  rows: readonly Delivered[],
): Promise<void> => {
  const lines = [Object.keys(rows[0]), ...rows.map(row => Object.values(row))]
  await writeFile(join(landingOf(place), fileOf(month)), lines.map(line => `${line.join(",")}\n`).join(""))
}

export const readDelivery = async (place: Pick<DrillPlace, "home">, month: number): Promise<Delivered[]> => {
  const [header, ...lines] = (await readFile(join(landingOf(place), fileOf(month)), "utf8"))
    .trim()
    .split("\n")
  const names = header.split(",")
  return lines.map(line => Object.fromEntries(line.split(",").map((cell, i) => [names[i], cell])))
}

export const removeDelivery = (place: Pick<DrillPlace, "home">, month: number): Promise<void> =>
  rm(join(landingOf(place), fileOf(month)))

/** Months that have a file in the landing folder. */
export const deliveredMonths = async (place: Pick<DrillPlace, "home">): Promise<number[]> =>
  (await readdir(landingOf(place))).map(name => Number(/(\d)\.csv$/.exec(name)?.[1])).sort()

/** All flights of the drill as the sender should deliver them, by month. */
const trueFlights = async (config: Config): Promise<Map<number, Delivered[]>> => {
  const rows = await ask<Record<"date" | "delay" | "distance" | "origin" | "destination", string>>(
    config,
    `SELECT strftime(date, '%Y-%m-%d %H:%M:%S') AS date, CAST(delay AS VARCHAR) AS delay,
       CAST(distance AS VARCHAR) AS distance, origin, destination
     FROM read_parquet(${quoteText(flightsFile())}, file_row_number = true)
     WHERE file_row_number % 1000 = 0 AND origin <> destination AND delay BETWEEN -120 AND 2000
     ORDER BY date, file_row_number`,
  )
  const byMonth = Map.groupBy(rows, row => Number(row.date.slice(5, 7)))
  return new Map([...byMonth].filter(([month]) => month <= 6))
}

export const ask = async <Row extends { [K in keyof Row]: Cell }>(
  config: Config,
  sql: string,
): Promise<Row[]> => {
  await using engine = await openWarehouse(config)
  return rowsOf<Row>(await engine.query(sql))
}

/**
 * The healthy system: last night's load of six monthly files, of which one was not complete yet (its last ten days
 * were missing).
 */
export const prepareLanding = async (place: DrillPlace): Promise<void> => {
  await mkdir(landingOf(place), { recursive: true })
  for (const [month, rows] of await trueFlights(place.config))
    await writeDelivery(
      place,
      month,
      month === faultyMonth(place) ? rows.filter(row => Number(row.date.slice(8, 10)) <= 18) : rows,
    )
  await load(place)
}

/** The complete file of that month arrives, changed by the fault, and the night's load meets it. */
export const deliverFaulty = async (
  place: DrillPlace,
  fault: (row: Delivered) => Delivered,
): Promise<void> => {
  const month = faultyMonth(place)
  const rows = (await trueFlights(place.config)).get(month)!
  await writeDelivery(place, month, rows.map(fault))
  await tryLoad(place)
}

/** The month's ingest step, on the landing folder. Throws what `ingest` throws. */
export const loadLanding = async (
  config: Config,
  contract: Contract = flightsContract,
  signal?: AbortSignal,
): Promise<IngestReceipt> => {
  await using engine = await openWarehouse(config)
  return await ingest({ engine, source: landingOf(config), contract, signal })
}

export const load = async (place: DrillPlace, contract?: Contract): Promise<void> => {
  await loadLanding(place.config, contract, place.signal)
}

/** The same, as the night's job does it: a refused load is a message, not the end of the world. */
export const tryLoad = async (place: DrillPlace): Promise<void> => {
  await load(place).catch(error => {
    if (!isRoadmapError(error, "DATA_CONTRACT") && !isRoadmapError(error, "SCHEMA_MISMATCH")) throw error
  })
}

export interface LandingState {
  /** Flights of each month in silver: number, and summed delay in minutes. */
  silver: MonthSums[]
  /** The same for what the sender should have delivered. */
  truth: MonthSums[]
  quarantined: number
  /** Of the newest line of the ledger. */
  lastLoad: string
  /** True when that line was written under the contract of the first one. */
  sameContract: boolean
}

interface MonthSums {
  month: number
  flights: number
  delay: number
}

export const observeLanding = async (place: DrillPlace): Promise<LandingState> => {
  const { config } = place
  const silver = await ask<{ month: number; flights: number; delay: number }>(
    config,
    `SELECT CAST(month(date) AS INTEGER) AS month, CAST(count(*) AS INTEGER) AS flights, CAST(sum(delay) AS DOUBLE) AS delay
     FROM silver.flights GROUP BY 1 ORDER BY 1`,
  )
  const ledger = await ask<{ status: string; contract_hash: string }>(
    config,
    "SELECT status, contract_hash FROM ingestion.ledger ORDER BY recorded_at",
  )
  const [{ rows }] = await ask<{ rows: number }>(
    config,
    "SELECT CAST(count(*) AS INTEGER) AS rows FROM quarantine.flights",
  )
  const truth = [...(await trueFlights(config))].map(([month, flights]) => ({
    month,
    flights: flights.length,
    delay: flights.reduce((sum, flight) => sum + Number(flight.delay), 0),
  }))
  return {
    silver,
    truth,
    quarantined: rows,
    lastLoad: ledger.at(-1)!.status,
    sameContract: ledger.at(-1)!.contract_hash === ledger[0].contract_hash,
  }
}

/** What every breach of the flights contract must end in. */
export const gradeLanding = ({
  silver,
  truth,
  quarantined,
  lastLoad,
  sameContract,
}: LandingState): Grade[] => {
  const different = (measure: (sums: MonthSums) => number) =>
    truth.filter(
      wanted => measure(silver.find(({ month }) => month === wanted.month) ?? none) !== measure(wanted),
    )
  const flights = different(sums => sums.flights)
  const delays = different(sums => sums.delay)
  const months = (sums: readonly MonthSums[]) => sums.map(({ month }) => fileOf(month)).join(", ")
  return [
    {
      what: "every delivered flight is in silver.flights, once",
      passed: flights.length === 0,
      found:
        flights.length === 0
          ? `${silver.reduce((sum, month) => sum + month.flights, 0)} flights`
          : `other numbers of flights than delivered: ${months(flights)}`,
    },
    {
      what: "their delays are arrival delays in minutes",
      passed: delays.length === 0,
      found: delays.length === 0 ? "they are" : `other sums than the true ones: ${months(delays)}`,
    },
    {
      what: "the last load was published",
      passed: lastLoad === "published",
      found: `its line in ingestion.ledger says ${lastLoad}`,
    },
    {
      what: "it was checked against the agreed contract",
      passed: sameContract,
      found: sameContract ? "it was" : "the contract of the last load is another one",
    },
    {
      what: "the quarantine holds no flight that belongs in silver",
      passed: quarantined === 0,
      found: `${quarantined} rows`,
    },
  ]
}

const none: MonthSums = { month: 0, flights: 0, delay: 0 }
