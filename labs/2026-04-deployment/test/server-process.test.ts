import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { afterAll, beforeAll, expect, test } from "vitest"
import { mayFlights, modelName, moveAlias, registerModel } from "../drills/models.ts"
import { askServer, bodiesOf } from "../src/requests.ts"
import { readLogCounts } from "../src/server/metrics.ts"
import { startServerProcess } from "../src/server/process.ts"

const home = mkdtempSync(join(tmpdir(), "server-process-"))
const config = loadConfig({ ROADMAP_HOME: home })
const champion = `${modelName}@champion`

beforeAll(async () => {
  const { distance, hour, late } = (await mayFlights(config, 2_000)).columns
  await registerModel(config, { distance, hour }, late)
  await registerModel(config, { distance, hour }, late, { trees: 40 })
  await moveAlias(config, "champion", 1)
}, 60_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))

test("a model that is not there fails the start with the server's own error", async () => {
  await expect(startServerProcess({ config, models: ["flight-early@champion"] })).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining("flight-early"),
  })
})

test("it answers, follows its alias when told to look, counts its own processor time and logs what it answered", async () => {
  await using server = await startServerProcess({
    config,
    models: [champion],
    predictionLog: join(home, "log"),
  })
  const [body] = bodiesOf(
    {
      ids: [1, 2],
      columns: ["distance", "hour"],
      data: [
        [600, 7],
        [null, 22],
      ],
    },
    10,
  )
  const url = `${server.url}/invocations`
  const before = await askServer(url, body)
  expect(before.servedBy).toBe("flight-late/1")
  expect(before.predictions).toHaveLength(2)
  await moveAlias(config, "champion", 2)
  await server.reload()
  const after = await askServer(url, body)
  expect(after.servedBy).toBe("flight-late/2")
  expect(after.predictions).not.toEqual(before.predictions)
  const { cpuSeconds, residentBytes } = await server.usage()
  expect(cpuSeconds).toBeGreaterThan(0)
  expect(residentBytes).toBeGreaterThan(10_000_000)
  expect(await readLogCounts(server.url)).toEqual({ recorded: 4, dropped: 0, lost: 0 })
  await server.close()
  await expect(fetch(server.url)).rejects.toThrow()
})

test("an answer that is none is an error with what the server said", async () => {
  await using server = await startServerProcess({ config, models: [champion] })
  const [body] = bodiesOf({ ids: [1], columns: ["distance_km", "hour"], data: [[600, 7]] }, 10)
  await expect(askServer(`${server.url}/invocations`, body)).rejects.toMatchObject({
    code: "SERVICE_FAILED",
    message: expect.stringMatching(/answered 400.*distance_km/s),
  })
})

test("an interrupted lab ends its server", async () => {
  const interrupted = new AbortController()
  const server = await startServerProcess({ config, models: [champion] }, interrupted.signal)
  interrupted.abort()
  await expect(server.usage()).rejects.toMatchObject({ code: "SERVICE_FAILED" })
})
