import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { loadConfig } from "../../packages/core/src/config.ts"
import { preparePython, sitePackages } from "../../packages/services/src/python.ts"
import { requirementsOf } from "../../packages/services/src/requirements.ts"
import { startService, stopService } from "../../packages/services/src/service.ts"
import { scoreBatch } from "../../packages/serving/src/batch/score.ts"
import { flightsSql, openBatchHome } from "../../packages/serving/testing/batch-home.ts"
import { quoteText } from "../../packages/warehouse/src/identifiers.ts"
import { openWarehouse } from "../../packages/warehouse/src/open.ts"
import { rowsOf } from "../../packages/warehouse/src/rows.ts"

/** Of the Spark job to the batch scorer, relative: the model there is the exported ONNX file. */
const tolerance = 1e-9
const rows = 30_000
const jobs = join(import.meta.dirname, "..", "..", "databricks", "jobs")

let home: Awaited<ReturnType<typeof openBatchHome>>
const mlflowHome = mkdtempSync(join(tmpdir(), "roadmap-spark-scoring-"))
let python: string
let environment: Record<string, string>

beforeAll(async () => {
  const folder = join(loadConfig().home, "services")
  const onProgress = (line: string) => console.error(line)
  const spark = await preparePython({
    requirements: { lockFile: requirementsOf("spark.txt") },
    folder,
    fromSource: { packages: ["pyspark"], buildLockFile: requirementsOf("spark-build.txt") },
    onProgress,
  })
  const lines = readFileSync(join(jobs, "requirements.txt"), "utf8").split("\n")
  const requirements = lines.filter(line => line !== "" && !line.startsWith("#"))
  const scoring = await preparePython({ requirements, folder, purpose: "the Spark scoring job", onProgress })
  python = scoring.python
  const mlflow = await startService("mlflow", { home: mlflowHome, installFolder: folder, onProgress })
  const trackingUri = mlflow.variables.MLFLOW_TRACKING_URI
  home = await openBatchHome({ mlflow: { trackingUri } })
  environment = {
    PATH: process.env.PATH ?? "",
    HOME: home.home,
    PYTHONPATH: await sitePackages(spark),
    PYSPARK_PYTHON: python,
    PYSPARK_SUBMIT_ARGS: [
      "--master local[2] --driver-memory 1g",
      "--conf spark.ui.enabled=false --conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1",
      `--conf spark.sql.shuffle.partitions=2 --conf spark.local.dir=${home.home}`,
      "pyspark-shell",
    ].join(" "),
    MLFLOW_TRACKING_URI: trackingUri,
    MLFLOW_DISABLE_TELEMETRY: "true",
    DO_NOT_TRACK: "true",
  }
})
afterAll(async () => {
  await home?.[Symbol.asyncDispose]()
  await stopService("mlflow", { home: mlflowHome })
  rmSync(mlflowHome, { recursive: true, force: true })
})

test(`the Spark job and the batch scorer give ${rows} rows the same numbers, from one MLflow registry`, async () => {
  const source = join(home.home, "source")
  const scores = join(home.home, "scores")
  const target = join(home.home, "spark")
  await using engine = await openWarehouse(home.config)
  // Airports that the model does not know are in there already; missing values come on top.
  const sql = `SELECT flight, CASE WHEN flight % 11 = 0 THEN NULL ELSE origin END AS origin,
      CASE WHEN flight % 13 = 0 THEN NULL ELSE distance END AS distance, hour::DOUBLE AS hour
    FROM (${flightsSql(rows)})`
  await engine.query(`COPY (${sql}) TO ${quoteText(`${source}.parquet`)} (FORMAT parquet)`)
  const model = "models:/late@champion"
  const files = [`${source}.parquet`]
  const report = await scoreBatch(home.config, { model, source: { files, format: "parquet" }, out: scores })
  expect(report).toMatchObject({ scored: rows, rejected: 0 })

  const job = [join(jobs, "score_flights.py"), "--model", model, "--source", files[0], "--target", target]
  const { failed, stderr } = await runJob(job)
  expect(failed, stderr).toBe(false)

  const [compared] = rowsOf<{ both: number; labels: number; far: number; different: number }>(
    await engine.query(
      `SELECT count(*) AS both, count(*) FILTER (ours.prediction <> spark.prediction) AS labels,
         max(abs(ours.probability - spark.probability) / ours.probability) AS far,
         count(DISTINCT ours.probability) AS different
       FROM read_parquet(${quoteText(join(scores, "*.parquet"))}) ours
       JOIN read_parquet(${quoteText(join(target, "*.parquet"))}) spark USING (flight)`,
    ),
  )
  console.error(`largest relative difference of ${rows} probabilities: ${compared.far}`)
  expect(compared).toMatchObject({ both: rows, labels: 0 })
  expect(compared.far).toBeLessThanOrEqual(tolerance)
  expect(compared.different).toBeGreaterThan(20)
})

test("the Spark job refuses a source without a column that the model takes", async () => {
  await using engine = await openWarehouse(home.config)
  const source = join(home.home, "narrow.parquet")
  await engine.query(
    `COPY (SELECT 'ATL' AS origin, 5.0::DOUBLE AS hour) TO ${quoteText(source)} (FORMAT parquet)`,
  )
  const job = [join(jobs, "score_flights.py"), "--model", "models:/late@champion"]
  const { failed, stderr } = await runJob([
    ...job,
    "--source",
    source,
    "--target",
    join(home.home, "nowhere"),
  ])
  expect(failed).toBe(true)
  expect(stderr).toContain("has no column distance")
})

/** Runs the job as spark-submit would: Spark ends with the Python process that started it. */
const runJob = (args: readonly string[]): Promise<{ failed: boolean; stderr: string }> =>
  new Promise(resolve => {
    execFile(python, args, { env: environment, timeout: 280_000 }, (error, _stdout, stderr) =>
      resolve({ failed: error !== null, stderr: stderr.slice(-3_000) }),
    )
  })
