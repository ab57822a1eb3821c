import { profileTable } from "@roadmap/ingestion/profile"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import { sqlWords } from "./dialect.ts"
import { ingestFlights } from "./ingest.ts"

/** Bins of the delay histogram: five minutes each; the tails beyond are counted apart. */
export const delayBins = { from: -60, to: 240, width: 5 } as const

export interface GroupProfile {
  group: number
  flights: number
  meanDelay: number
  lateShare: number
}

export interface DayProfile {
  date: string
  flights: number
  meanDelay: number
}

export interface AirportProfile {
  airport: string
  flights: number
  meanDelay: number
  lateShare: number
}

/** Looks at the clean rows before any model does: columns, distributions, and how delay goes with hour, weekday and place. */
export const profileFlights = defineStep({
  id: "profile",
  title: "Profile the clean flights",
  needs: [ingestFlights],
  async run({ config, signal }) {
    await using engine = await openWarehouse(config)
    const ask = async <Row extends { [K in keyof Row]: Cell }>(sql: string): Promise<Row[]> =>
      rowsOf<Row>(await engine.query(sql, [], { signal }))
    const words = sqlWords(engine)
    const group = words.name("group")
    const meanDelay = `avg(delay) AS ${words.name("meanDelay")}`
    const aggregates = `count(*) AS flights, ${meanDelay}, avg(CAST(delay >= 15 AS INTEGER)) AS ${words.name("lateShare")}`
    return {
      columns: await profileTable(engine, "silver.flights", {
        columns: ["date", "delay", "distance", "origin", "destination"],
        signal,
      }),
      delays: await delayHistogram(engine),
      byHour: await ask<GroupProfile>(
        `SELECT CAST(hour(date) AS INTEGER) AS ${group}, ${aggregates} FROM silver.flights GROUP BY 1 ORDER BY 1`,
      ),
      byWeekday: await ask<GroupProfile>(
        `SELECT CAST((${words.day("date")} + 3) % 7 AS INTEGER) AS ${group}, ${aggregates} FROM silver.flights GROUP BY 1 ORDER BY 1`,
      ),
      byDay: await ask<DayProfile>(
        `SELECT ${words.dayText("min(date)")} AS date, count(*) AS flights, ${meanDelay}
         FROM silver.flights GROUP BY ${words.day("date")} ORDER BY 1`,
      ),
      airports: await ask<AirportProfile>(
        `SELECT origin AS airport, ${aggregates} FROM silver.flights GROUP BY origin ORDER BY flights DESC, origin LIMIT 20`,
      ),
    }
  },
})

const delayHistogram = async (engine: SqlEngine) => {
  const { from, to, width } = delayBins
  const bins = rowsOf<{ bin: number; flights: number }>(
    await engine.query(
      `SELECT CAST(floor((least(greatest(delay, ${from - 1}), ${to}) - ${from}) / ${width}.0) AS INTEGER) AS bin, count(*) AS flights
       FROM silver.flights GROUP BY 1 ORDER BY 1`,
    ),
  )
  const size = (to - from) / width
  const counts = new Array<number>(size).fill(0)
  let below = 0
  let above = 0
  for (const { bin, flights } of bins) {
    if (bin < 0) below += flights
    else if (bin >= size) above += flights
    else counts[bin] = flights
  }
  return { edges: Array.from({ length: size + 1 }, (_, i) => from + i * width), counts, below, above }
}
