import { integer, text, timestamp } from "@roadmap/ingestion/columns"
import { defineContract } from "@roadmap/ingestion/contract"

const airport = /^[A-Z]{3}$/

/** What the flights must be like. The file is `flights-3m.parquet` of the npm package vega-datasets. */
// #region contract
export const flightsContract = defineContract({
  name: "flights",
  columns: {
    date: timestamp().since("2001-01-01").before("2001-07-01"),
    delay: integer().unit("minutes").between(-120, 2_000).expectMedianBetween(-10, 20),
    distance: integer().unit("miles").between(1, 6_000),
    origin: text().pattern(airport),
    destination: text().pattern(airport),
  },
  rows: { route: "origin <> destination" },
  uniqueBy: ["date", "delay", "distance", "origin", "destination"],
  maxRejectShare: 0.001,
})
// #endregion
