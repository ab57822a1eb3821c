import { writeTrainingSet } from "@roadmap/feature-store/written-set"
import { tableHas } from "@roadmap/lab-2026-02-foundations/tables"
import { asOf, factsTable } from "@roadmap/lab-2026-03-features/contract"
import { flightFeatures } from "@roadmap/lab-2026-03-features/definitions"
import { labels } from "@roadmap/lab-2026-03-features/labels"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import { askedMoment, timestampOf } from "./moment.ts"

/** June's flights with the features of their own minute: what the batch scores. */
export const juneTable = "gold.june_flights"
/** One day's flights as if all of them left at one moment: what the server is asked by key. */
export const askedTable = "gold.asked_flights"

/** What a request for a flight says of it. */
export const requestColumns = [
  "origin",
  "destination",
  "network",
  "hour",
  "weekday",
  "minute_of_day",
  "distance",
] as const

/** Writes both tables by the join that made the training set. */
export const gatherFlights = defineStep({
  id: "gather",
  title: "June's flights with their features, as a table to score",
  intact: async ({ config }, result: { june: number; asked: number }) =>
    (await tableHas(config, juneTable, result.june)) && (await tableHas(config, askedTable, result.asked)),
  async run({ config, signal, progress }) {
    await using engine = await openWarehouse(config)
    const columns = ["flight_id", "departed_at", "delay", "late", ...requestColumns]
    progress({ label: juneTable, done: 0, total: 2, unit: "tables" })
    const june = await writeTrainingSet(
      engine,
      flightFeatures,
      { ...labels, columns, from: { sql: `SELECT * FROM ${factsTable} WHERE split = 'test'` } },
      juneTable,
      { asOf, signal },
    )
    progress({ label: askedTable, done: 1, total: 2, unit: "tables" })
    const moment = timestampOf(askedMoment)
    const asked = await writeTrainingSet(
      engine,
      flightFeatures,
      {
        ...labels,
        columns,
        timestamp: "asked_at",
        from: {
          sql: `SELECT *, ${moment} AS asked_at FROM ${factsTable}
                WHERE departed_at >= ${moment} AND departed_at < ${moment} + INTERVAL 1 DAY`,
        },
      },
      askedTable,
      { asOf, signal },
    )
    return {
      june: june.rows,
      asked: asked.rows,
      joinSeconds: june.seconds,
      artifacts: { [`table/${juneTable}`]: juneTable, [`table/${askedTable}`]: askedTable },
    }
  },
})
