import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { fitIsolationForest } from "@roadmap/ml/anomaly/isolation-forest"
import { fitKMeans } from "@roadmap/ml/clustering/k-means"
import { createFeatures, type Features } from "@roadmap/ml/features"
import { silhouette } from "@roadmap/ml/metrics/silhouette"
import { predict } from "@roadmap/ml/model"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import { sqlWords } from "./dialect.ts"
import { splitByTime, splits } from "./split.ts"

/** Airports with a smaller share of a split's flights are left out: their means are noise. 300 of two million. */
const leastShare = 0.00015
const clusterCounts = [2, 3, 4, 5, 6, 7, 8] as const

export interface AirportGroup {
  cluster: number
  airports: string[]
  meanDelay: number
  lateShare: number
  flightsADay: number
  meanDistance: number
}

export interface OddDay {
  date: string
  split: string
  score: number
  meanDelay: number
  lateShare: number
  flights: number
}

/** No labels: which airports are alike (k-means), and which days are unlike the others (isolation forest). */
export const groupAndScore = defineStep({
  id: "group",
  title: "Group airports and find odd days, without labels",
  needs: [splitByTime],
  async run(context) {
    await using engine = await openWarehouse(context.config)
    const airports = await groupAirports(engine, context)
    const days = await scoreDays(engine, context)
    return { ...airports, ...days, metrics: { ...airports.metrics, ...days.metrics } }
  },
})

interface AirportRow {
  airport: string
  mean_delay: number
  late_share: number
  flights_a_day: number
  mean_distance: number
}

const airportFeatures = ["mean_delay", "late_share", "flights_a_day", "mean_distance"] as const

const groupAirports = async (engine: SqlEngine, { random, signal }: StepContext) => {
  const rowsBySplit = new Map<string, AirportRow[]>()
  for (const split of splits)
    rowsBySplit.set(
      split,
      rowsOf<AirportRow>(
        await engine.query(
          `SELECT origin AS airport, avg(delay) AS mean_delay, avg(late) AS late_share,
             CAST(count(*) AS DOUBLE) / count(DISTINCT day) AS flights_a_day, avg(distance) AS mean_distance
           FROM gold.flights WHERE split = ? GROUP BY origin
           HAVING count(*) >= ? * (SELECT count(*) FROM gold.flights WHERE split = ?) ORDER BY origin`,
          [split, leastShare, split],
          { signal },
        ),
      ),
    )
  const trainRows = rowsBySplit.get("train")!
  const scale = scalesOf(trainRows)
  const train = scaledFeatures(trainRows, scale)
  const inertias = clusterCounts.map(clusters => {
    const model = fitKMeans({
      features: train,
      parameters: { clusters, nInit: 10 },
      random: random.fork(`k ${clusters}`),
    })
    return {
      clusters,
      inertia: model.inertia,
      silhouette: silhouette(train, predict(model, train)),
      model,
    }
  })
  const chosen = inertias.reduce((best, each) => (each.silhouette > best.silhouette ? each : best))
  const metrics: Record<string, number> = {}
  for (const split of splits) {
    const features = scaledFeatures(rowsBySplit.get(split)!, scale)
    metrics[`airports/k-means/silhouette/${split}`] = silhouette(features, predict(chosen.model, features))
  }
  const labels = predict(chosen.model, train)
  return {
    groups: describeGroups(trainRows, labels, chosen.clusters),
    clusterChoice: inertias.map(({ clusters, inertia, silhouette }) => ({ clusters, inertia, silhouette })),
    metrics,
  }
}

type Scales = Record<(typeof airportFeatures)[number], { mean: number; deviation: number }>

const shown = (row: AirportRow, name: (typeof airportFeatures)[number]): number =>
  // Flights a day spread over three orders of magnitude.
  name === "flights_a_day" ? Math.log(row[name]) : row[name]

const scalesOf = (rows: readonly AirportRow[]): Scales =>
  Object.fromEntries(
    airportFeatures.map(name => {
      const values = rows.map(row => shown(row, name))
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
      return [name, { mean, deviation: Math.sqrt(variance) || 1 }]
    }),
  ) as Scales

const scaledFeatures = (rows: readonly AirportRow[], scale: Scales): Features =>
  createFeatures(
    airportFeatures.map(name => ({
      name,
      kind: "numeric",
      values: Float64Array.from(rows, row => (shown(row, name) - scale[name].mean) / scale[name].deviation),
    })),
  )

const describeGroups = (
  rows: readonly AirportRow[],
  labels: Float64Array,
  clusters: number,
): AirportGroup[] =>
  Array.from({ length: clusters }, (_, cluster) => {
    const members = rows.filter((_row, i) => labels[i] === cluster)
    const mean = (name: (typeof airportFeatures)[number]) =>
      members.reduce((sum, row) => sum + row[name], 0) / members.length
    return {
      cluster,
      airports: members.sort((a, b) => b.flights_a_day - a.flights_a_day).map(row => row.airport),
      meanDelay: mean("mean_delay"),
      lateShare: mean("late_share"),
      flightsADay: mean("flights_a_day"),
      meanDistance: mean("mean_distance"),
    }
  }).sort((a, b) => b.flightsADay - a.flightsADay)

interface DayRow {
  date: string
  split: string
  mean_delay: number
  late_share: number
  deviation: number
  flights: number
}

const dayFeatures = ["mean_delay", "late_share", "deviation", "flights"] as const

const scoreDays = async (engine: SqlEngine, { random, signal }: StepContext) => {
  const days = rowsOf<DayRow>(
    await engine.query(
      `SELECT ${sqlWords(engine).dayText("min(date)")} AS date, min(split) AS split, avg(delay) AS mean_delay, avg(late) AS late_share,
         stddev_samp(delay) AS deviation, CAST(count(*) AS DOUBLE) AS flights
       FROM gold.flights GROUP BY day HAVING count(*) >= 10 ORDER BY day`,
      [],
      { signal },
    ),
  )
  const featuresOf = (rows: readonly DayRow[]) =>
    createFeatures(
      dayFeatures.map(name => ({ name, kind: "numeric", values: Float64Array.from(rows, row => row[name]) })),
    )
  const model = fitIsolationForest({
    features: featuresOf(days.filter(day => day.split === "train")),
    parameters: { trees: 200 },
    random: random.fork("days"),
  })
  const scores = predict(model, featuresOf(days))
  const metrics: Record<string, number> = {}
  for (const split of splits) {
    const own = [...scores].filter((_score, i) => days[i].split === split)
    metrics[`days/isolation-forest/odd_share/${split}`] =
      own.filter(score => score > oddAbove).length / own.length
  }
  const scored = days.map(
    (day, i): OddDay => ({
      date: day.date,
      split: day.split,
      score: scores[i],
      meanDelay: day.mean_delay,
      lateShare: day.late_share,
      flights: day.flights,
    }),
  )
  return { days: scored, oddAbove, metrics }
}

/** Scores above this are odd. The paper calls scores well above 0.5 anomalies; 0.6 marks the clear ones. */
const oddAbove = 0.6
