import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { roadmap } from "../../packages/cli/testing/command.ts"
import { readModel } from "../../packages/model-registry/src/mlmodel.ts"
import { openRegistry } from "../../packages/model-registry/src/open.ts"
import { writeSampleModel } from "../../packages/model-registry/testing/sample-model.ts"
import { openTracking } from "../../packages/tracking/src/open.ts"
import { allPages } from "../../packages/tracking/src/page.ts"
import { withRun } from "../../packages/tracking/src/run-recorder.ts"
import { startTestServer, type TestServer } from "./mlflow/server.ts"

const [runsMade, pointsEach, artifactsEach] = [12, 1_500, 4]

let server: TestServer
const home = mkdtempSync(join(tmpdir(), "roadmap-sync-"))
beforeAll(async () => {
  server = await startTestServer()
  await fill()
})
afterAll(async () => {
  await server.remove()
  rmSync(home, { recursive: true, force: true })
})

/** Runs with every kind of record, nested ones, and three versions of a model. */
const fill = async () => {
  const store = await openTracking({ home })
  const registry = await openRegistry({ home })
  let parentRunId: string | undefined
  for (let i = 0; i < runsMade; i++) {
    const { run } = await withRun(
      store,
      { experiment: "offline", runName: `run ${i}`, parentRunId },
      async run => {
        await run.params({ alpha: i / 10, model: "ridge" })
        for (let step = 0; step < pointsEach; step++)
          await run.metric("loss", step === 7 ? Number.NaN : i / (step + 1), step)
        await run.inputs([
          { name: "flights", digest: `d${i}`, sourceType: "local", source: "f", context: "training" },
        ])
        for (let a = 0; a < artifactsEach; a++)
          await run.artifact(`plots/${a}.bin`, { bytes: new Uint8Array(20_000).fill(i * 7 + a) })
      },
    )
    parentRunId ??= run.runId
    if (i < 3) {
      const { directory } = await writeSampleModel(home, i)
      await registry.register({
        name: "ridge",
        directory,
        tags: { i: String(i) },
        lineage: { runId: run.runId },
      })
    }
  }
  await registry.describeModel("ridge", "three of them")
  await registry.setAlias("ridge", "champion", 2)
  await registry.setAlias("ridge", "challenger", 3)
  await store.close()
  await registry.close()
}

const sync = (...rest: string[]) => roadmap(home, ["sync", "mlflow", "--to", server.url, ...rest])
const kindsOf = (text: string) => JSON.parse(text)
const points = runsMade * pointsEach
const whole = {
  experiments: 1,
  runs: runsMade,
  "metric points": points,
  parameters: runsMade * 2,
  inputs: runsMade,
  artifacts: runsMade * artifactsEach,
  models: 1,
  versions: 3,
  aliases: 2,
}

describe("roadmap sync mlflow", () => {
  test("with --dry-run writes nothing and counts what is missing", async () => {
    const { code, stdout } = await sync("--dry-run", "--json")
    expect(code).toBe(0)
    expect(kindsOf(stdout).pushed).toMatchObject({ experiments: 1, runs: runsMade, models: 1, versions: 3 })
    const there = await openTracking({ home, mlflow: { trackingUri: server.url } })
    expect((await there.searchExperiments({ filter: "name = 'offline'" })).items).toEqual([])
    await there.close()
  })
  test("killed in the middle is taken up by the next, and nothing is lost or doubled", async () => {
    for (const artifactsSeen of [3, 20]) {
      const killed = await roadmap(home, ["sync", "mlflow", "--to", server.url], {
        onStart: child => void killAfterArtifacts(child.pid ?? 0, artifactsSeen),
      })
      expect(killed.signal).toBe("SIGKILL")
    }
    const { code, stdout, stderr } = await sync("--json")
    expect(stderr).not.toMatch(/✖/)
    const tally = kindsOf(stdout)
    expect(tally.differences).toEqual([])
    expect(code).toBe(0)
    expect(tally.verified).toMatchObject(whole)
    expect(tally.pushed.runs).toBeLessThan(runsMade)
    const there = await openTracking({ home, mlflow: { trackingUri: server.url } })
    const { experimentId } = await there.getExperimentByName("offline")
    const { items } = await there.searchRuns({ experimentIds: [experimentId] })
    expect(items.map(run => run.runName).sort()).toEqual(
      Array.from({ length: runsMade }, (_, i) => `run ${i}`).sort(),
    )
    for (const { runId } of items)
      expect(await allPages(pageToken => there.getMetricHistory(runId, "loss", { pageToken }))).toHaveLength(
        pointsEach,
      )
    await there.close()
  })
  test("again writes nothing", async () => {
    const { code, stdout } = await sync("--json")
    expect(code).toBe(0)
    const { pushed, verified } = kindsOf(stdout)
    expect(new Set(Object.values(pushed))).toEqual(new Set([0]))
    expect(verified).toMatchObject(whole)
  })
  test("keeps versions, aliases, parents and files", async () => {
    const there = await openTracking({ home, mlflow: { trackingUri: server.url } })
    const registry = await openRegistry({ home, mlflow: { trackingUri: server.url } })
    const champion = await registry.getByAlias("ridge", "champion")
    expect(champion).toMatchObject({ version: 2, tags: { i: "1" } })
    const trainer = await there.getRun(champion.lineage.runId ?? "")
    expect(trainer.runName).toBe("run 1")
    const parent = await there.getRun(trainer.tags["mlflow.parentRunId"])
    expect(parent.runName).toBe("run 0")
    expect((await readModel(await registry.fetchModel("ridge", 2))).digest).toBe(champion.digest)
    await there.close()
    await registry.close()
  })
  test("ends with 1 and names it when something there was changed by others", async () => {
    const there = await openTracking({ home, mlflow: { trackingUri: server.url } })
    const { experimentId } = await there.getExperimentByName("offline")
    const [run] = (await there.searchRuns({ experimentIds: [experimentId], filter: "run_name = 'run 5'" }))
      .items
    await there.logBatch(run.runId, { metrics: [{ key: "loss", value: 99, step: 5_000, timestamp: 5 }] })
    const { code, stdout } = await sync()
    expect(code).toBe(1)
    expect(stdout).toMatch(/✖ run [0-9a-f]{32}: metric "loss" has more points there/)
    await there.close()
  })
  test("to nowhere is a usage error, and to a server that is not there is UNREACHABLE", async () => {
    const nowhere = await roadmap(home, ["sync", "mlflow"])
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/✖ USAGE: Which MLflow server/)])
    const absent = await roadmap(home, ["sync", "mlflow", "--to", "http://ada:pa55@127.0.0.1:9"], {
      env: { MLFLOW_HTTP_REQUEST_TIMEOUT: "1" },
    })
    expect(absent.code).toBe(3)
    expect(absent.stderr).toMatch(/✖ UNREACHABLE/)
    expect(absent.stderr).not.toMatch(/pa55/)
  })
})

/** Waits until the server has so many artifacts more, then kills the process. */
const killAfterArtifacts = async (pid: number, count: number): Promise<void> => {
  const there = await openTracking({ home, mlflow: { trackingUri: server.url } })
  const stored = async () => {
    const experiments = (await there.searchExperiments({ filter: "name = 'offline'" })).items
    const { items } = await there.searchRuns({ experimentIds: experiments.map(each => each.experimentId) })
    let sum = 0
    for (const { runId } of items) sum += (await there.listArtifacts(runId, "plots")).length
    return sum
  }
  while ((await stored()) < count) await new Promise(resolve => setTimeout(resolve, 20))
  process.kill(pid, "SIGKILL")
  await there.close()
}
