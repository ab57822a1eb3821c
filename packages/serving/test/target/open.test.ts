import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { afterEach, expect, it } from "vitest"
import { openServingTarget } from "../../src/target/open.ts"
import { startServingStandIn } from "../../testing/databricks-serving-stand-in.ts"

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const start = async (variables: Record<string, string | undefined>) => {
  const standIn = await startServingStandIn({
    token: "dapi-of-this-test",
    deployMs: 1,
    version: () => "good",
    score: () => [],
  })
  const databricks = { DATABRICKS_HOST: standIn.url, DATABRICKS_TOKEN: "dapi-of-this-test" }
  const home = join(tmpdir(), "serving-target-that-is-not-there")
  const target = await openServingTarget(loadConfig({ ROADMAP_HOME: home, ...databricks, ...variables }))
  closers.push(target.close, standIn.close)
  expect(await target.list()).toEqual([])
  return standIn.calls
}

it.each([
  { MLFLOW_TRACKING_URI: "databricks" },
  { MLFLOW_TRACKING_URI: "http://127.0.0.1:9", MLFLOW_REGISTRY_URI: "databricks-uc" },
])("models of Unity Catalog are served by Databricks: %j", async variables => {
  expect(await start(variables)).toEqual(["GET /api/2.0/serving-endpoints"])
})

it.each([{}, { MLFLOW_TRACKING_URI: "http://127.0.0.1:9" }])(
  "other models are served on this machine: %j",
  async variables => {
    expect(await start(variables)).toEqual([])
  },
)
