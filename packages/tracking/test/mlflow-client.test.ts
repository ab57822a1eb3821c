import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { isRoadmapError } from "@roadmap/core/errors"
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import { mlflowTrackingStore } from "../src/adapters/mlflow.ts"
import { hashTag, rightHashes, withHash } from "../src/adapters/mlflow-hashes.ts"
import { oneRun } from "../src/mlflow/answers.ts"
import { registryEndpoint, trackingEndpoint } from "../src/mlflow/endpoint.ts"
import { failureOfAnswer, redact, retryAfterOf } from "../src/mlflow/failures.ts"
import { serverToken, toServerPage } from "../src/mlflow/paging.ts"

const endpoint = trackingEndpoint({
  trackingUri: "http://127.0.0.1:9",
  auth: { username: "ada", password: "pa55word" },
})

describe("an endpoint", () => {
  it("sends a token as Bearer and a user as Basic, and knows both as secrets", () => {
    expect(endpoint.headers.authorization).toBe(`Basic ${Buffer.from("ada:pa55word").toString("base64")}`)
    const text = `password pa55word, header ${endpoint.headers.authorization}`
    expect(redact(endpoint, text)).not.toMatch(/pa55word|YWRhOnBh/)
    const token = trackingEndpoint({ trackingUri: "http://h/", auth: { token: "t0k" } })
    expect(token).toMatchObject({ baseUrl: "http://h", headers: { authorization: "Bearer t0k" } })
  })
  it("of a workspace has its models in Unity Catalog, unless told otherwise", () => {
    const workspace = { host: "https://w.example/", token: "dapi" }
    expect(registryEndpoint({ trackingUri: "databricks", workspace })).toMatchObject({
      baseUrl: "https://w.example",
      unityCatalog: true,
    })
    const registryUri = "http://registry:5000"
    expect(registryEndpoint({ trackingUri: "databricks", registryUri, workspace })).toMatchObject({
      baseUrl: registryUri,
      unityCatalog: false,
    })
  })
})

describe("a bad answer", () => {
  const answer = (status: number, error_code: string, message = "no") =>
    failureOfAnswer(endpoint, "runs/get", {
      status,
      headers: {},
      text: JSON.stringify({ error_code, message }),
    })
  it.each([
    [404, "RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"],
    [400, "RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"],
    [400, "INVALID_PARAMETER_VALUE", "INVALID_INPUT"],
    [403, "PERMISSION_DENIED", "AUTH_FAILED"],
    [400, "RESOURCE_LIMIT_EXCEEDED", "LIMIT_EXCEEDED"],
    [500, "INTERNAL_ERROR", "SERVICE_FAILED"],
    [503, "TEMPORARILY_UNAVAILABLE", "SERVICE_FAILED"],
  ])("%i %s is %s", (status, errorCode, code) => {
    expect(answer(status, errorCode).error.code).toBe(code)
  })
  it("of a full disk is DISK_FULL, and not repeated", () => {
    const text = "(sqlite3.OperationalError) database or disk is full [SQL: INSERT …]"
    expect(answer(500, "INTERNAL_ERROR", text)).toMatchObject({ error: { code: "DISK_FULL" }, again: false })
  })
  it("never holds the password, whatever the server says", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(400, 401, 404, 409, 429, 500, 502), (text, status) => {
        const said = `${text}pa55word${text}`
        for (const body of [said, JSON.stringify({ error_code: "X", message: said })]) {
          const { error } = failureOfAnswer(endpoint, "runs/get", { status, headers: {}, text: body })
          expect(`${error.message} ${error.hint}`).not.toContain("pa55word")
        }
      }),
    )
  })
})

describe("Retry-After", () => {
  it.each([
    ["2", 2_000],
    ["0", 0],
    ["Thu, 01 Jan 1970 00:00:09 GMT", 8_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%j is %j milliseconds", (header, ms) => {
    expect(retryAfterOf(header, 1_000)).toBe(ms)
  })
})

describe("an answer about a run", () => {
  it("reads text numbers, NaN, and what protocol buffers leave out", () => {
    const { run } = oneRun.parse({
      run: {
        info: {
          run_id: "r",
          experiment_id: "1",
          status: "RUNNING",
          start_time: "1700000000000",
          end_time: 0,
          lifecycle_stage: "active",
        },
        data: { metrics: [{ key: "m", value: "NaN", timestamp: 1 }], params: [{ key: "p" }] },
      },
    })
    expect(run).toMatchObject({ startTime: 1_700_000_000_000, metrics: { m: Number.NaN }, params: { p: "" } })
    expect(run.endTime).toBeUndefined()
  })
  it("of another form is refused", () => {
    expect(oneRun.safeParse({ run: { info: { run_id: 7 } } }).success).toBe(false)
  })
})

describe("a page token", () => {
  it("gives the server's back with its own query, and is refused with another", () => {
    const { nextPageToken } = toServerPage([], "server's", { filter: "a" })
    expect(serverToken(nextPageToken, { filter: "a" })).toBe("server's")
    expect(() => serverToken(nextPageToken, { filter: "b" })).toThrow(/another search/)
    expect(() => serverToken("nonsense", {})).toThrow(/not one of this store's/)
  })
})

describe("the hashes of an artifact", () => {
  it("are the new one, then the one before, so that a reader of either finds its content right", () => {
    const tags: Record<string, string> = {}
    const write = (hash: string) => {
      tags[hashTag("a/b.txt")] = withHash(tags, "a/b.txt", hash)
    }
    write("one")
    expect(rightHashes(tags, "a/b.txt")).toEqual(["one"])
    write("two")
    write("three")
    expect(rightHashes(tags, "a/b.txt")).toEqual(["three", "two"])
    write("three")
    expect(rightHashes(tags, "a/b.txt")).toEqual(["three"])
    expect(rightHashes(tags, "other")).toBeUndefined()
  })
})

describe("opening a server", () => {
  const servers: ReturnType<typeof createServer>[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })
  const serving = async (handle: (request: IncomingMessage, response: ServerResponse) => void) => {
    const server = createServer(handle)
    servers.push(server)
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const opening = async (version: string) => {
    const baseUrl = await serving((_, response) => response.end(version))
    return mlflowTrackingStore({ endpoint: { ...endpoint, baseUrl }, timeoutMs: 500, deadlineMs: 1_000 })
  }
  it.each(["2.22.1", "1.0", "0.9.9"])("of version %s is SERVICE_VERSION, naming both", async version => {
    await expect(opening(version)).rejects.toSatisfy(
      error =>
        isRoadmapError(error, "SERVICE_VERSION") &&
        error.message.includes(version) &&
        /3\.0/.test(error.message),
    )
  })
  it.each(["<html>hello</html>", "", "OK"])("whose /version is %j is SERVICE_FAILED", async version => {
    await expect(opening(version)).rejects.toMatchObject({ code: "SERVICE_FAILED" })
  })
  it.each(["3.0.0", "3.17.2", "4.1.0", "3.18.0rc1"])("of version %s opens", async version => {
    await (await opening(version)).close()
  })
  it("that redirects gets no token elsewhere", async () => {
    const seen: (string | undefined)[] = []
    const thief = await serving((request, response) => {
      seen.push(request.headers.authorization)
      response.end("3.17.2")
    })
    const baseUrl = await serving((_, response) =>
      response.writeHead(302, { location: `${thief}/version` }).end(),
    )
    await expect(mlflowTrackingStore({ endpoint: { ...endpoint, baseUrl } })).rejects.toMatchObject({
      code: "SERVICE_FAILED",
    })
    expect(seen).toEqual([])
  })
})
