import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs"
import { request } from "node:https"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { serviceVariable } from "../../packages/services/src/process-group.ts"
import { findProcess } from "../../packages/services/src/process-table.ts"
import {
  type RunningService,
  serviceStatus,
  startService,
  stopService,
} from "../../packages/services/src/service.ts"
import { firstMessage, produceMessage } from "../../packages/services/testing/kafka-messages.ts"

const execute = promisify(execFile)

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "roadmap-services-"))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))
afterEach(async () => {
  for (const name of ["mlflow", "spark", "postgres", "kafka", "llm"]) await stopService(name, { home })
})

/** Natively, also where Docker answers: the test says so. */
const up = (name: string, options = {}): Promise<RunningService> =>
  startService(name, {
    home,
    starter: "native",
    onProgress: line => console.error(`${name}: ${line}`),
    ...options,
  })

/** Stops the service and looks for whatever was started for it, by what stands in its environment or its command. */
const downLeavesNothing = async (name: string) => {
  expect(await stopService(name, { home })).toBe(true)
  expect(await serviceStatus(name, { home })).toMatchObject({ status: "stopped", pids: [] })
  const folder = join(home, "services", name)
  const left = readdirSync("/proc").filter(
    pid =>
      /^\d+$/.test(pid) &&
      findProcess(Number(pid)) !== undefined &&
      (contentOf(`/proc/${pid}/environ`).includes(`${serviceVariable}=${folder}\0`) ||
        contentOf(`/proc/${pid}/cmdline`).includes(folder)),
  )
  expect(left).toEqual([])
}

const contentOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

test("MLflow: healthy, of the pinned version, keeps its runs over a restart on the same port", async () => {
  const first = await up("mlflow")
  const url = first.variables.MLFLOW_TRACKING_URI
  const post = (path: string, body: object) =>
    fetch(`${url}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }).then(answer => answer.json() as Promise<Record<string, unknown>>)
  expect(await (await fetch(`${url}/health`)).text()).toBe("OK")
  expect(await (await fetch(`${url}/version`)).text()).toBe(first.versions.mlflow)
  const { experiment_id } = await post("experiments/create", { name: "kept" })
  expect(await up("mlflow")).toEqual({ ...first, started: false })
  expect(await stopService("mlflow", { home })).toBe(true)
  await expect(fetch(`${url}/health`)).rejects.toThrow()
  expect((await up("mlflow")).variables).toEqual(first.variables)
  const { experiments } = (await post("experiments/search", { max_results: 10 })) as {
    experiments: { name: string; experiment_id: string }[]
  }
  expect(experiments).toContainEqual(expect.objectContaining({ name: "kept", experiment_id }))
  await downLeavesNothing("mlflow")
})

test("Spark: answers with the token only, has no other port in this machine's network, and is seen dead when it dies", async () => {
  const spark = await up("spark")
  expect(await ask(spark, "wrong-token-of-some-length")).toBe(401)
  expect(await ask(spark, spark.variables.DATABRICKS_TOKEN)).not.toBe(401)
  expect(Object.keys(spark.ports)).toEqual(["main"])
  for (const pid of spark.pids)
    expect(contentOf(`/proc/${pid}/cmdline`)).not.toContain(spark.variables.DATABRICKS_TOKEN)
  expect(readlinkSync(`/proc/${spark.pids[0]}/ns/net`)).not.toBe(readlinkSync("/proc/self/ns/net"))
  expect(await serviceStatus("spark", { home })).toMatchObject({ status: "running" })
  // What stands before it does not hide its death.
  process.kill(spark.pids[0], "SIGKILL")
  while (findProcess(spark.pids[0])) await new Promise(setImmediate)
  expect(await serviceStatus("spark", { home })).toMatchObject({ status: "dead", pids: spark.pids.slice(1) })
  await downLeavesNothing("spark")
  expect(await listens(spark.ports.main)).toBe(false)
})

test("PostgreSQL: answers with the password only, has pgvector, keeps its tables over a restart", async () => {
  const { variables, pids, dataFolder } = await up("postgres")
  const url = variables.DATABASE_URL
  const bin = join(contentOf(`/proc/${pids[0]}/cmdline`).split("\0")[0], "..")
  const sql = async (statement: string, where = url) =>
    (await execute(join(bin, "psql"), [where, "-XAtc", statement])).stdout.trim()
  await sql(
    "CREATE EXTENSION vector; CREATE TABLE points (v vector(3)); INSERT INTO points VALUES ('[1,2,3]')",
  )
  expect(await sql("SELECT v <-> '[1,2,5]' FROM points")).toBe("2")
  expect(await sql("SELECT extversion FROM pg_extension WHERE extname = 'vector'")).toBe("0.8.5")
  expect(await sql("SHOW listen_addresses")).toBe("127.0.0.1")
  await expect(sql("SELECT 1", url.replace(/:[^:@]+@/, ":wrong@"))).rejects.toThrow(
    /password authentication failed/,
  )
  await downLeavesNothing("postgres")
  await up("postgres")
  expect(await sql("SELECT count(*) FROM points")).toBe("1")
  await downLeavesNothing("postgres")
  expect(existsSync(join(dataFolder, "cluster", "postmaster.pid"))).toBe(false)
})

test("Kafka: a message that is produced is consumed", async () => {
  const brokers = (await up("kafka")).variables.KAFKA_BROKERS
  await produceMessage(brokers, "flights", "delayed")
  expect(await firstMessage(brokers, "flights", "readers")).toBe("delayed")
  await downLeavesNothing("kafka")
})

test("the local LLM completes a chat and counts its tokens", async () => {
  const { variables } = await up("llm")
  const answer = await fetch(`${variables.OPENAI_BASE_URL}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${variables.OPENAI_API_KEY}` },
    body: JSON.stringify({
      messages: [{ role: "user", content: "What is the capital of France? One word." }],
      max_tokens: 16,
      temperature: 0,
    }),
  })
  const { choices, usage } = (await answer.json()) as {
    choices: { message: { content: string } }[]
    usage: { prompt_tokens: number; completion_tokens: number }
  }
  expect(choices[0].message.content).toContain("Paris")
  expect(usage.prompt_tokens).toBeGreaterThan(10)
  expect(usage.completion_tokens).toBeLessThanOrEqual(16)
  await downLeavesNothing("llm")
})

const ask = (service: RunningService, token: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(service.variables.DATABRICKS_HOST)
    const call = request(
      {
        hostname,
        port,
        path: service.variables.DATABRICKS_HTTP_PATH,
        method: "POST",
        ca: readFileSync(service.variables.NODE_EXTRA_CA_CERTS),
        headers: { authorization: `Bearer ${token}` },
      },
      answer => {
        answer.resume().once("close", () => resolve(answer.statusCode))
      },
    )
    call.once("error", reject)
    call.end()
  })
const listens = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ host: "127.0.0.1", port }, () => resolve(true))
    socket.once("error", () => resolve(false))
    socket.once("connect", () => socket.destroy())
  })
