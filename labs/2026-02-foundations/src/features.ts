import { throwIfAborted } from "@roadmap/core/async"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { folds, splitByTime } from "./split.ts"
import { tableHas } from "./tables.ts"

interface Statistic {
  keys: readonly string[]
  /** The wider statistic that a small group is pulled towards; the overall mean when absent. */
  within?: string
}

/**
 * Target statistics: the mean delay of past flights that share these columns. Rows in a training fold use the
 * other folds only, so that no flight's own delay is in its features (cross-fitting). Small groups are pulled
 * towards the statistic they lie within, and an unseen group equals it: were it the overall mean, that one
 * value would mark unseen groups, which in training are odd hours, and later are new schedules.
 */
// #region statistics
const statistics = {
  origin: { keys: ["origin"] },
  destination: { keys: ["destination"] },
  route: { keys: ["origin", "destination"], within: "origin" },
  origin_hour: { keys: ["origin", "hour"], within: "origin" },
  destination_hour: { keys: ["destination", "hour"], within: "destination" },
  route_hour: { keys: ["origin", "destination", "hour"], within: "origin_hour" },
} as const satisfies Record<string, Statistic>
// #endregion
type StatisticName = keyof typeof statistics
const statisticNames = Object.keys(statistics) as StatisticName[]

/** Flights with the wider group's mean delay that are added to each group. */
export const smoothing = 20

/** Columns of gold.flight_features that models see. All are known when the flight leaves. */
export const featureNames = [
  "weekday",
  "hour",
  "minute_of_day",
  "distance",
  "origin_flights",
  "origin_delay",
  "destination_delay",
  "route_delay",
  "origin_hour_delay",
  "destination_hour_delay",
  "route_hour_delay",
] as const
export type FeatureName = (typeof featureNames)[number]

export const buildFeatures = defineStep({
  id: "features",
  title: "Calendar, distance and cross-fitted delay statistics",
  needs: [splitByTime],
  intact: async ({ config }, result: { rows: number }) =>
    tableHas(config, "gold.flight_features", result.rows),
  async run({ config, signal, progress }) {
    await using engine = await openWarehouse(config)
    const total = statisticNames.length + 1
    for (const [done, name] of statisticNames.entries()) {
      throwIfAborted(signal)
      progress({ label: `${name} statistics`, done, total, unit: "tables" })
      await engine.query(statisticSql(name), [], { signal })
    }
    progress({ label: "joining features", done: total - 1, total, unit: "tables" })
    await engine.query(featuresSql("gold.flight_features", sound), [], { signal })
    const [{ rows }] = rowsOf<{ rows: number }>(
      await engine.query("SELECT count(*) AS rows FROM gold.flight_features"),
    )
    return { rows, features: [...featureNames], smoothing }
  },
})

const trainingRows = "FROM gold.flights WHERE split = 'train'"

/**
 * One row a group and fold: flights and their summed delay among the training rows outside that fold (-1: among
 * all), and flights a day. A bare count would be a fifth smaller in training rows than in later ones.
 */
const statisticSql = (name: StatisticName): string => {
  const { keys } = statistics[name]
  const list = keys.join(", ")
  const sameGroup = keys.map(key => `own.${key} = total.${key}`).join(" AND ")
  const foldRows = [-1, ...Array(folds).keys()].map(fold => `SELECT ${fold} AS fold`).join(" UNION ALL ")
  return `CREATE OR REPLACE TABLE gold.delay_by_${name} AS
    WITH per_fold AS (
      SELECT ${list}, fold, count(*) AS flights, sum(delay) AS delay ${trainingRows} GROUP BY ${list}, fold
    ),
    total AS (SELECT ${list}, sum(flights) AS flights, sum(delay) AS delay FROM per_fold GROUP BY ${list}),
    training_days AS (SELECT DISTINCT day, fold ${trainingRows}),
    folds AS (
      SELECT numbers.fold, count(training_days.day) AS days
      FROM (${foldRows}) AS numbers LEFT JOIN training_days ON training_days.fold <> numbers.fold
      GROUP BY numbers.fold
    )
    SELECT ${keys.map(key => `total.${key}`).join(", ")}, folds.fold,
      CAST(total.flights - coalesce(own.flights, 0) AS INTEGER) AS flights,
      CAST(total.delay - coalesce(own.delay, 0) AS BIGINT) AS delay,
      CAST(total.flights - coalesce(own.flights, 0) AS DOUBLE) / folds.days AS flights_a_day
    FROM total CROSS JOIN folds LEFT JOIN per_fold own ON own.fold = folds.fold AND ${sameGroup}`
}

/** How features are built. `sound` is right; the others are the two traps that the month measures. */
export interface FeatureRecipe {
  /** False: every row uses the statistics of all training rows, its own delay among them. */
  crossFitted: boolean
  /** False: small and unseen groups are pulled towards the overall mean, which marks them. */
  backOff: boolean
}

const sound: FeatureRecipe = { crossFitted: true, backOff: true }

/** Joins the statistics to every flight, then smooths them from the widest groups to the narrowest. */
export const featuresSql = (table: string, recipe: FeatureRecipe): string => {
  const fold = recipe.crossFitted ? "flight.fold" : "-1"
  const joins = statisticNames.map(name => {
    const same = statistics[name].keys.map(key => `${name}.${key} = flight.${key}`).join(" AND ")
    return `LEFT JOIN gold.delay_by_${name} ${name} ON ${name}.fold = ${fold} AND ${same}`
  })
  const sums = statisticNames.map(
    name => `coalesce(${name}.flights, 0) AS ${name}_n, coalesce(${name}.delay, 0) AS ${name}_sum`,
  )
  const joined = `SELECT flight.flight_id, flight.split, flight.day, flight.delay, flight.late,
      flight.weekday, flight.hour, flight.minute_of_day, flight.distance,
      coalesce(origin.flights_a_day, 0) AS origin_flights, overall.mean AS mean_delay, ${sums.join(", ")}
    FROM gold.flights flight ${joins.join(" ")} CROSS JOIN (SELECT sum(delay) / count(*) AS mean ${trainingRows}) AS overall`
  const smoothed = levels().reduce(
    (rows, names) =>
      `SELECT *, ${names.map(name => smoothedSql(name, recipe)).join(", ")} FROM (${rows}) AS rows_before`,
    joined,
  )
  return `CREATE OR REPLACE TABLE ${table} AS
    SELECT flight_id, split, day, delay, late, ${featureNames.join(", ")} FROM (${smoothed}) AS smoothed`
}

// #region smoothing
const smoothedSql = (name: StatisticName, { backOff }: FeatureRecipe): string => {
  const { within }: Statistic = statistics[name]
  const prior = within && backOff ? `${within}_delay` : "mean_delay"
  return `(${name}_sum + ${smoothing} * ${prior}) / (${name}_n + ${smoothing}) AS ${name}_delay`
}
// #endregion

/** Statistics in the order they can be smoothed: each after the one it lies within. */
const levels = (): StatisticName[][] => {
  const depth = (name: StatisticName): number => {
    const { within }: Statistic = statistics[name]
    return within ? 1 + depth(within as StatisticName) : 0
  }
  const deepest = Math.max(...statisticNames.map(depth))
  return Array.from({ length: deepest + 1 }, (_, level) =>
    statisticNames.filter(name => depth(name) === level),
  )
}
