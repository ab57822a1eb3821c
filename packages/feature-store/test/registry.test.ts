import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { defineFeatureView, type FeatureView } from "../src/definitions.ts"
import { type FeatureRegistry, openFeatureRegistry } from "../src/registry.ts"
import { defineFeatureService } from "../src/services.ts"
import { airport, originDelay, source } from "./flights.ts"
import { refusal } from "./warehouse.ts"

let home: string
let registry: FeatureRegistry
let time = 0
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "feature-registry-"))
  time = 1_000
  registry = openFeatureRegistry({ home }, { now: () => time++ })
})
afterEach(async () => {
  registry.close()
  await rm(home, { recursive: true, force: true })
})

const service = defineFeatureService({
  name: "delays",
  views: [originDelay],
  owner: "ana",
  tags: { team: "ops" },
})
const longer = defineFeatureView({
  name: "origin_delay",
  entity: airport,
  source,
  features: { delay_mean_7d: { aggregate: "mean", column: "delay", window: "7d" } },
  description: "Delay of a week",
})

describe("the registry of definitions", () => {
  it("gives back a view as it was defined, also to another process", () => {
    registry.register(service)
    using other = openFeatureRegistry({ home })
    expect(other.get("view", "origin_delay").body as FeatureView).toEqual(originDelay)
    expect(Object.keys((other.get("view", "origin_delay").body as FeatureView).features)).toEqual(
      Object.keys(originDelay.features),
    )
  })

  it("keeps every version; the one registered last is current", () => {
    registry.register(service)
    registry.registerView(longer)
    expect(registry.get("view", "origin_delay").version).toBe(longer.version)
    expect(registry.versions("view", "origin_delay").map(({ version }) => version)).toEqual([
      longer.version,
      originDelay.version,
    ])
    registry.registerView(originDelay)
    expect(registry.get("view", "origin_delay").version).toBe(originDelay.version)
    expect(registry.get("view", "origin_delay", longer.version).version).toBe(longer.version)
    expect(registry.versions("view", "origin_delay")).toHaveLength(2)
  })

  it("takes a new owner, description and tags for the same version", () => {
    registry.registerView(originDelay)
    registry.registerView({ ...originDelay, owner: "bo", tags: { stage: "prod" } })
    expect(registry.get("view", "origin_delay")).toMatchObject({
      version: originDelay.version,
      owner: "bo",
      tags: { stage: "prod" },
    })
    expect(registry.versions("view", "origin_delay")).toHaveLength(1)
  })

  it("finds definitions by text, tags and owner", () => {
    registry.register(service)
    registry.registerView(longer)
    const names = (query: Parameters<FeatureRegistry["search"]>[0]) =>
      registry.search(query).map(({ kind, name }) => `${kind} ${name}`)
    expect(names({})).toEqual(["service delays", "view origin_delay"])
    expect(names({ text: "WEEK" })).toEqual(["view origin_delay"])
    expect(names({ text: "delay_mean_7d" })).toEqual(["view origin_delay"])
    expect(names({ tags: { team: "ops" } })).toEqual(["service delays"])
    expect(names({ tags: { team: "ops" }, owner: "bo" })).toEqual([])
  })

  it("follows tables to models and back", () => {
    registry.register(service)
    registry.linkModel({
      model: "flight-delay",
      version: 3,
      service: "delays",
      serviceVersion: service.version,
    })
    const whole = {
      tables: ["gold.flights"],
      views: [{ name: "origin_delay", version: originDelay.version }],
      services: [{ name: "delays", version: service.version }],
      models: [{ model: "flight-delay", version: 3 }],
    }
    for (const of of [
      { table: "gold.flights" },
      { view: "origin_delay" },
      { service: "delays" },
      { model: "flight-delay" },
      { model: "flight-delay", version: 3 },
    ])
      expect(registry.lineage(of)).toEqual(whole)
  })

  it("does not let go of a view that a registered model uses, and names the model", async () => {
    registry.register(service)
    registry.linkModel({
      model: "flight-delay",
      version: 3,
      service: "delays",
      serviceVersion: service.version,
    })
    for (const [kind, name] of [
      ["view", "origin_delay"],
      ["service", "delays"],
    ] as const) {
      const error = await refusal("IN_USE", () => registry.delete(kind, name))
      expect(error.message).toContain('model "flight-delay" version 3')
    }
    registry.unlinkModel("flight-delay", 3)
    expect((await refusal("IN_USE", () => registry.delete("view", "origin_delay"))).message).toContain(
      'service "delays"',
    )
    registry.delete("service", "delays")
    registry.delete("view", "origin_delay")
    await refusal("NOT_FOUND", () => registry.get("view", "origin_delay"))
    expect(registry.get("view", "origin_delay", originDelay.version).deletedAt).toBeInstanceOf(Date)
  })

  it("guards the version a model uses also when a newer service has left the view", async () => {
    registry.register(service)
    registry.linkModel({
      model: "flight-delay",
      version: 1,
      service: "delays",
      serviceVersion: service.version,
    })
    const other = defineFeatureView({
      ...{ name: "other", entity: airport, source },
      features: { x: { column: "delay" } },
    })
    registry.register(defineFeatureService({ name: "delays", views: [other] }))
    await refusal("IN_USE", () => registry.delete("view", "origin_delay"))
  })

  it("suggests the nearest name, and refuses to link a model to what is not there", async () => {
    registry.register(service)
    expect((await refusal("NOT_FOUND", () => registry.get("view", "origin_delays"))).hint).toBe(
      'Did you mean "origin_delay"?',
    )
    await refusal("NOT_FOUND", () =>
      registry.linkModel({ model: "m", version: 1, service: "delays", serviceVersion: "no" }),
    )
    await refusal("NOT_FOUND", () => registry.lineage({ model: "m" }))
  })
})
