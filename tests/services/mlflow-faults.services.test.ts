import { execFileSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { ErrorCode } from "../../packages/core/src/errors.ts"
import { sha256 } from "../../packages/core/src/hash.ts"
import { mlflowModelRegistry } from "../../packages/model-registry/src/adapters/mlflow.ts"
import type { ModelRegistry } from "../../packages/model-registry/src/port.ts"
import { writeSampleModel } from "../../packages/model-registry/testing/sample-model.ts"
import { mlflowTrackingStore } from "../../packages/tracking/src/adapters/mlflow.ts"
import { allPages } from "../../packages/tracking/src/page.ts"
import type { TrackingStore } from "../../packages/tracking/src/port.ts"
import { experimentIdOf, withRun } from "../../packages/tracking/src/run-recorder.ts"
import { mountSmall, unmount } from "../../packages/tracking/testing/child.ts"
import { type Fault, type FaultProxy, startFaultProxy } from "./mlflow/fault-proxy.ts"
import { startTestServer, type TestServer } from "./mlflow/server.ts"

const secret = `t0ken-${randomUUID()}`
let server: TestServer
let proxy: FaultProxy
let store: TrackingStore
let registry: ModelRegistry
let folder: string

const through = (url: string, limits: { timeoutMs?: number; deadlineMs?: number } = {}) => ({
  endpoint: {
    baseUrl: url,
    headers: { authorization: `Bearer ${secret}` },
    secrets: [secret],
    kind: "mlflow" as const,
  },
  timeoutMs: 2_000,
  deadlineMs: 8_000,
  ...limits,
})

beforeAll(async () => {
  server = await startTestServer()
  proxy = await startFaultProxy(server.url)
  folder = mkdtempSync(join(tmpdir(), "roadmap-faults-"))
  store = await mlflowTrackingStore(through(proxy.url))
  registry = await mlflowModelRegistry({ ...through(proxy.url), cache: join(folder, "cache") })
})
afterAll(async () => {
  await store.close()
  await registry.close()
  await proxy.close()
  await server.remove()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => proxy.calm())

const newExperiment = async () =>
  (await store.createExperiment({ name: `faults ${randomUUID()}` })).experimentId
const newRun = async () => store.createRun({ experimentId: await newExperiment(), runName: "a run" })

const refused = async (code: ErrorCode, work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    thrown => thrown,
  )
  expect(error).toMatchObject({ name: "RoadmapError", code })
  expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain(secret)
  expect(error.message).not.toMatch(/<html|<!doctype/i)
  return error
}

const brokenOnce: [string, Fault][] = [
  ["cut before the server heard it", { cut: "before" }],
  ["cut before its answer came", { cut: "after" }],
  ["cut in the middle of its answer", { cut: "half" }],
  ["answered 500 by something before the server", { status: 500, body: "{}" }],
  [
    "answered 502 with a page",
    { status: 502, headers: { "content-type": "text/html" }, body: "<html>Bad</html>" },
  ],
  ["asked for patience", { status: 429, headers: { "retry-after": "0" }, body: "" }],
  ["answered with half a JSON", { status: 200, body: '{"run": {"info"' }],
  ["answered later than the limit", { delayMs: 3_000 }],
]

describe.each(brokenOnce)("a call %s", (_, fault) => {
  test("that creates an experiment makes one", async () => {
    const name = `once ${randomUUID()}`
    proxy.next(/POST .*experiments\/create/, fault)
    const made = await store.createExperiment({ name, tags: { lab: "feb" } })
    expect(await store.getExperimentByName(name)).toEqual(made)
    expect(made.tags).toEqual({ lab: "feb" })
  })
  test("that creates a run makes one", async () => {
    const experimentId = await newExperiment()
    proxy.next(/POST .*runs\/create/, fault)
    const { runId } = await store.createRun({ experimentId, runName: "one" })
    const { items } = await store.searchRuns({ experimentIds: [experimentId] })
    expect(items.map(run => run.runId)).toEqual([runId])
  })
  test("that logs a batch loses and doubles nothing", async () => {
    const { runId } = await newRun()
    const metrics = Array.from({ length: 500 }, (_, step) => ({ key: "loss", value: 1 / (step + 1), step }))
    proxy.next(/POST .*log-batch/, fault)
    await store.logBatch(runId, { metrics, params: { alpha: "0.1" }, tags: { lab: "feb" } })
    const history = await allPages(pageToken => store.getMetricHistory(runId, "loss", { pageToken }))
    expect(history.map(point => point.step)).toEqual(metrics.map(point => point.step))
    expect(await store.getRun(runId)).toMatchObject({ params: { alpha: "0.1" }, tags: { lab: "feb" } })
  })
  test("that records outputs records each once", async () => {
    const { runId } = await newRun()
    const model = { modelId: `m-${"0a".repeat(16)}`, step: 3 }
    proxy.next(/POST .*runs\/outputs/, fault)
    await store.logOutputs(runId, [model])
    expect((await store.getRun(runId)).outputs).toEqual([model])
  })
  test("that stores an artifact stores it whole, and reads it whole", async () => {
    const { runId } = await newRun()
    const bytes = new Uint8Array(300_000).map((_, i) => (i * 7) & 255)
    proxy.next(/PUT .*data\.bin/, fault)
    await store.logArtifact(runId, "data.bin", { bytes })
    // A body that is another one with status 200 cannot be told from a damaged file: that is FILE_CORRUPT.
    if (!("status" in fault && fault.status === 200)) proxy.next(/GET .*data\.bin/, fault)
    expect(sha256(await store.readArtifact(runId, "data.bin"))).toBe(sha256(bytes))
  })
  test("that registers a model makes one version", async () => {
    const name = `model-${randomUUID()}`
    const { directory, digest } = await writeSampleModel(folder, 1)
    for (const call of [
      /POST .*\/logged-models$/,
      /POST .*registered-models\/create/,
      /POST .*model-versions\/create/,
    ])
      proxy.next(call, fault)
    const made = await registry.register({ name, directory })
    expect(made).toMatchObject({ version: 1, digest, status: "READY" })
    expect((await registry.listVersions(name)).items).toHaveLength(1)
  })
})

describe("an upload", () => {
  test("whose connection breaks in the middle starts again, and its content is right", async () => {
    const { runId } = await newRun()
    const file = join(folder, "large.bin")
    writeFileSync(
      file,
      new Uint8Array(5_000_000).map((_, i) => (i * 31) & 255),
    )
    proxy.next(/PUT/, { cutUploadAfter: 1_000_000 }, { cutUploadAfter: 3_000_000 })
    const { sha256: expected } = await store.logArtifact(runId, "large.bin", { file })
    expect(proxy.seen.filter(line => line.startsWith("PUT"))).toHaveLength(3)
    expect(sha256(await store.readArtifact(runId, "large.bin"))).toBe(expected)
  })
  test("changed on the server by another program is FILE_CORRUPT when read", async () => {
    const run = await newRun()
    await store.logArtifact(run.runId, "model.bin", { text: "the model" })
    const root = run.artifactUri.replace("mlflow-artifacts:/", "")
    await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/${root}/model.bin`, {
      method: "PUT",
      body: "another model",
    })
    await refused("FILE_CORRUPT", store.readArtifact(run.runId, "model.bin"))
    await refused("FILE_CORRUPT", store.downloadArtifacts(run.runId, "", join(folder, "download")))
    await store.logArtifact(run.runId, "model.bin", { text: "the model" })
    expect(await store.readArtifact(run.runId, "model.bin")).toHaveLength(9)
  })
})

describe("an answer that stays bad", () => {
  const page = { "content-type": "text/html" }
  const json = (error_code: string) => JSON.stringify({ error_code, message: `no: ${secret}` })
  const answers: [string, Fault, ErrorCode, number | undefined][] = [
    ["401", { status: 401, body: "You are not authenticated" }, "AUTH_FAILED", 1],
    ["403", { status: 403, body: json("PERMISSION_DENIED") }, "AUTH_FAILED", 1],
    ["404 with a page", { status: 404, headers: page, body: "<!doctype html>" }, "SERVICE_FAILED", 1],
    ["404", { status: 404, body: json("RESOURCE_DOES_NOT_EXIST") }, "NOT_FOUND", 1],
    ["409", { status: 409, body: json("RESOURCE_CONFLICT") }, "ALREADY_EXISTS", 1],
    ["400", { status: 400, body: json("INVALID_PARAMETER_VALUE") }, "INVALID_INPUT", 1],
    ["302", { status: 302, headers: { location: "http://127.0.0.1:9/" } }, "SERVICE_FAILED", 1],
    ["200 of another form", { status: 200, body: '{"run": 7}' }, "SERVICE_FAILED", 1],
    [
      "200 with a page",
      { status: 200, headers: page, body: "<html>Sign in</html>" },
      "SERVICE_FAILED",
      undefined,
    ],
    ["500", { status: 500, body: json("INTERNAL_ERROR") }, "SERVICE_FAILED", undefined],
    ["502 with a page", { status: 502, headers: page, body: "<html>" }, "SERVICE_FAILED", undefined],
    ["429 with a long Retry-After", { status: 429, headers: { "retry-after": "3600" } }, "SERVICE_FAILED", 1],
    ["a cut connection", { cut: "before" }, "UNREACHABLE", undefined],
    ["a slow drip", { dripMs: 100 }, "TIMEOUT", undefined],
  ]
  test.each(answers)("%s is coded, without a secret or a page in it", async (_, fault, code, attempts) => {
    const { runId } = await newRun()
    const impatient = await mlflowTrackingStore(through(proxy.url, { timeoutMs: 500, deadlineMs: 1_500 }))
    proxy.always(/runs\/get/, fault)
    await refused(code, impatient.getRun(runId))
    const seen = proxy.seen.filter(line => /runs\/get/.test(line)).length
    if (attempts !== undefined) expect(seen).toBe(attempts)
    else expect(seen).toBeGreaterThan(1)
    await impatient.close()
  })
  test("ends at once when the work is interrupted", async () => {
    const interrupt = new AbortController()
    const stopped = await mlflowTrackingStore({ ...through(proxy.url), signal: interrupt.signal })
    proxy.always(/runs\/get/, { status: 503 })
    const waiting = refused("INTERRUPTED", stopped.getRun("0".repeat(32)))
    setTimeout(() => interrupt.abort(), 300)
    await waiting
    await stopped.close()
  })
})

describe("another server", () => {
  test("older than this program speaks with is SERVICE_VERSION", async () => {
    proxy.always(/\/version/, { status: 200, body: "2.22.1" })
    const error = await refused("SERVICE_VERSION", mlflowTrackingStore(through(proxy.url)))
    expect(error.message).toMatch(/2\.22\.1.*3\.0\.0/)
  })
  test("that is none of MLflow's is SERVICE_FAILED", async () => {
    proxy.always(/\/version/, { status: 200, body: "<html>Welcome to nginx</html>" })
    await refused("SERVICE_FAILED", mlflowTrackingStore(through(proxy.url)))
  })
})

test("a registration that was killed leaves a pending model, which sweep removes, and no version", async () => {
  const name = `model-${randomUUID()}`
  const { directory } = await writeSampleModel(folder, 2)
  const script = join(import.meta.dirname, "mlflow", "killed-registration.ts")
  expect(() =>
    execFileSync(process.execPath, [script, server.url, directory, name, folder], { stdio: "pipe" }),
  ).toThrow()
  await refused("NOT_FOUND", registry.getModel(name))
  expect(await registry.sweep()).toEqual([expect.stringMatching(/^logged-models\/m-/)])
  expect(await registry.sweep()).toEqual([])
  expect((await registry.register({ name, directory })).version).toBe(1)
})

describe("a server stopped in the middle of a run", () => {
  const steps = 6_000
  test("and started again: nothing is lost or doubled, and the run ends FINISHED", async () => {
    const patient = await mlflowTrackingStore(through(server.url, { deadlineMs: 120_000 }))
    const { run } = await withRun(
      patient,
      { experiment: "restarted", runName: "survivor" },
      async recorder => {
        let restarted: Promise<void> | undefined
        for (let step = 0; step < steps; step++) {
          await recorder.metric("loss", 1 / (step + 1), step)
          if (step === steps / 2) {
            await server.stop()
            restarted = server.start()
          }
        }
        await restarted
      },
    )
    expect(run.status).toBe("FINISHED")
    const history = await allPages(pageToken => patient.getMetricHistory(run.runId, "loss", { pageToken }))
    expect(history.map(point => point.step).sort((a, b) => a - b)).toEqual(
      Array.from({ length: steps }, (_, step) => step),
    )
    await patient.close()
  })
  test("and not started again: a coded error after the deadline says what was not written", async () => {
    const impatient = await mlflowTrackingStore(through(server.url, { deadlineMs: 2_000 }))
    const work = withRun(impatient, { experiment: "stopped", runName: "lost" }, async recorder => {
      await recorder.metric("loss", 1, 0)
      await recorder.flush()
      await server.stop()
      for (let step = 1; step < 3_000; step++) await recorder.metric("loss", 1, step)
    })
    const error = await refused("UNREACHABLE", work)
    expect(error.message).toMatch(/could not be ended properly.*\d+ metric points? (was|were) not written/)
    expect(error.exitCode).toBe(3)
    await server.start()
    const experimentIds = [await experimentIdOf(impatient, "stopped")]
    const [run] = (await impatient.searchRuns({ experimentIds })).items
    expect(run.status).toBe("RUNNING")
    expect((await impatient.getMetricHistory(run.runId, "loss")).items).toHaveLength(1)
    await impatient.close()
  })
})

test("a full disk on the server is DISK_FULL, and after making room the same batch is written", async context => {
  const small = join(folder, "small")
  mkdirSync(small)
  if (!mountSmall(small, 24_000)) return context.skip("mounting a small file system needs root")
  const full = await startTestServer({ dataFolder: small })
  const its = await mlflowTrackingStore(through(full.url))
  try {
    const experimentId = await experimentIdOf(its, "full")
    const { runId } = await its.createRun({ experimentId, runName: "full" })
    execFileSync("sh", ["-c", `dd if=/dev/zero of=${small}/ballast bs=1k 2>/dev/null || true`])
    const metrics = Array.from({ length: 1_000 }, (_, step) => ({
      key: `k${step}`,
      value: step,
      timestamp: 1,
    }))
    await refused("DISK_FULL", its.logBatch(runId, { metrics }))
    await refused("DISK_FULL", its.logArtifact(runId, "big.bin", { bytes: new Uint8Array(200_000) }))
    rmSync(join(small, "ballast"))
    await its.logBatch(runId, { metrics })
    expect(Object.keys((await its.getRun(runId)).metrics)).toHaveLength(1_000)
  } finally {
    await its.close()
    await full.remove()
    unmount(small)
  }
})
