import { afterAll, beforeAll } from "vitest"
import { openRegistry } from "../../packages/model-registry/src/open.ts"
import { describeModelRegistry } from "../../packages/model-registry/testing/contract.ts"
import { openTracking } from "../../packages/tracking/src/open.ts"
import type { TrackingStore } from "../../packages/tracking/src/port.ts"
import { experimentIdOf } from "../../packages/tracking/src/run-recorder.ts"
import { describeTrackingStore } from "../../packages/tracking/testing/contract.ts"
import { startTestServer, type TestServer } from "./mlflow/server.ts"

let server: TestServer
let runs: TrackingStore
const config = () => ({ home: server.home, mlflow: { trackingUri: server.url } })

beforeAll(async () => {
  server = await startTestServer()
  runs = await openTracking(config())
})
afterAll(async () => {
  await runs.close()
  await server.remove()
})

describeTrackingStore("MLflow server", () => openTracking(config()))

describeModelRegistry("MLflow server", async () => {
  const experimentId = await experimentIdOf(runs, "models")
  return {
    registry: await openRegistry(config()),
    newRun: async () => (await runs.createRun({ experimentId, runName: "trainer" })).runId,
  }
})
