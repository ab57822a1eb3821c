import { describe, expect, it } from "vitest"
import {
  defineEntity,
  defineFeatureView,
  type FeatureViewDefinition,
  featureText,
} from "../src/definitions.ts"
import { computeOnDemand, defineOnDemandView } from "../src/on-demand.ts"
import { defineFeatureService } from "../src/services.ts"
import { airport, originDelay, source } from "./flights.ts"
import { refusal } from "./warehouse.ts"

const view = (more: Partial<FeatureViewDefinition>) =>
  defineFeatureView({
    name: "v",
    entity: airport,
    source,
    features: { last_delay: { column: "delay" } },
    ...more,
  })

describe("a definition", () => {
  it("is plain data that can be printed and read", () => {
    expect(JSON.parse(JSON.stringify(originDelay))).toEqual(originDelay)
    expect(Object.values(originDelay.features).map(featureText)).toEqual([
      "mean of delay over 3h, sliding",
      "count of facts over 3h, sliding",
    ])
  })

  it("keeps its version when only owner, description or tags change, and gets another for everything else", () => {
    const { version } = view({})
    expect(view({ owner: "me", description: "d", tags: { a: "b" } }).version).toBe(version)
    const changes: Partial<FeatureViewDefinition>[] = [
      { name: "w" },
      { ttl: "1h" },
      { source: { ...source, knownTime: "departed_at" } },
      { source: { ...source, createdTime: "written_at" } },
      { entity: defineEntity({ name: "airport", keys: { origin: "int32" } }) },
      { features: { last_delay: { column: "late" } } },
      { features: { last_delay: { column: "delay" }, more: { column: "late" } } },
    ]
    const versions = changes.map(change => view(change).version)
    expect(new Set([version, ...versions]).size).toBe(changes.length + 1)
  })

  it("is the same for one length written in two ways", () => {
    const day = (window: string) => view({ features: { x: { aggregate: "count", window } } }).version
    expect(day("24h")).toBe(day("1d"))
  })

  it.each<[string, Partial<FeatureViewDefinition>, string]>([
    ["no entity", { entity: undefined as never }, "has no entity"],
    ["a window under an hour", { features: { x: { aggregate: "count", window: "59m" } } }, '"1h" to "28d"'],
    ["a window over 28 days", { features: { x: { aggregate: "count", window: "29d" } } }, '"1h" to "28d"'],
    [
      "an unknown aggregate",
      { features: { x: { aggregate: "median" as never, column: "delay", window: "1d" } } },
      "one of count, mean",
    ],
    ["a mean of nothing", { features: { x: { aggregate: "mean", window: "1d" } as never } }, "column"],
    ["a ttl that is no duration", { ttl: "soon" }, '"24h"'],
    ["a feature named as a key", { features: { origin: { column: "delay" } } }, "both a key and a feature"],
    ["a key that the entity has not", { source: { ...source, keys: { destination: "x" } } }, '"destination"'],
    ["no feature", { features: {} }, "at least one feature"],
    ["a name with a space", { name: "my view" }, "letters, digits"],
    ["a misspelt property", { sauce: 1 } as never, "sauce"],
  ])("with %s is refused", async (_, change, text) => {
    expect((await refusal("INVALID_INPUT", () => view(change))).message).toContain(text)
  })

  it("without a key is no entity", async () => {
    await refusal("INVALID_INPUT", () => defineEntity({ name: "nothing", keys: {} }))
  })
})

