import { rm } from "node:fs/promises"
import { join } from "node:path"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { createFeatures, type Features } from "@roadmap/ml/features"
import { openRegistry } from "@roadmap/model-registry/open"
import { loadServedModel } from "@roadmap/serving/model/served"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import { scoreJune, scoresTable } from "./batch.ts"
import { fillOnlineStore } from "./fill.ts"
import { askedTable, gatherFlights, juneTable, requestColumns } from "./gather.ts"
import { type ChosenModel, chooseModels, type Task } from "./models.ts"
import { askedMoment, microsOf } from "./moment.ts"
import { type AskedRows, askServer, bodiesOf, routes, rowsToAsk } from "./requests.ts"
import { startServerProcess } from "./server/process.ts"

/** The same flights by one way and by the model in hand. */
export interface Agreement {
  task: Task
  way: "features" | "keys" | "batch"
  rows: number
  /** Predictions that are not the same number, to the last bit. */
  different: number
}

/** Three ways to an answer, and the model itself: the same rows must give the same numbers. */
export const verifyAnswers = defineStep({
  id: "verify",
  title: "Same rows, same predictions: REST, REST by key, batch, and the registry's model",
  needs: [chooseModels, gatherFlights, fillOnlineStore, scoreJune],
  async run(context) {
    const { config, result, signal } = context
    const { models } = result(chooseModels)
    const folder = join(config.home, "tmp", "verified-predictions")
    await rm(folder, { recursive: true, force: true })
    await using engine = await openWarehouse(config)
    const agreements: Agreement[] = []
    {
      await using server = await startServerProcess(
        {
          config,
          models: models.map(({ reference }) => reference),
          featuresAt: microsOf(askedMoment),
          predictionLog: folder,
          // What is asked here is whether answers are right, however busy the machine is.
          timeoutMs: 60_000,
        },
        signal,
      )
      for (const model of models) agreements.push(...(await compareModel(context, engine, server.url, model)))
    }
    const sent = agreements.flatMap(({ way, rows }) => (way === "batch" ? [] : [rows]))
    const answered = sent.reduce((sum, rows) => sum + rows, 0)
    const logged = await loggedRows(engine, folder)
    await rm(folder, { recursive: true, force: true })
    return {
      agreements,
      answered,
      logged,
      metrics: {
        ...Object.fromEntries(
          agreements.flatMap(({ task, way, rows, different }) => [
            [`${task}/verify-${way}/rows/june`, rows],
            [`${task}/verify-${way}/different/june`, different],
          ]),
        ),
        "verify/prediction-log/missing/all": answered - logged,
      },
    }
  },
})

const compareModel = async (
  { config, signal, progress }: StepContext,
  engine: SqlEngine,
  url: string,
  model: ChosenModel,
): Promise<Agreement[]> => {
  const { task, inputs, output, reference } = model
  const registry = await openRegistry(config)
  const served = await loadServedModel(registry, reference)
  const inHand = async (rows: AskedRows): Promise<ArrayLike<number>> =>
    (await served.predict(featuresOf(rows))).columns.find(({ name }) => name === output)!.values
  const overRest = async (route: string, rows: AskedRows, rowsEach: number): Promise<number[]> => {
    const values: number[] = []
    for (const body of bodiesOf(rows, rowsEach)) {
      const { predictions } = await askServer(`${url}${route}`, body, signal)
      for (const prediction of predictions) values.push(prediction[output])
      progress({ label: `${task}: ${route}`, done: values.length, total: rows.ids.length, unit: "rows" })
    }
    return values
  }
  const agreement = (way: Agreement["way"], got: ArrayLike<number>, expected: ArrayLike<number>) => ({
    task,
    way,
    rows: expected.length,
    different: Array.from(expected).filter((value, row) => !Object.is(value, got[row])).length,
  })
  try {
    const june = await rowsToAsk(engine, { table: juneTable, columns: inputs, count: 4_000 })
    const asked = await rowsToAsk(engine, { table: askedTable, columns: inputs, count: 2_000 })
    const keys = await rowsToAsk(engine, { table: askedTable, columns: requestColumns, count: 2_000 })
    const expected = await inHand(june)
    return [
      agreement("features", await overRest(routes.features(model), june, 40), expected),
      agreement("keys", await overRest(routes.keys(model), keys, 20), await inHand(asked)),
      agreement("batch", await batchScores(engine, task, june.ids, output), expected),
    ]
  } finally {
    await served.close()
    await registry.close()
  }
}

const featuresOf = ({ columns, data }: AskedRows): Features =>
  createFeatures(
    columns.map((name, column) => ({
      name,
      kind: "numeric",
      values: Float64Array.from(data, row => (row[column] === null ? Number.NaN : Number(row[column]))),
    })),
  )

const batchScores = async (
  engine: SqlEngine,
  task: Task,
  ids: readonly number[],
  output: string,
): Promise<number[]> => {
  const rows = rowsOf<{ flight_id: number; score: number }>(
    await engine.query(
      `SELECT flight_id, ${output} AS score FROM ${scoresTable(task)}
       WHERE flight_id IN (SELECT unnest([${ids.join(", ")}]))`,
    ),
  )
  const scoreOf = new Map(rows.map(({ flight_id, score }) => [Number(flight_id), score]))
  return ids.map(id => scoreOf.get(id) ?? Number.NaN)
}

/** What the prediction log holds once the server has been closed. */
const loggedRows = async (engine: SqlEngine, folder: string): Promise<number> => {
  const files = quoteText(join(folder, "**", "*.parquet"))
  const [{ n }] = rowsOf<{ n: number }>(
    await engine.query(
      `SELECT count(*) AS n FROM read_parquet(${files}, hive_partitioning = true, union_by_name = true)`,
    ),
  )
  return n
}
