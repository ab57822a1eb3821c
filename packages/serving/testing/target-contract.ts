import { setTimeout as delay } from "node:timers/promises"
import type { ErrorCode } from "@roadmap/core/errors"
import { isRoadmapError } from "@roadmap/core/errors"
import type { DataframeSplit } from "@roadmap/model-registry/signature"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { EndpointSpec, ServingTarget } from "../src/target/port.ts"

export interface TargetFixture {
  target: ServingTarget
  /**
   * A registered model whose versions 1, 2 and 3 predict their own number; version 4 cannot be served; there is no
   * 5.
   */
  model: string
  /** Rows that it takes, and rows that it refuses. */
  rows: DataframeSplit
  refusedRows: DataframeSplit
  close(): Promise<void>
}

/** The rules of the ServingTarget port, on any adapter. */
export const describeServingTarget = (name: string, factory: () => Promise<TargetFixture>): void => {
  describe(`ServingTarget: ${name}`, () => {
    let fixture: TargetFixture
    let target: ServingTarget
    let count = 0
    beforeAll(async () => {
      fixture = await factory()
      target = fixture.target
    })
    afterAll(async () => {
      await target.close()
      await fixture.close()
    })

    const spec = (traffic: Record<number, number> = { 1: 100 }): EndpointSpec => ({
      name: `contract-${process.pid}-${count++}`,
      entities: Object.keys(traffic).map(version => ({
        name: `v${version}`,
        model: fixture.model,
        version: Number(version),
      })),
      traffic: Object.fromEntries(
        Object.entries(traffic).map(([version, percent]) => [`v${version}`, percent]),
      ),
    })
    const ready = async (endpoint: EndpointSpec) => {
      await target.create(endpoint)
      await target.waitUntilReady(endpoint.name, { pollMs: 20 })
      return endpoint.name
    }
    /** Which version answers, as its predictions say; it must be the one that the target names. */
    const ask = async (endpoint: string): Promise<number> => {
      const { predictions, entity } = await target.query(endpoint, fixture.rows)
      expect(predictions).toHaveLength(fixture.rows.data.length)
      const values = predictions.flatMap(each =>
        typeof each === "object" && each !== null ? Object.values(each) : [each],
      )
      const [version] = values as number[]
      expect(values).toEqual(Array(values.length).fill(version))
      expect(entity).toBe(`v${version}`)
      return version
    }

    it("creates an endpoint, which answers when it is ready", async () => {
      const endpoint = spec()
      const created = await target.create(endpoint)
      expect(created).toMatchObject({ name: endpoint.name, ready: false, update: "in_progress" })
      const state = await target.waitUntilReady(endpoint.name, { pollMs: 20 })
      expect(state).toMatchObject({
        ready: true,
        update: "none",
        serving: { entities: [{ name: "v1", model: fixture.model, version: 1 }], traffic: { v1: 100 } },
      })
      expect(await ask(endpoint.name)).toBe(1)
      expect((await target.list()).map(each => each.name)).toContain(endpoint.name)
      await target.delete(endpoint.name)
    })
    it("refuses a name that is taken", async () => {
      const endpoint = spec()
      await ready(endpoint)
      await refused("ALREADY_EXISTS", target.create({ ...spec({ 2: 100 }), name: endpoint.name }))
      expect(await ask(endpoint.name)).toBe(1)
      await target.delete(endpoint.name)
    })
    it("refuses a version that is not there, and leaves nothing", async () => {
      const endpoint = spec({ 5: 100 })
      await refused("NOT_FOUND", target.create(endpoint))
      await refused("NOT_FOUND", target.get(endpoint.name))
    })
    it("knows no endpoint that was not created", async () => {
      const nobody = "contract-nobody"
      await refused("NOT_FOUND", target.get(nobody))
      await refused("NOT_FOUND", target.query(nobody, fixture.rows))
      await refused("NOT_FOUND", target.update(nobody, spec()))
      await refused("NOT_FOUND", target.setTraffic(nobody, { v1: 100 }))
      await refused("NOT_FOUND", target.waitUntilReady(nobody, { pollMs: 20 }))
      await refused("NOT_FOUND", target.delete(nobody))
    })
    it.each([
      ["no entity", { entities: [], traffic: {} }],
      ["90 %", { traffic: { v1: 90 } }],
      ["half a percent", { traffic: { v1: 99.5, v2: 0.5 } }],
      ["traffic for nobody", { traffic: { v9: 100 } }],
      ["a name with spaces", { name: "has spaces" }],
      ["an empty name", { name: "" }],
      ["a path for a name", { name: "../config" }],
    ] as [string, Partial<EndpointSpec>][])("refuses %s before it asks anybody", async (_, change) => {
      await refused("INVALID_INPUT", target.create({ ...spec(), ...change }))
    })
    it("refuses one version or one name twice", async () => {
      const { entities } = spec()
      const twice = [...entities, { ...entities[0], name: "again" }]
      await refused("INVALID_INPUT", target.create({ ...spec(), entities: twice }))
      const sameName = [...entities, { ...entities[0], version: 2 }]
      await refused("INVALID_INPUT", target.create({ ...spec(), entities: sameName }))
    })
    it("says which rows the model refuses, and goes on", async () => {
      const name = await ready(spec())
      const error = await refused("INVALID_INPUT", target.query(name, fixture.refusedRows))
      expect(error.message.length).toBeGreaterThan(30)
      expect(await ask(name)).toBe(1)
      await target.delete(name)
    })
    it("splits traffic between versions, and changes the split", async () => {
      const name = await ready(spec({ 1: 50, 2: 50 }))
      const answers = await Promise.all(Array.from({ length: 60 }, () => ask(name)))
      // Of a fair coin, 10 or fewer of 60 would come less than once in ten million runs.
      expect(answers.filter(version => version === 1).length).toBeGreaterThan(10)
      expect(answers.filter(version => version === 2).length).toBeGreaterThan(10)
      await target.setTraffic(name, { v1: 0, v2: 100 })
      const { serving } = await target.waitUntilReady(name, { pollMs: 20 })
      expect(serving?.traffic).toEqual({ v1: 0, v2: 100 })
      expect(await Promise.all(Array.from({ length: 20 }, () => ask(name)))).toEqual(Array(20).fill(2))
      await refused("INVALID_INPUT", target.setTraffic(name, { v1: 100, v2: 100 }))
      await target.delete(name)
    })
    it("serves what it served until an update is complete, without a failed query", async () => {
      const name = await ready(spec({ 1: 100 }))
      let going = true
      const seen: number[] = []
      const client = async () => {
        while (going) {
          seen.push(await ask(name))
          await delay(5)
        }
      }
      const clients = [client(), client()]
      const begun = await target.update(name, spec({ 3: 100 }))
      expect(begun).toMatchObject({ ready: true, update: "in_progress" })
      const state = await target.waitUntilReady(name, { pollMs: 20 })
      expect(state.serving?.entities.map(({ version }) => version)).toEqual([3])
      expect(await ask(name)).toBe(3)
      going = false
      await Promise.all(clients)
      expect(seen[0]).toBe(1)
      // Once the new one answers, the old one answers no more.
      expect([...seen].sort((a, b) => a - b)).toEqual(seen)
      await target.delete(name)
    })
    it("makes one change at a time", async () => {
      const name = await ready(spec({ 1: 100 }))
      await target.update(name, spec({ 2: 100 }))
      await refused("IN_USE", target.update(name, spec({ 3: 100 })))
      await target.waitUntilReady(name, { pollMs: 20 })
      expect(await ask(name)).toBe(2)
      await target.delete(name)
    })
    it("keeps serving when an update fails, and says why", async () => {
      const name = await ready(spec({ 1: 100 }))
      await target.update(name, spec({ 4: 100 }))
      const error = await refused("SERVICE_FAILED", target.waitUntilReady(name, { pollMs: 20 }))
      expect(error.message).toContain(name)
      expect(error.message.length).toBeGreaterThan(60)
      expect(await target.get(name)).toMatchObject({ ready: true, update: "failed" })
      expect(await ask(name)).toBe(1)
      await target.update(name, spec({ 2: 100 }))
      await target.waitUntilReady(name, { pollMs: 20 })
      expect(await ask(name)).toBe(2)
      await target.delete(name)
    })
    it("does not answer when it could never be created, and can be deleted", async () => {
      const endpoint = spec({ 4: 100 })
      await target.create(endpoint)
      await refused("SERVICE_FAILED", target.waitUntilReady(endpoint.name, { pollMs: 20 }))
      expect(await target.get(endpoint.name)).toMatchObject({ ready: false, update: "failed" })
      await expect(target.query(endpoint.name, fixture.rows, { timeoutMs: 300 })).rejects.toMatchObject({
        retryable: true,
      })
      await target.delete(endpoint.name)
    })
    it("stops waiting when it takes too long or is interrupted", async () => {
      const endpoint = spec()
      await target.create(endpoint)
      await refused("TIMEOUT", target.waitUntilReady(endpoint.name, { pollMs: 20, timeoutMs: 1 }))
      const signal = AbortSignal.timeout(30)
      await refused("INTERRUPTED", target.waitUntilReady(endpoint.name, { pollMs: 60_000, signal }))
      await target.waitUntilReady(endpoint.name, { pollMs: 20 })
      await target.delete(endpoint.name)
    })
    it("answers no more after it is deleted, also in the middle of a change", async () => {
      const name = await ready(spec())
      await target.delete(name)
      await refused("NOT_FOUND", target.query(name, fixture.rows))
      const endpoint = spec()
      await target.create(endpoint)
      await target.delete(endpoint.name)
      await refused("NOT_FOUND", target.get(endpoint.name))
    })
  })
}

const refused = async (code: ErrorCode, work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (isRoadmapError(error, code)) return error
  throw new Error(`Expected ${code}; got ${error === undefined ? "an answer" : error}.`, { cause: error })
}
