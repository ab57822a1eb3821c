import { join } from "node:path"
import { defineEntity, defineFeatureView } from "@roadmap/feature-store/definitions"
import { defineOnDemandView } from "@roadmap/feature-store/on-demand"
import { sqliteOnlineStore } from "@roadmap/feature-store/online/adapters/sqlite"
import type { OnlineStore } from "@roadmap/feature-store/online/port"
import { defineFeatureService } from "@roadmap/feature-store/services"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import type { Features } from "@roadmap/ml/features"
import { predict } from "@roadmap/ml/model"
import { beforeAll, expect, it } from "vitest"
import { type ServerOptions, startServer } from "../src/server.ts"
import { contentOf, delayOutput, type TestHome, testHome } from "../testing/models.ts"

const airport = defineEntity({ name: "airport", keys: { airport: "string" } })
const outcomes = defineFeatureView({
  name: "airport_outcomes",
  entity: airport,
  source: { table: "main.flights", eventTime: "left", knownTime: "landed" },
  features: { delay_1h: { aggregate: "mean", column: "delay", window: "1h" } },
})
const flight = defineOnDemandView({
  name: "flight",
  stored: ["origin_delay_1h"],
  request: ["distance"],
  features: { miles: "number", worry: "number" },
  compute: ({ origin_delay_1h, distance }) => ({
    miles: distance,
    worry: origin_delay_1h === null ? null : Number(origin_delay_1h) * Number(distance),
  }),
})
const service = defineFeatureService({
  name: "flights",
  views: [
    { view: outcomes, keys: { airport: "origin" }, prefix: "origin_" },
    { view: outcomes, keys: { airport: "destination" }, prefix: "into_" },
  ],
  onDemand: [flight],
})
const names = ["origin_delay_1h", "into_delay_1h", "miles", "worry"]
const noon = BigInt(Date.UTC(2001, 5, 30, 12)) * 1000n

const tableOf = (rows: readonly (readonly number[])[]): Features => ({
  rows: rows.length,
  columns: names.map((name, at) => ({
    name,
    kind: "numeric",
    values: Float64Array.from(rows, row => row[at]),
  })),
})

const trained = tableOf(
  Array.from({ length: 200 }, (_, i) => [i % 7, i % 11, 100 * (i % 5), (i % 7) * 100 * (i % 5)]),
)
let model: Awaited<ReturnType<typeof fitBoosting>>
beforeAll(async () => {
  const target = Float64Array.from({ length: 200 }, (_, i) => (i % 7) * 3 + (i % 5) + (i % 11) / 2)
  model = await fitBoosting({
    features: trained,
    target,
    parameters: { trees: 10, leaves: 6, minRowsPerLeaf: 5 },
    engine: "typescript",
    threads: 1,
  })
})

const register = (home: TestHome, metadata: Record<string, string>) => {
  const inputs = names.map(name => ({ name, type: "double" as const, required: true }))
  return home.register("delay", contentOf(model, { inputs, outputs: delayOutput }, { metadata }))
}

const filled = async (home: TestHome): Promise<OnlineStore> => {
  const store = sqliteOnlineStore({ file: join(home.home, "state", "online.sqlite") })
  await store.define({
    name: outcomes.name,
    version: outcomes.version,
    keys: [{ name: "airport", type: "string" }],
    features: [{ name: "delay_1h", type: "float64" }],
  })
  await store.write(outcomes.name, {
    rows: 2,
    columns: [
      { name: "airport", type: "string", values: ["ORD", "JFK"] },
      { name: "delay_1h", type: "float64", values: new Float64Array([6, 2]) },
    ],
    eventTime: new BigInt64Array([noon - 60_000_000n, noon - 120_000_000n]),
  })
  return store
}

