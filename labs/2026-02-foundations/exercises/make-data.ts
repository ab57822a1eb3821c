/**
 * Writes the data files of these exercises from a finished run of the month on all flights:
 *   npx -y pnpm@12 roadmap run feb && node labs/2026-02-foundations/exercises/make-data.ts
 * Every row is chosen by its place and none by chance, so equal runs give equal files.
 */
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { createRandom } from "@roadmap/core/random"
import { createArtifactStore } from "@roadmap/labkit/artifacts"
import type { StepResultOf } from "@roadmap/labkit/lab"
import { createRecordStore } from "@roadmap/labkit/records"
import { fitKMeans } from "@roadmap/ml/clustering/k-means"
import { createFeatures } from "@roadmap/ml/features"
import { predict, predictProba } from "@roadmap/ml/model"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import type { drawLearningCurves } from "../src/curves.ts"
import { loadDataset } from "../src/dataset.ts"
import { loadModel, type trainModels } from "../src/train.ts"

type Row = Record<string, string | number>

const config = loadConfig()
const records = createRecordStore(config.home, "2026-02")
const artifacts = createArtifactStore(join(config.home, "artifacts", "files"))
await using engine = await openWarehouse(config)

const query = async <R extends Row>(sql: string): Promise<R[]> => rowsOf<R>(await engine.query(sql))

const resultOf = async <S>(step: string): Promise<StepResultOf<S>> => {
  const record = await records.read(step)
  if (!record) throw new Error(`${config.home} has no finished step "${step}": run feb first.`)
  return record.result as unknown as StepResultOf<S>
}

const write = async (exercise: string, name: string, rows: readonly Row[]): Promise<void> => {
  const lines = [Object.keys(rows[0]), ...rows.map(row => Object.values(row))]
  const text = lines.map(line => `${line.join(",")}\n`).join("")
  await writeFileAtomic(join(import.meta.dirname, exercise, name), text)
  process.stdout.write(`${exercise}/${name}: ${rows.length} rows, ${text.length} bytes\n`)
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))

const { trained } = await resultOf<typeof trainModels>("train")
const modelOf = (task: string, name: string) =>
  loadModel({ artifacts }, trained.find(each => each.task === task && each.name === name)!)
const june = await loadDataset(engine, "test")
const everyNth = (stride: number): number[] =>
  Array.from({ length: Math.floor(june.delay.length / stride) }, (_, i) => i * stride)

// Labels, and the logistic model's probabilities rounded to percent, so that many are equal.
const logistic = predictProba(await modelOf("late", "logistic"), june.features)
await write(
  "01-average-precision",
  "june.csv",
  everyNth(1_300).map(row => ({ late: june.late[row], percent: Math.round(100 * logistic[row]) })),
)

// One in 30 of the departures from Chicago O'Hare in May and June.
await write(
  "03-time-split",
  "chicago.csv",
  await query(
    `SELECT strftime(date, '%Y-%m-%dT%H:%M') AS departure, delay FROM (
       SELECT date, delay, flight_id, row_number() OVER (ORDER BY date, flight_id) AS place
       FROM gold.flights WHERE origin = 'ORD' AND date >= '2001-05-01'
     ) WHERE place % 30 = 0 ORDER BY place`,
  ),
)

const { curves } = await resultOf<typeof drawLearningCurves>("curves")
await write(
  "04-bias-variance",
  "curves.csv",
  curves.flatMap(({ model, points }) =>
    points.map(({ size, train, validation }) => ({
      model,
      size,
      train: rounded(train, 3),
      validation: rounded(validation, 3),
    })),
  ),
)

// Absolute errors in minutes of three models on the same flights: one in 100, of every third day of June.
const delays = await Promise.all(
  (["constant", "ridge", "boosting"] as const).map(async name => ({
    name,
    predicted: predict(await modelOf("delay", name), june.features),
  })),
)
await write(
  "05-baseline",
  "june-errors.csv",
  everyNth(100)
    .filter(row => june.day[row] % 3 === 0)
    .map(row => ({
      day: june.day[row],
      ...Object.fromEntries(
        delays.map(({ name, predicted }) => [name, rounded(Math.abs(predicted[row] - june.delay[row]), 1)]),
      ),
    })),
)

// What the lab groups airports by, standardised, and k-means' answers for 2 to 8 groups.
const airports = await query<{
  airport: string
  delay: number
  late: number
  flights: number
  distance: number
}>(
  `WITH a AS (
     SELECT origin AS airport, avg(delay) AS delay, avg(late) AS late,
       ln(count(*) * 1.0 / count(DISTINCT day)) AS flights, avg(distance) AS distance
     FROM gold.flights WHERE split = 'train' GROUP BY origin HAVING count(*) >= 300
   )
   SELECT airport, ${["delay", "late", "flights", "distance"]
     .map(name => `(${name} - avg(${name}) OVER ()) / stddev_pop(${name}) OVER () AS ${name}`)
     .join(", ")}
   FROM a ORDER BY airport`,
)
const places = airports.map(({ airport, delay, late, flights, distance }) => ({
  airport,
  delay: rounded(delay, 3),
  late: rounded(late, 3),
  flights: rounded(flights, 3),
  distance: rounded(distance, 3),
}))
const features = createFeatures(
  (["delay", "late", "flights", "distance"] as const).map(name => ({
    name,
    kind: "numeric",
    values: Float64Array.from(places, place => place[name]),
  })),
)
const clusterings = [2, 3, 4, 5, 6, 7, 8].map(clusters => {
  const model = fitKMeans({ features, parameters: { clusters, nInit: 10 }, random: createRandom(clusters) })
  return [`k${clusters}`, predict(model, features)] as const
})
await write(
  "06-choosing-k",
  "airports.csv",
  places.map((place, row) => ({
    ...place,
    ...Object.fromEntries(clusterings.map(([name, labels]) => [name, labels[row]])),
  })),
)

// One in 100 of the flights from five airports to the other four; folds and days as in the split step.
const five = ["BUR", "LAS", "OAK", "PHX", "SAN"].map(code => `'${code}'`).join(", ")
await write(
  "07-cross-fitting",
  "flights.csv",
  await query(
    `SELECT origin, destination, day, fold, delay FROM (
       SELECT *, row_number() OVER (ORDER BY date, flight_id) AS place
       FROM gold.flights WHERE origin IN (${five}) AND destination IN (${five})
     ) WHERE place % 100 = 0 ORDER BY place`,
  ),
)
