import type { DataframeSplit } from "@roadmap/model-registry/signature"
import { afterEach, describe, expect, it } from "vitest"
import { databricksTarget } from "../../src/target/databricks/target.ts"
import type { EndpointSpec } from "../../src/target/port.ts"
import { type Fault, startServingStandIn } from "../../testing/databricks-serving-stand-in.ts"
import { describeServingTarget } from "../../testing/target-contract.ts"

const token = "dapi-a-secret-of-this-test"
const rows: DataframeSplit = { columns: ["x"], data: [[1], [2]] }
const refusedRows: DataframeSplit = { columns: ["y"], data: [[1]] }

const startStandIn = () =>
  startServingStandIn({
    token,
    deployMs: 80,
    version: (_, version) => (version === "4" ? "broken" : Number(version) > 4 ? "missing" : "good"),
    score: (_, version, { columns, data }) =>
      columns.includes("x")
        ? data.map(() => ({ prediction: Number(version) }))
        : "Model is missing inputs ['x']. Note that there were extra inputs: ['y'].",
  })

describeServingTarget("Databricks, stand-in of its REST API", async () => {
  const standIn = await startStandIn()
  const target = databricksTarget({ host: standIn.url, token, deadlineMs: 1_000 })
  return { target, model: "main.flights.numbered", rows, refusedRows, close: standIn.close }
})