describe("a feature service", () => {
  it("picks one view for two roles, with names of their own", () => {
    const service = defineFeatureService({
      name: "delay",
      views: [
        { view: originDelay, prefix: "origin_" },
        {
          view: originDelay,
          keys: { origin: "destination" },
          features: ["flights_3h"],
          rename: { flights_3h: "traffic" },
        },
      ],
    })
    expect(service.views.map(({ keys, features }) => [keys, features.map(({ as }) => as)])).toEqual([
      [{ origin: "origin" }, ["origin_delay_mean_3h", "origin_flights_3h"]],
      [{ origin: "destination" }, ["traffic"]],
    ])
  })

  it("has another version when a view has", () => {
    const service = (delay: typeof originDelay) => defineFeatureService({ name: "s", views: [delay] }).version
    const changed = defineFeatureView({ ...originDelayDefinition, ttl: "1d" })
    expect(service(changed)).not.toBe(service(originDelay))
  })

  it("refuses a name twice, an unknown feature, an unknown key", async () => {
    await refusal("INVALID_INPUT", () =>
      defineFeatureService({ name: "s", views: [originDelay, originDelay] }),
    )
    const error = await refusal("NOT_FOUND", () =>
      defineFeatureService({ name: "s", views: [{ view: originDelay, features: ["flights_3"] }] }),
    )
    expect(error.hint).toBe('Did you mean "flights_3h"?')
    await refusal("INVALID_INPUT", () =>
      defineFeatureService({ name: "s", views: [{ view: originDelay, keys: { airport: "x" } }] }),
    )
    await refusal("INVALID_INPUT", () => defineFeatureService({ name: "s", views: [] }))
  })
})

const originDelayDefinition: FeatureViewDefinition = {
  name: "origin_delay",
  entity: airport,
  source,
  features: {
    delay_mean_3h: { aggregate: "mean", column: "delay", window: "3h" },
    flights_3h: { aggregate: "count", window: "3h" },
  },
}

describe("an on-demand view", () => {
  const speed = defineOnDemandView({
    name: "speed",
    stored: ["flights_3h"],
    request: ["distance"],
    features: { miles_a_flight: "number" },
    compute: ({ flights_3h, distance }) => ({
      miles_a_flight: flights_3h ? (distance as number) / (flights_3h as number) : null,
    }),
  })

  it("sees the same values from a table, a request and the online store", () => {
    for (const values of [
      { flights_3h: 4, distance: 100 },
      { flights_3h: 4n, distance: 100n },
    ])
      expect(computeOnDemand([speed], values)).toEqual({ miles_a_flight: 25 })
    for (const missing of [null, undefined, Number.NaN])
      expect(computeOnDemand([speed], { flights_3h: missing, distance: 100 })).toEqual({
        miles_a_flight: null,
      })
  })

  it("feeds a later one", () => {
    const twice = defineOnDemandView({
      name: "twice",
      stored: ["miles_a_flight"],
      features: { doubled: "number" },
      compute: ({ miles_a_flight }) => ({ doubled: 2 * (miles_a_flight as number) }),
    })
    expect(computeOnDemand([speed, twice], { flights_3h: 1, distance: 7 }).doubled).toBe(14)
    defineFeatureService({ name: "s", views: [originDelay], onDemand: [speed, twice] })
  })

  it("is refused when it reads what nobody gives, or breaks its promise", async () => {
    await refusal("INVALID_INPUT", () => computeOnDemand([speed], { distance: 1 }))
    const other = defineOnDemandView({
      name: "o",
      stored: ["nothing"],
      features: { x: "number" },
      compute: () => ({ x: 1 }),
    })
    await refusal("INVALID_INPUT", () =>
      defineFeatureService({ name: "s", views: [originDelay], onDemand: [other] }),
    )
    const liar = defineOnDemandView({ name: "l", features: { x: "number" }, compute: () => ({ x: "one" }) })
    await refusal("INVALID_INPUT", () => computeOnDemand([liar], {}))
  })

  it("has another version when its function changes", () => {
    const compute = (factor: 1 | 2) => (factor === 1 ? () => ({ x: 1 }) : () => ({ x: 2 }))
    const versions = ([1, 2] as const).map(
      factor =>
        defineOnDemandView({ name: "o", features: { x: "number" }, compute: compute(factor) }).version,
    )
    expect(versions[0]).not.toBe(versions[1])
  })
})
