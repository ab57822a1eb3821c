import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { loadDataset } from "../../labs/2026-02-foundations/src/dataset.ts"
import { loadChampion } from "../../labs/2026-02-foundations/src/load.ts"
import { exampleRows } from "../../labs/2026-02-foundations/src/model-input.ts"
import { respond, type Task } from "../../labs/2026-02-foundations/src/models.ts"
import { experiment } from "../../labs/2026-02-foundations/src/train.ts"
import { roadmap } from "../../packages/cli/testing/command.ts"
import { loadConfig } from "../../packages/core/src/config.ts"
import { onnxRequirements } from "../../packages/model-registry/src/onnx-flavor.ts"
import { openRegistry } from "../../packages/model-registry/src/open.ts"
import { preparePython } from "../../packages/services/src/python.ts"
import { openTracking } from "../../packages/tracking/src/open.ts"
import { openWarehouse } from "../../packages/warehouse/src/open.ts"
import { startTestServer, type TestServer } from "./mlflow/server.ts"
import { tolerance } from "./onnx/forms.ts"

/** One flight in eighty. */
const sample = "80"
const execute = promisify(execFile)
const names: Record<Task, string> = { delay: "flight-delay", late: "flight-late" }
const rows = 2_000

let server: TestServer
let python: string
let home: string
beforeAll(async () => {
  server = await startTestServer()
  home = server.home
  const folder = join(loadConfig().home, "services")
  python = (await preparePython({ requirements: onnxRequirements, folder })).python
})
afterAll(() => server.remove())

const config = () => loadConfig({ ROADMAP_HOME: home, MLFLOW_TRACKING_URI: server.url })
const run = (args: string[]) => roadmap(home, args, { env: { MLFLOW_TRACKING_URI: server.url } })

describe("February with MLFLOW_TRACKING_URI", () => {
  test("is done, and tracks its runs on the server, none here", async () => {
    const finished = await run(["run", "feb", "--sample", sample, "--json"])
    expect(finished.stderr).not.toMatch(/✖/)
    expect(finished.code).toBe(0)
    const store = await openTracking(config())
    const { experimentId } = await store.getExperimentByName(experiment)
    const { items } = await store.searchRuns({ experimentIds: [experimentId] })
    expect(items.map(({ runName, status }) => `${runName} ${status}`).sort()).toEqual(
      [
        "delay-boosting",
        "delay-constant",
        "delay-ridge",
        "late-boosting",
        "late-constant",
        "late-logistic",
      ].map(name => `${name} FINISHED`),
    )
    for (const { runId, metrics, params, inputs } of items) {
      expect(Object.keys(metrics).length).toBeGreaterThan(5)
      expect(params.sample).toBe(sample)
      expect(inputs).toHaveLength(1)
      expect((await store.listArtifacts(runId)).map(({ path }) => path)).toEqual(["model.bin"])
    }
    await store.close()
    const embedded = await openTracking({ home })
    expect((await embedded.searchExperiments()).items).toEqual([])
    await embedded.close()
  })
  test("skips every step the second time", async () => {
    const again = JSON.parse((await run(["run", "feb", "--sample", sample, "--json"])).stdout)
    const steps: { status: string }[] = again.labs[0].steps
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(["skipped"]))
  })
  test("registers its champions there, with their runs, cards and data", async () => {
    const registry = await openRegistry(config())
    for (const name of Object.values(names)) {
      const champion = await registry.getByAlias(name, "champion")
      expect(champion).toMatchObject({ version: 1, status: "READY", tags: { "roadmap.month": "2026-02" } })
      expect(champion.lineage.runId).toMatch(/^[0-9a-f]{32}$/)
      expect(champion.lineage.datasets).toHaveLength(1)
      expect((await registry.readCard(name, 1)).markdown).toContain(`# Model card: ${name}`)
    }
    await registry.close()
  })
  test(`Python's mlflow.pyfunc opens them from the server and predicts ${rows} flights equally`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "roadmap-pyfunc-"))
    await using engine = await openWarehouse(loadConfig({ ROADMAP_HOME: home }))
    const validation = await loadDataset(engine, "validation")
    const cases = Object.values(names).map(name => ({
      uri: `models:/${name}@champion`,
      rows: exampleRows(validation, rows),
    }))
    writeFileSync(join(folder, "cases.json"), JSON.stringify(cases))
    const { stdout } = await execute(
      python,
      [join(import.meta.dirname, "mlflow", "predict_registered.py"), folder],
      {
        env: { PATH: "/usr/bin:/bin", MLFLOW_TRACKING_URI: server.url, MLFLOW_DISABLE_TELEMETRY: "true" },
        maxBuffer: 1 << 26,
      },
    )
    const predicted: Record<string, Record<string, number[]>> = JSON.parse(stdout)
    for (const task of ["delay", "late"] as const) {
      const here = respond(task, await loadChampion(config(), names[task]), validation).subarray(0, rows)
      const columns = Object.values(predicted[`models:/${names[task]}@champion`])
      expect(columns.at(-1)).toHaveLength(rows)
      const distances = columns.map(there => Math.max(...there.map((value, i) => relative(value, here[i]))))
      expect(Math.min(...distances)).toBeLessThan(tolerance)
    }
    rmSync(folder, { recursive: true })
  })
})

const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(Math.abs(b), 1e-12)
