/** One task of the bench in a process of its own: name, home and number of labels in; seconds and a sum out. */
import { loadConfig } from "@roadmap/core/config"
import { trainingSet } from "@roadmap/feature-store/training-set"
import { writeTrainingSet } from "@roadmap/feature-store/written-set"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import { flightsSql, hourlySql, latest, windowed } from "./definitions.ts"

const [task, home, rows, file] = process.argv.slice(2)
const labels = {
  from: { sql: `SELECT * FROM gold.flights WHERE id < ${Number(rows)}` },
  timestamp: "departed_at",
}

interface Outcome {
  seconds: number
  /** Sum of a feature over all labels, to see that systems did the same work; NaN where it is not looked at. */
  sum: number
}

const sumOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0)

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1_000
}

const tasks: Record<string, (engine: SqlEngine) => Promise<Outcome>> = {
  prepare: async engine => {
    await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
    await engine.query(flightsSql(file))
    await engine.query(hourlySql)
    for (const table of ["flights", "hourly"])
      await engine.query(`COPY gold.${table} TO '${home}/${table}.parquet' (FORMAT parquet)`)
    return { seconds: 0, sum: 0 }
  },
  "twelve windows": async engine => {
    let sum = 0
    const seconds = await timed(async () => {
      const set = await trainingSet(engine, windowed, labels)
      sum = sumOf(set.features.origin_delay_mean_3h as Float64Array)
    })
    return { seconds, sum }
  },
  "as-of join": async engine => {
    let sum = 0
    const seconds = await timed(async () => {
      const set = await trainingSet(engine, latest, labels)
      sum = sumOf(set.features.mean_delay as Float64Array)
    })
    return { seconds, sum }
  },
  "as-of join to a table": async engine => {
    const seconds = await timed(() =>
      writeTrainingSet(engine, latest, labels, "gold.joined", { path: "sql" }),
    )
    return { seconds, sum: await joinedSum(engine) }
  },
  "hand-written ASOF": async engine => {
    const statement = `CREATE OR REPLACE TABLE gold.joined AS SELECT label.*, hourly.mean_delay, hourly.flights
      FROM (${labels.from.sql}) AS label ASOF LEFT JOIN gold.hourly AS hourly
      ON label.origin = hourly.origin AND label.departed_at >= hourly.known_at`
    const seconds = await timed(() => engine.query(statement))
    return { seconds, sum: await joinedSum(engine) }
  },
}

const joinedSum = async (engine: SqlEngine): Promise<number> =>
  rowsOf<{ sum: number }>(await engine.query("SELECT sum(mean_delay) AS sum FROM gold.joined"))[0].sum

await using engine = await openWarehouse({ ...loadConfig({}), home })
process.stdout.write(JSON.stringify(await tasks[task](engine)))
