/** One task in a process of its own. Argument: { task, rows, trees, home, flights, source, out } as JSON. Prints JSON. */
import { join } from "node:path"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { encodeModel } from "@roadmap/ml/encoding"
import { createFeatures } from "@roadmap/ml/features"
import { roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import { scoreBatch } from "@roadmap/serving/batch/score"
import { duckdbEngine } from "@roadmap/warehouse/adapters/duckdb"
import { collectColumns } from "@roadmap/warehouse/collect"
import { quoteText } from "@roadmap/warehouse/identifiers"

const { task, rows, trees, home, flights, source, out } = JSON.parse(process.argv[2]) as {
  task: "prepare" | "fit" | "score"
  rows: number
  trees: number
  home: string
  flights: string
  source: string
  out: string
}
const config = { home, logLevel: "silent", ci: true, color: false } as const
const names = [
  "distance",
  "hour",
  "minute",
  "weekday",
  "day",
  "origin_mean",
  "origin_flights",
  "destination_mean",
  "destination_flights",
  "route_mean",
  "route_flights",
]
const print = (result: object) => process.stdout.write(JSON.stringify(result))
const openEngine = () =>
  duckdbEngine({ path: ":memory:", temporaryFolder: join(home, "spill"), memoryLimit: "2GB" })

const tasks: Record<typeof task, () => Promise<void>> = {
  /** The same Parquet file for both: a key, eleven numbers as doubles, and whether the flight was late. */
  async prepare() {
    await using engine = await openEngine()
    const mean = (by: string) =>
      `avg(delay) OVER (PARTITION BY ${by}), count(*) OVER (PARTITION BY ${by})::DOUBLE`
    const values = `distance::DOUBLE, hour(date)::DOUBLE, (hour(date) * 60 + minute(date))::DOUBLE, dayofweek(date)::DOUBLE,
      dayofyear(date)::DOUBLE, ${mean("origin")}, ${mean("destination")}, ${mean("origin, destination")}`
    await engine.query(
      `COPY (SELECT * FROM (SELECT row_number() OVER (), ${values}, (delay >= 15)::INTEGER
         FROM (SELECT * FROM read_parquet(${quoteText(flights)}) LIMIT ${rows})) AS t(flight, ${names.join(", ")}, late))
       TO ${quoteText(source)} (FORMAT parquet)`,
    )
    print({})
  },
  async fit() {
    await using engine = await openEngine()
    const columns = Object.fromEntries([...names, "late"].map(name => [name, "float64" as const]))
    const sql = `SELECT * FROM read_parquet(${quoteText(source)}) WHERE flight % ${Math.max(1, rows / 300_000)} = 0`
    const read = await collectColumns(engine, sql, { columns })
    const model = await fitBoosting({
      features: createFeatures(names.map(name => ({ name, kind: "numeric", values: read[name] }))),
      target: read.late,
      parameters: { loss: "logistic", trees, leaves: 31, learningRate: 0.1 },
    })
    const registry = await openRegistry(config)
    const directory = join(home, "model")
    await writeModel(directory, {
      flavors: roadmapFlavor("@roadmap/ml", 1),
      files: { "model.bin": encodeModel(model) },
      signature: {
        inputs: names.map(name => ({ name, type: "double", required: true })),
        outputs: [
          { name: "late", type: "long", required: true },
          { name: "probability", type: "double", required: true },
        ],
      },
    })
    await registry.register({ name: "late", directory })
    await registry.close()
    print({})
  },
  async score() {
    const started = performance.now()
    const report = await scoreBatch(config, {
      model: "late/1",
      source: { files: [source], format: "parquet" },
      out,
      keep: ["flight"],
    })
    print({ seconds: (performance.now() - started) / 1_000, rows: report.scored })
  },
}
await tasks[task]()
