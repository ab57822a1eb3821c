import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { loadConfig } from "../../packages/core/src/config.ts"
import { onnxRequirements } from "../../packages/model-registry/src/onnx-flavor.ts"
import { preparePython } from "../../packages/services/src/python.ts"
import { type RunningServer, startServer } from "../../packages/serving/src/server.ts"
import { type TestHome, testHome } from "../../packages/serving/testing/models.ts"
import { type MlflowServe, mlflowServe } from "./mlflow/serve.ts"
import { lateModel, typedModel } from "./serving/models.ts"
import { type Asked, different, same, typedDifferent, typedSame } from "./serving/requests.ts"

const installed = join(loadConfig().home, "services")
let home: TestHome
let server: RunningServer
let late: MlflowServe
let typed: MlflowServe

beforeAll(async () => {
  const { bin } = await preparePython({ requirements: onnxRequirements, folder: installed })
  home = await testHome()
  await home.register("late", await lateModel())
  await home.register("typed", await typedModel())
  server = await startServer(home.config, {
    models: ["late", "typed"],
    port: 0,
    registry: home.registry,
    threads: 1,
  })
  late = await mlflowServe(bin, await home.registry.fetchModel("late", 1))
  typed = await mlflowServe(bin, await home.registry.fetchModel("typed", 1))
})
afterAll(async () => {
  await typed?.[Symbol.asyncDispose]()
  await late?.[Symbol.asyncDispose]()
  await server?.close()
  await home?.[Symbol.asyncDispose]()
})

describe("the same requests to this server and to `mlflow models serve` of the same registered model", () => {
  test.each(same)("$what: the same status and predictions", async asked => {
    const theirs = await send(late.url, asked)
    const ours = await send(server.url, asked)
    expect(ours.status).toBe(theirs.status)
    if (theirs.status !== 200 || !theirs.text.includes("predictions")) return
    const [expected, given] = [theirs, ours].map(({ text }) => JSON.parse(text).predictions)
    expect(given).toHaveLength(expected.length)
    for (const [row, prediction] of expected.entries()) {
      expect(given[row].prediction).toBe(prediction.prediction)
      expect(given[row].probability).toBeCloseTo(prediction.probability, 12)
    }
  })

  test.each(different)("$what: $mlflow there, $here here, because $why", async asked => {
    expect((await send(late.url, asked)).status).toBe(asked.mlflow)
    expect((await send(server.url, asked)).status).toBe(asked.here)
  })

  test.each(typedSame)("every type, $what: the same status", async asked => {
    const path = "/models/typed/invocations"
    expect((await send(server.url, { ...asked, path })).status).toBe((await send(typed.url, asked)).status)
  })

  test.each(typedDifferent)("every type, $what: $mlflow there, $here here, because $why", async asked => {
    expect((await send(typed.url, asked)).status).toBe(asked.mlflow)
    expect((await send(server.url, { ...asked, path: "/models/typed/invocations" })).status).toBe(asked.here)
  })
})

test("Schemathesis finds nothing in thousands of requests made from the OpenAPI document", async () => {
  const { bin } = await preparePython({ requirements: ["schemathesis==4.32.5"], folder: installed })
  const folder = mkdtempSync(join(tmpdir(), "roadmap-schemathesis-"))
  try {
    copyFileSync(join(import.meta.dirname, "serving", "schemathesis.toml"), join(folder, "schemathesis.toml"))
    const args = [
      "run",
      `${server.url}/openapi.json`,
      "--checks",
      "all",
      "--phases",
      "examples,coverage,fuzzing",
    ]
    const steady = [
      "-n",
      "150",
      "--generation-deterministic",
      "--continue-on-failure",
      "--suppress-health-check",
      "all",
    ]
    const child = spawn(join(bin, "schemathesis"), [...args, ...steady], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    })
    let output = ""
    child.stdout.on("data", text => (output += text))
    child.stderr.on("data", text => (output += text))
    const [code] = await once(child, "close")
    expect(code, output.slice(-6_000)).toBe(0)
    expect(Number(/(\d+) generated/.exec(output)?.[1])).toBeGreaterThan(2_000)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** uvicorn ends a connection after a failure of its own; the next request on it is sent once more. */
const send = async (url: string, asked: Asked): Promise<{ status: number; text: string }> => {
  const { body, type = "application/json", method = "POST", path = "/invocations" } = asked
  const content =
    typeof body === "string" ? body : Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body)
  const request = { method, ...(method === "POST" && { body: content, headers: { "content-type": type } }) }
  const answer = await fetch(`${url}${path}`, request).catch(() => fetch(`${url}${path}`, request))
  return { status: answer.status, text: await answer.text() }
}