const started = async (
  home: TestHome,
  features: ServerOptions["features"],
  more: Partial<ServerOptions> = {},
) =>
  startServer(home.config, {
    models: ["delay"],
    port: 0,
    registry: home.registry,
    threads: 0,
    ...(features && { features }),
    ...more,
  })

interface Answer {
  explanations: { contributions: Record<string, number> }[]
}

const ask = async (url: string, body: unknown, query = "") => {
  const answer = await fetch(`${url}/models/delay/by-key${query}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Answer }
}

const rows = [
  { origin: "ORD", destination: "JFK", distance: 400 },
  { origin: "LAX", destination: "JFK", distance: 100 },
]

it("joins stored and on-demand features to keys, and says how old they were", async () => {
  await using home = await testHome()
  await using store = await filled(home)
  await register(home, { feature_service: "flights", feature_service_version: service.version })
  const server = await started(home, { service, store, now: () => noon })
  try {
    const { status, body } = await ask(server.url, { dataframe_records: rows })
    expect(status).toBe(200)
    const expected = predict(
      model,
      tableOf([
        [6, 2, 400, 2400],
        [Number.NaN, 2, 100, Number.NaN],
      ]),
    )
    expect(body).toEqual({
      predictions: Array.from(expected, prediction => ({ prediction })),
      features: [
        { status: "present", event_time: "2001-06-30T11:58:00.000Z" },
        { status: "missing", event_time: "2001-06-30T11:58:00.000Z" },
      ],
    })
    const explained = await ask(server.url, { inputs: [rows[0]] }, "?explain=true")
    expect(Object.keys(explained.body.explanations[0].contributions)).toEqual(names)
    const document = JSON.parse(await (await fetch(`${server.url}/openapi.json`)).text())
    expect(Object.keys(document.components.schemas.Keyed1Row.properties)).toEqual([
      "origin",
      "destination",
      "distance",
    ])
  } finally {
    await server.close()
  }
})

it("checks keys and fields as it checks features", async () => {
  await using home = await testHome()
  await using store = await filled(home)
  await register(home, { feature_service: "flights" })
  const server = await started(home, { service, store, now: () => noon })
  try {
    for (const [body, column] of [
      [{ inputs: [{ ...rows[0], origin: 7 }] }, "origin"],
      [{ inputs: [{ ...rows[0], origin: null }] }, "origin"],
      [{ inputs: [{ origin: "ORD", destination: "JFK" }] }, "distance"],
      [{ inputs: [{ ...rows[0], origin_delay_1h: 3 }] }, "origin_delay_1h"],
    ] as const)
      expect(await ask(server.url, body)).toMatchObject({
        status: 400,
        body: { details: [{ row: 0, column }] },
      })
  } finally {
    await server.close()
  }
})

it("a store that stalls costs the request its deadline, and no more", async () => {
  await using home = await testHome()
  await using store = await filled(home)
  await register(home, { feature_service: "flights" })
  const stalled = { ...store, readViews: () => new Promise<never>(() => undefined) }
  const server = await started(home, { service, store: stalled }, { admission: { timeoutMs: 50 } })
  try {
    expect(await ask(server.url, { inputs: rows })).toMatchObject({
      status: 504,
      body: { error_code: "DEADLINE_EXCEEDED" },
    })
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/http_requests_in_flight 1\n/)
  } finally {
    await server.close()
  }
})

it("a model trained on another version of the service is not started", async () => {
  await using home = await testHome()
  await using store = await filled(home)
  await register(home, { feature_service: "flights", feature_service_version: "older" })
  await expect(started(home, { service, store })).rejects.toMatchObject({
    code: "SCHEMA_MISMATCH",
    message: expect.stringContaining("version older"),
  })
})

it("a model that names no service has no such route", async () => {
  await using home = await testHome()
  await using store = await filled(home)
  await register(home, {})
  const server = await started(home, { service, store })
  try {
    expect((await ask(server.url, { inputs: rows })).status).toBe(404)
  } finally {
    await server.close()
  }
})
