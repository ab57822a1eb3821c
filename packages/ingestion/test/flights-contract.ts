import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { integer, text, timestamp } from "../src/columns.ts"
import { type Contract, defineContract } from "../src/contract.ts"

const airport = /^[A-Z]{3}$/

/** The flights as the first lab agrees on them; the figures each rule gives are in flights.test.ts. */
export const flights = defineContract({
  name: "flights",
  columns: {
    date: timestamp().since("2001-01-01").before("2001-07-01"),
    delay: integer().unit("minutes").between(-120, 1_440).expectMedianBetween(-10, 10),
    distance: integer().unit("miles").between(11, 5_500),
    origin: text().pattern(airport).references("reference.airports", "iata"),
    destination: text().pattern(airport).references("reference.airports", "iata"),
  },
  rows: { leaves_its_airport: "origin <> destination" },
  uniqueBy: ["date", "delay", "distance", "origin", "destination"],
  expectRowsBetween: [1_000, 10_000_000],
  freshness: { column: "date", maxAgeDays: 1 },
  maxRejectShare: 0.001,
})

/** The same without the other table that origins and destinations must be in. */
export const flightsAlone: Contract = {
  ...flights,
  columns: {
    ...flights.columns,
    origin: text().pattern(airport).rules,
    destination: text().pattern(airport).rules,
  },
}

/** When the flights were news. */
export const asOf = new Date("2001-07-01T12:00:00Z")

export const airports = defineContract({
  name: "airports",
  columns: {
    iata: text()
      .pattern(/^[A-Z0-9]{3,4}$/)
      .unique(),
  },
})

export const dataFile = (name: string): string =>
  join(dirname(fileURLToPath(import.meta.resolve("vega-datasets"))), "..", "data", name)