describe("the client of Databricks Model Serving", () => {
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })
  const start = async (options: { token?: string; timeoutMs?: number; deadlineMs?: number } = {}) => {
    const standIn = await startStandIn()
    const target = databricksTarget({ host: standIn.url, token, random: () => 0, ...options })
    closers.push(target.close, standIn.close)
    const count = (call: string) => standIn.calls.filter(each => each === call).length
    return { standIn, target, count }
  }
  const root = "/api/2.0/serving-endpoints"
  const busy = (status: number, headers: Record<string, string> = {}) => ({
    status,
    headers,
    text: JSON.stringify({ error_code: "REQUEST_LIMIT_EXCEEDED", message: "Too many requests." }),
  })
  const endpoint: EndpointSpec = {
    name: "late",
    entities: [{ name: "v1", model: "numbered", version: 1 }],
    traffic: { v1: 100 },
  }

  it("sends what the API asks for", async () => {
    const { standIn, target } = await start()
    await target.create({
      name: "late",
      entities: [
        { name: "v1", model: "numbered", version: 1, size: "Medium", scaleToZero: false },
        { name: "v2", model: "numbered", version: 2 },
      ],
      traffic: { v1: 90, v2: 10 },
    })
    const { serving } = await target.waitUntilReady("late", { pollMs: 20 })
    expect(serving).toEqual({
      entities: [
        { name: "v1", model: "numbered", version: 1, size: "Medium", scaleToZero: false },
        { name: "v2", model: "numbered", version: 2, size: "Small", scaleToZero: true },
      ],
      traffic: { v1: 90, v2: 10 },
    })
    await target.query("late", rows)
    expect(standIn.calls[0]).toBe(`POST ${root}`)
    expect(standIn.calls.at(-1)).toBe("POST /serving-endpoints/late/invocations")
  })
  it.each([429, 503])("tries again on %i, as long as Retry-After says", async status => {
    const { standIn, target, count } = await start()
    await target.create(endpoint)
    await target.waitUntilReady("late", { pollMs: 20 })
    standIn.faults.push({
      method: "POST",
      path: "/invocations",
      times: 2,
      answer: busy(status, { "retry-after": "0.05" }),
    })
    const started = performance.now()
    expect((await target.query("late", rows)).predictions).toHaveLength(2)
    expect(performance.now() - started).toBeGreaterThanOrEqual(95)
    expect(count("POST /serving-endpoints/late/invocations")).toBe(3)
  })
  it("gives up when the deadline would pass in the pause", async () => {
    const { standIn, target, count } = await start({ deadlineMs: 500 })
    standIn.faults.push({ method: "GET", path: root, times: 99, answer: busy(429, { "retry-after": "60" }) })
    await expect(target.list()).rejects.toMatchObject({ code: "RATE_LIMITED", retryable: true })
    expect(count(`GET ${root}`)).toBe(1)
  })
  it.each([500, 502, 504])("does not repeat a prediction that failed with %i", async status => {
    const { standIn, target, count } = await start()
    await target.create(endpoint)
    await target.waitUntilReady("late", { pollMs: 20 })
    standIn.faults.push({
      method: "POST",
      path: "/invocations",
      answer: { status, text: "<html>bad gateway" },
    })
    await expect(target.query("late", rows)).rejects.toMatchObject({
      code: status === 504 ? "TIMEOUT" : "SERVICE_FAILED",
    })
    expect(count("POST /serving-endpoints/late/invocations")).toBe(1)
  })
  const lost: [string, Omit<Fault, "method" | "path">][] = [
    ["a broken connection", { worked: true }],
    ["a 503", { worked: true, answer: busy(503) }],
  ]
  it.each(lost)("creates, changes and deletes once when the answer is lost to %s", async (_, fault) => {
    const { standIn, target, count } = await start()
    standIn.faults.push({ method: "POST", path: root, ...fault })
    expect((await target.create(endpoint)).name).toBe("late")
    expect(count(`POST ${root}`)).toBe(1)
    await target.waitUntilReady("late", { pollMs: 20 })

    standIn.faults.push({ method: "PUT", path: "/config", ...fault })
    const second = { entities: [{ name: "v2", model: "numbered", version: 2 }], traffic: { v2: 100 } }
    expect((await target.update("late", second)).update).toBe("in_progress")
    expect(count(`PUT ${root}/late/config`)).toBe(1)
    await target.waitUntilReady("late", { pollMs: 20 })

    standIn.faults.push({ method: "DELETE", path: "/late", ...fault })
    await target.delete("late")
    expect(count(`DELETE ${root}/late`)).toBe(1)
  })
  it("creates again when nothing of the first attempt is there", async () => {
    const { standIn, target, count } = await start()
    standIn.faults.push({ method: "POST", path: root })
    await target.create(endpoint)
    expect(count(`POST ${root}`)).toBe(2)
  })
  it("does not take another's endpoint of that name for its own lost one", async () => {
    const { standIn, target } = await start()
    await target.create(endpoint)
    standIn.faults.push({ method: "POST", path: root, answer: busy(503) })
    const other = { ...endpoint, entities: [{ name: "v1", model: "numbered", version: 2 }] }
    await expect(target.create(other)).rejects.toMatchObject({ code: "ALREADY_EXISTS" })
  })
  it("never shows the token", async () => {
    const { standIn, target } = await start()
    standIn.faults.push({
      method: "GET",
      path: "/late",
      answer: {
        status: 400,
        text: JSON.stringify({ error_code: "BAD_REQUEST", message: `Bearer ${token}?` }),
      },
    })
    const error = await target.get("late").catch(thrown => thrown)
    expect(error.code).toBe("INVALID_INPUT")
    expect(JSON.stringify([error, error.message, error.hint, error.stack, error.cause])).not.toContain(token)
  })
  it("says what to check when the token is not accepted", async () => {
    const { target } = await start({ token: "dapi-another" })
    await expect(target.list()).rejects.toMatchObject({
      code: "AUTH_FAILED",
      hint: expect.stringContaining("DATABRICKS_TOKEN"),
    })
  })
  it.each([
    ["a page", "<html>sign in</html>", "not JSON"],
    ["half an answer", '{"name": "late"', "not JSON"],
    ["another form", '{"name": "late", "state": {"ready": "MAYBE"}}', "another form: state.ready"],
  ])("refuses %s of status 200", async (_, text, problem) => {
    const { standIn, target } = await start()
    standIn.faults.push({ method: "GET", path: "/late", answer: { status: 200, text } })
    const error = await target.get("late").catch(thrown => thrown)
    expect(error).toMatchObject({ code: "SERVICE_FAILED" })
    expect(error.message).toContain(problem)
  })
  it("waits for an answer no longer than it may", async () => {
    const { target } = await start({ timeoutMs: 1 })
    await expect(target.list()).rejects.toMatchObject({ code: "TIMEOUT" })
  })
  it("says that nobody is there", async () => {
    const target = databricksTarget({ host: "http://127.0.0.1:9", token, deadlineMs: 50, random: () => 1 })
    closers.push(target.close)
    await expect(target.list()).rejects.toMatchObject({ code: "UNREACHABLE" })
  })
  it("stops when it is interrupted", async () => {
    const { standIn, target } = await start()
    standIn.faults.push({
      method: "POST",
      path: "/invocations",
      times: 99,
      answer: busy(429, { "retry-after": "5" }),
    })
    const signal = AbortSignal.timeout(50)
    await expect(target.query("late", rows, { signal })).rejects.toMatchObject({ code: "INTERRUPTED" })
  })
})
