import { RoadmapError } from "@roadmap/core/errors"
import { lineage } from "@roadmap/ingestion/schema"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { sqlWords } from "./dialect.ts"
import { ingestFlights } from "./ingest.ts"
import { tableHas } from "./tables.ts"

/** Training ends and validation ends at these instants (UTC). Later flights are the test set, touched once. */
export const boundaries = { validationFrom: "2001-05-01", testFrom: "2001-06-01" } as const

/** Days are dealt to this many folds, whole: flights of one day share its weather. */
export const folds = 5

export const splits = ["train", "validation", "test"] as const
export type Split = (typeof splits)[number]

export interface SplitSummary {
  split: Split
  rows: number
  days: number
  first: string
  last: string
  meanDelay: number
  lateShare: number
}

/**
 * Splits by departure time, as the model will be used: it learns from the past and predicts the future. `fold` deals the
 * training days round for target statistics; other rows have fold -1.
 */
export const splitByTime = defineStep({
  id: "split",
  title: "Split by time: train to April, validate on May, test on June",
  needs: [ingestFlights],
  intact: async ({ config }, result: { rows: number }) => tableHas(config, "gold.flights", result.rows),
  async run({ config, signal }) {
    await using engine = await openWarehouse(config)
    const words = sqlWords(engine)
    await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
    await engine.query(
      `CREATE OR REPLACE TABLE gold.flights AS
       WITH timed AS (
         SELECT *, ${words.day("date")} AS day FROM silver.flights
       )
       SELECT CAST(row_number() OVER (ORDER BY ${lineage.file}, ${lineage.row}) AS BIGINT) AS flight_id, date, day, origin, destination, distance, delay,
         CAST(delay >= 15 AS INTEGER) AS late,
         CAST(hour(date) AS INTEGER) AS hour,
         CAST(hour(date) * 60 + minute(date) AS INTEGER) AS minute_of_day,
         CAST((day + 3) % 7 AS INTEGER) AS weekday,
         CASE WHEN date < TIMESTAMP '${boundaries.validationFrom}' THEN 'train'
              WHEN date < TIMESTAMP '${boundaries.testFrom}' THEN 'validation'
              ELSE 'test' END AS split,
         CASE WHEN date < TIMESTAMP '${boundaries.validationFrom}' THEN day % ${folds} ELSE -1 END AS fold
       FROM timed`,
      [],
      { signal },
    )
    const summary = rowsOf<SplitSummary>(
      await engine.query(
        `SELECT split, count(*) AS rows, count(DISTINCT day) AS days,
           ${words.dayText("min(date)")} AS first, ${words.dayText("max(date)")} AS last,
           avg(delay) AS ${words.name("meanDelay")}, avg(late) AS ${words.name("lateShare")}
         FROM gold.flights GROUP BY split ORDER BY min(date)`,
      ),
    )
    const empty = splits.filter(split => !summary.some(each => each.split === split))
    if (empty.length > 0)
      throw new RoadmapError("INVALID_INPUT", `The flights have no row for ${empty.join(" and ")}.`, {
        hint: `Training ends before ${boundaries.validationFrom}, the test begins on ${boundaries.testFrom}: give flights of all these months.`,
      })
    return { rows: summary.reduce((sum, split) => sum + split.rows, 0), splits: summary, boundaries }
  },
})
