import { readdirSync } from "node:fs"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { openWarehouse } from "@roadmap/warehouse/open"
import { expect, it } from "vitest"
import { type RunningServer, type ServerOptions, startServer } from "../src/server.ts"
import {
  contentOf,
  delayOutput,
  smallModel,
  type TestHome,
  testHome,
  textSignature,
} from "../testing/models.ts"

const body = JSON.stringify({ inputs: [{ hour: 8, distance: 500, weekday: "mon" }] })

const withVersions = async (home: TestHome, versions: number): Promise<void> => {
  for (let version = 1; version <= versions; version++)
    await home.register("delay", contentOf(await smallModel({ trees: version }), textSignature(delayOutput)))
  await home.registry.setAlias("delay", "champion", 1)
}

const start = (home: TestHome, options: Partial<ServerOptions>): Promise<RunningServer> =>
  startServer(home.config, {
    models: ["delay@champion"],
    port: 0,
    registry: home.registry,
    threads: 0,
    reloadMs: 60_000,
    ...options,
  })

const ask = async (server: RunningServer, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${server.url}/invocations`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  })
  return { status: answer.status, model: answer.headers.get("x-served-model"), text: await answer.text() }
}

it("an alias that moves under requests fails none of them, and the new version answers", async () => {
  await using home = await testHome()
  await withVersions(home, 2)
  const server = await start(home, {})
  try {
    const seen = new Map<string | null, number>()
    let running = true
    const clients = Array.from({ length: 8 }, async () => {
      while (running) {
        const { status, model } = await ask(server)
        seen.set(status === 200 ? model : `failed ${status}`, (seen.get(model) ?? 0) + 1)
      }
    })
    for (let move = 0; move < 10; move++) {
      await home.registry.setAlias("delay", "champion", 2 - (move % 2))
      await server.check()
      expect((await ask(server)).model).toBe(`delay/${2 - (move % 2)}`)
    }
    running = false
    await Promise.all(clients)
    expect([...seen.keys()].sort()).toEqual(["delay/1", "delay/2"])
  } finally {
    await server.close()
  }
})

it("a registry that is gone makes the server degraded; it goes on answering and recovers", async () => {
  await using home = await testHome()
  await withVersions(home, 1)
  let gone = false
  const registry = {
    ...home.registry,
    getByAlias: (name: string, alias: string) =>
      gone
        ? Promise.reject(new RoadmapError("UNREACHABLE", "The registry is gone."))
        : home.registry.getByAlias(name, alias),
  }
  const server = await start(home, { registry })
  try {
    const health = async () => {
      await server.check()
      const answer = await fetch(`${server.url}/health/ready`)
      const { status, registry: itself } = JSON.parse(await answer.text())
      return [answer.status, status, itself]
    }
    expect(await health()).toEqual([200, "ready", "answers"])
    gone = true
    expect(await health()).toEqual([200, "degraded", "does not answer"])
    expect((await ask(server)).status).toBe(200)
    gone = false
    expect(await health()).toEqual([200, "ready", "answers"])
  } finally {
    await server.close()
  }
})

it("variants share the traffic, and a sticky key stays with its variant", async () => {
  await using home = await testHome()
  await withVersions(home, 2)
  const server = await start(home, {
    models: [
      {
        name: "delay",
        variants: [
          { model: "delay/1", weight: 1 },
          { model: "delay/2", weight: 1 },
        ],
      },
    ],
  })
  try {
    const served = new Map<string, Set<string | null>>()
    for (let i = 0; i < 60; i++) {
      const key = `client-${i % 20}`
      served.set(key, (served.get(key) ?? new Set()).add((await ask(server, { "x-sticky-key": key })).model))
    }
    expect([...served.values()].every(models => models.size === 1)).toBe(true)
    expect(new Set([...served.values()].flatMap(models => [...models])).size).toBe(2)
    const infer = {
      inputs: ["hour", "distance", "weekday"].map((name, at) => ({
        name,
        shape: [1],
        datatype: at === 2 ? "BYTES" : "FP64",
        data: [at === 2 ? "mon" : 8],
      })),
    }
    for (const version of ["1", "2"]) {
      const answer = await fetch(`${server.url}/v2/models/delay/versions/${version}/infer`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(infer),
      })
      expect(JSON.parse(await answer.text()).model_version).toBe(version)
    }
  } finally {
    await server.close()
  }
})

it("the prediction log has what was asked and answered, the shadow's answers too, when the server has closed", async () => {
  await using home = await testHome()
  await withVersions(home, 2)
  const folder = join(home.home, "log")
  const server = await start(home, {
    models: [
      {
        variants: [
          { model: "delay/1", weight: 1 },
          { model: "delay/2", weight: 0 },
        ],
        shadow: "delay/2",
      },
    ],
    predictionLog: { folder },
  })
  const answers = []
  for (let i = 0; i < 3; i++) answers.push(await ask(server, { "x-request-id": `asked-${i}` }))
  await server.close()
  expect(answers.map(({ model }) => model)).toEqual(["delay/1", "delay/1", "delay/1"])
  expect(readdirSync(folder)).toHaveLength(1)
  await using engine = await openWarehouse(home.config)
  const table = await engine.query(
    `SELECT request_id, version, route, feature_hour, output_prediction, latency_ms > 0 AS timed
     FROM read_parquet('${folder}/**/*.parquet', hive_partitioning = true) ORDER BY version, request_id`,
  )
  const column = (name: string) =>
    Array.from(table.columns.find(each => each.name === name)!.values as ArrayLike<unknown>)
  expect(column("request_id")).toEqual(["asked-0", "asked-1", "asked-2", "asked-0", "asked-1", "asked-2"])
  expect(column("route").slice(2, 4)).toEqual(["invocations", "invocations (shadow)"])
  expect(column("feature_hour").slice(0, 1)).toEqual([8])
  expect(column("output_prediction")[0]).toBe(JSON.parse(answers[0].text).predictions[0].prediction)
  expect(column("timed").every(Boolean)).toBe(true)
})

it("a client may ask for less patience, in whole milliseconds", async () => {
  await using home = await testHome()
  await withVersions(home, 1)
  const server = await start(home, {})
  try {
    const late = await ask(server, { "x-request-timeout-ms": "0" })
    expect(late.status).toBe(400)
    expect((await ask(server, { "x-request-timeout-ms": "5000" })).status).toBe(200)
  } finally {
    await server.close()
  }
})
