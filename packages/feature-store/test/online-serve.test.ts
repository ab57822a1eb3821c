import { join } from "node:path"
import { expect, it } from "vitest"
import { materialize } from "../src/materialize/materialize.ts"
import { defineOnDemandView } from "../src/on-demand.ts"
import { sqliteOnlineStore } from "../src/online/adapters/sqlite.ts"
import { serveFeatures } from "../src/online/serve.ts"
import { defineFeatureService } from "../src/services.ts"
import { trainingSet } from "../src/training-set.ts"
import { airportDelays, dateOf, loadLandings, minute } from "../testing/online-flights.ts"
import { refusal, temporaryWarehouse } from "./warehouse.ts"

const view = airportDelays()
const later = defineOnDemandView({
  name: "later",
  stored: ["from_last_delay", "into_last_delay"],
  request: ["planned"],
  features: { expected: "number" },
  compute: ({ from_last_delay, into_last_delay, planned }) => ({
    expected: Number(planned) + Math.max(Number(from_last_delay), Number(into_last_delay)),
  }),
})
const service = defineFeatureService({
  name: "delay",
  views: [
    { view, prefix: "from_", keys: { airport: "origin" } },
    { view, prefix: "into_", keys: { airport: "destination" }, features: ["last_delay"] },
  ],
  onDemand: [later],
})

it("a service's features are served as they were trained, on-demand ones by the same code", async () => {
  await using warehouse = await temporaryWarehouse()
  await using store = sqliteOnlineStore({ file: join(warehouse.home, "online.sqlite") })
  await loadLandings(warehouse.engine, [
    { airport: "ORD", landedAt: minute(0), delay: 10 },
    { airport: "ORD", landedAt: minute(50), delay: 20 },
    { airport: "JFK", landedAt: minute(30), delay: 5 },
  ])
  await materialize(warehouse.engine, store, view, { to: dateOf(minute(55)) })
  const requests = [
    { origin: "ORD", destination: "JFK", planned: 100 },
    { origin: "LAX", destination: "ORD", planned: 7 },
    { origin: null, destination: "JFK", planned: 0 },
  ]
  const asOf = BigInt(minute(70))
  const served = await serveFeatures(store, service, requests, { asOf })

  const cell = (value: string | number | null) =>
    typeof value === "string" ? `'${value}'` : (value ?? "NULL")
  const sql = requests
    .map(
      ({ origin, destination, planned }, row) =>
        `SELECT ${row} AS row, CAST(${cell(origin)} AS VARCHAR) AS origin, ${cell(destination)} AS destination, ${planned} AS planned`,
    )
    .join(" UNION ALL ")
  const labels = {
    from: { sql: `SELECT *, make_timestamp(${asOf}) AS asked_at FROM (${sql}) AS asked` },
    timestamp: "asked_at",
    order: ["row"],
  }
  const trained = await trainingSet(warehouse.engine, service, labels)
  expect(Object.keys(served[0].values)).toEqual(Object.keys(trained.features))
  for (const [name, values] of Object.entries(trained.features))
    expect(
      served.map(each => each.values[name] ?? Number.NaN),
      name,
    ).toEqual([...(values as Float64Array)])
  expect(served.map(({ status }) => status)).toEqual(["present", "missing", "missing"])
  expect(served[0].eventTime).toBe(BigInt(minute(55)))

  const [stale] = await serveFeatures(store, service, requests.slice(0, 1), { asOf: BigInt(minute(200)) })
  expect(stale.status).toBe("expired")
  await refusal("INVALID_INPUT", () =>
    serveFeatures(store, service, [{ origin: "ORD", planned: 1 }], { asOf }),
  )
})
