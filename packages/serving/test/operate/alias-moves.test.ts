import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { duckdbEngine } from "@roadmap/warehouse/adapters/duckdb"
import { rowsOf } from "@roadmap/warehouse/rows"
import { expect, it } from "vitest"
import { predictionLogFiles } from "../../src/operate/prediction-log/read.ts"
import { startServer } from "../../src/server.ts"
import { ask } from "./small-server.ts"
import { modelName, openVersions } from "./versions.ts"

it("an alias moved 50 times under load fails no request of the server, and its log has every answer", async () => {
  const store = await openVersions()
  try {
    await store.registerNumbers(5)
    await store.registry.setAlias(modelName, "champion", 1)
    const log = join(store.folder, "prediction-log")
    const server = await startServer(loadConfig({ ROADMAP_HOME: store.folder, LOG_LEVEL: "silent" }), {
      models: [`${modelName}@champion`],
      port: 0,
      registry: store.registry,
      predictionLog: { folder: log },
      reloadMs: 10,
      threads: 1,
    })
    const port = Number(new URL(server.url).port)
    const answers: { status: number; served: unknown; text: string }[] = []
    let going = true
    const client = async (rows: number) => {
      const body = JSON.stringify({ dataframe_split: { columns: ["x"], data: Array(rows).fill([1]) } })
      while (going) {
        const { status, headers, text } = await ask(port, "/invocations", { body })
        answers.push({ status, served: headers["x-served-model"], text })
      }
    }
    const clients = [1, 1, 1, 1, 1, 3].map(client)
    for (let move = 1; move <= 50; move++) {
      const version = 1 + (move % 5)
      await store.registry.setAlias(modelName, "champion", version)
      await expect.poll(() => server.models()[0].version, { interval: 2, timeout: 10_000 }).toBe(version)
    }
    going = false
    await Promise.all(clients)
    await server.close()

    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const seen = answers.map(({ served, text }) => {
      const values = (JSON.parse(text).predictions as { prediction: number }[]).map(
        ({ prediction }) => prediction,
      )
      return { served, values, rows: values.length }
    })
    for (const { served, values } of seen)
      expect(values).toEqual(Array(values.length).fill(Number(String(served).split("/")[1])))
    expect(new Set(seen.map(({ served }) => served)).size).toBe(5)

    await using engine = await duckdbEngine({
      path: join(store.folder, "w.duckdb"),
      temporaryFolder: store.folder,
      memoryLimit: "200MB",
    })
    await engine.load("log", { format: "parquet", files: await predictionLogFiles(log) }, "replace")
    const logged = await engine.query(
      `SELECT 'numbered/' || version AS served, count(*)::INT AS n,
         bool_and(output_prediction = version AND latency_ms > 0 AND feature_x = 1) AS fits
       FROM log GROUP BY version ORDER BY version`,
    )
    const expected = [1, 2, 3, 4, 5].map(version => ({
      served: `numbered/${version}`,
      n: seen
        .filter(({ served }) => served === `numbered/${version}`)
        .reduce((sum, { rows }) => sum + rows, 0),
      fits: true,
    }))
    expect(rowsOf(logged)).toEqual(expected)
  } finally {
    await store.close()
  }
})
