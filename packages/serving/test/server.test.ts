import { fitKMeans } from "@roadmap/ml/clustering/k-means"
import { predict } from "@roadmap/ml/model"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type RunningServer, startServer } from "../src/server.ts"
import {
  codeSignature,
  contentOf,
  delayOutput,
  lateOutputs,
  smallFlights,
  smallModel,
  type TestHome,
  testHome,
  textSignature,
} from "../testing/models.ts"

let home: TestHome
let server: RunningServer
const row = { hour: 8, distance: 500, weekday: "mon" }
const example = {
  columns: ["hour", "distance", "weekday"],
  data: [
    [8, 500, "mon"],
    [23, 1900, "fri"],
  ],
}

beforeAll(async () => {
  home = await testHome()
  const text = textSignature(delayOutput)
  await home.register("delay", contentOf(await smallModel(), text, { inputExample: example }))
  await home.register("late", contentOf(await smallModel({ loss: "logistic" }), codeSignature(lateOutputs)))
  await home.register("low", contentOf(await smallModel({ loss: "quantile", quantile: 0.1 }), text))
  await home.register("high", contentOf(await smallModel({ loss: "quantile", quantile: 0.9 }), text))
  server = await startServer(home.config, {
    models: [{ model: "delay/1", interval: { lower: "low", upper: "high" } }, "late"],
    port: 0,
    registry: home.registry,
    threads: 0,
    input: { maxRows: 50 },
  })
})
afterAll(async () => {
  await server.close()
  await home[Symbol.asyncDispose]()
})

const send = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${server.url}${path}`, {
    ...(body !== undefined && {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) }
}

describe("invocations", () => {
  it("answers with the model's numbers, by name and for the first model without one", async () => {
    const { features } = smallFlights(20, 9)
    const names = ["fri", "mon", "sat"]
    const rows = Array.from({ length: 20 }, (_, at) => {
      const [hour, distance, weekday] = features.columns
      if (hour.kind !== "numeric" || distance.kind !== "numeric" || weekday.kind !== "categorical")
        throw new Error()
      return { hour: hour.values[at], distance: distance.values[at], weekday: names[weekday.codes[at]] }
    })
    const expected = Array.from(predict(await smallModel(), features), prediction => ({ prediction }))
    for (const path of ["/invocations", "/models/delay/invocations"]) {
      const answer = await send(path, { dataframe_records: rows })
      expect(answer.json()).toEqual({ predictions: expected })
      expect(answer.headers.get("x-served-model")).toBe("delay/1")
      expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8")
    }
  })

  it("gives label and probability of a classifier", async () => {
    const { predictions } = (
      await send("/models/late/invocations", { inputs: { hour: 23, distance: 1900, weekday: 1 } })
    ).json()
    expect(predictions).toEqual([{ prediction: 1, probability: expect.closeTo(1, 1) }])
  })

  it("says where a request does not fit", async () => {
    const answer = await send("/invocations", { inputs: [row, { ...row, hour: "eight" }] })
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({
      error_code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining('row 1, column "hour"'),
      details: [{ row: 1, column: "hour", expected: "a number (double) or null", got: '"eight"' }],
    })
  })

  it("no rows get no predictions", async () => {
    expect((await send("/invocations", { inputs: [] })).json()).toEqual({ predictions: [] })
  })

  it.each([
    ["/models/nobody/invocations", 404, "RESOURCE_DOES_NOT_EXIST"],
    ["/nowhere", 404, "ENDPOINT_NOT_FOUND"],
    ["/health", 405, "METHOD_NOT_ALLOWED"],
    ["/invocations?explian=true", 400, "BAD_REQUEST"],
    ["/models/late/by-key", 404, "RESOURCE_DOES_NOT_EXIST"],
  ])("POST %s is %i", async (path, status, code) => {
    const answer = await send(path, { inputs: [row] })
    expect([answer.status, answer.json().error_code]).toEqual([status, code])
  })

  it("says which methods a route takes", async () => {
    const answer = await send("/invocations")
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"])
  })

  it("too many rows and too large bodies are 413, other types 415", async () => {
    expect((await send("/invocations", { inputs: new Array(51).fill(row) })).status).toBe(413)
    expect((await send("/invocations", "x".repeat(17 * 2 ** 20))).status).toBe(413)
    expect((await send("/invocations", "hour\n1", { "content-type": "text/plain" })).status).toBe(415)
    expect(
      (await send("/invocations", "{}", { "content-type": "application/json; charset=utf-16" })).status,
    ).toBe(415)
  })
})

describe("more than predictions", () => {
  it("explains each row: expected value and contributions add up to the prediction", async () => {
    for (const answer of [
      await send("/invocations?explain=true", { inputs: [row] }),
      await send("/invocations", { inputs: [row], params: { explain: true } }),
    ]) {
      const { predictions, explanations } = answer.json()
      const { expected, contributions } = explanations[0]
      expect(Object.keys(contributions)).toEqual(["hour", "distance", "weekday"])
      const sum = Object.values(contributions as Record<string, number>).reduce((a, b) => a + b, expected)
      expect(sum).toBeCloseTo(predictions[0].prediction, 9)
    }
  })

  it("gives the interval between its quantile models", async () => {
    const { predictions } = (
      await send("/invocations?interval=true", { inputs: [row, { ...row, hour: 20 }] })
    ).json()
    for (const { prediction, lower, upper } of predictions) {
      expect(lower).toBeLessThan(prediction)
      expect(upper).toBeGreaterThan(prediction)
    }
  })

  it("a deployment without quantile models has no interval: 422", async () => {
    const answer = await send("/models/late/invocations?interval=true", {
      inputs: { hour: 1, distance: 1, weekday: 0 },
    })
    expect([answer.status, answer.json().message]).toEqual([
      422,
      expect.stringContaining("no models for intervals"),
    ])
  })
})

describe("Open Inference Protocol V2", () => {
  const tensors = [
    { name: "hour", shape: [2], datatype: "FP64", data: [8, 23] },
    { name: "distance", shape: [2, 1], datatype: "FP64", data: [[500], [1900]] },
    { name: "weekday", shape: [2], datatype: "BYTES", data: ["mon", "fri"] },
  ]

  it("answers as /invocations does", async () => {
    const { predictions } = (await send("/invocations", { dataframe_split: example })).json()
    const answer = (await send("/v2/models/delay/infer", { id: "7", inputs: tensors })).json()
    expect(answer).toEqual({
      model_name: "delay",
      model_version: "1",
      id: "7",
      outputs: [
        {
          name: "prediction",
          datatype: "FP64",
          shape: [2],
          data: predictions.map((each: { prediction: number }) => each.prediction),
        },
      ],
    })
  })

  it("gives the outputs that are asked for", async () => {
    const inputs = ["hour", "distance", "weekday"].map(name => ({
      name,
      shape: [1],
      datatype: "FP64",
      data: [1],
    }))
    const { outputs } = (
      await send("/v2/models/late/versions/1/infer", { inputs, outputs: [{ name: "probability" }] })
    ).json()
    expect(outputs.map(({ name }: { name: string }) => name)).toEqual(["probability"])
  })

  it("describes the model", async () => {
    const described = (await send("/v2/models/late")).json()
    expect(described).toMatchObject({
      name: "late",
      versions: ["1"],
      inputs: [{ name: "hour", datatype: "FP64", shape: [-1] }, {}, {}],
    })
    expect(described.outputs.map(({ datatype }: { datatype: string }) => datatype)).toEqual(["INT64", "FP64"])
    expect((await send("/v2/models/late/versions/9/ready")).status).toBe(404)
    expect((await send("/v2/models/late/ready")).json()).toEqual({ name: "late", ready: true })
  })

  it.each([
    ["a shape other than the data", { ...tensors[0], shape: [3] }],
    ["another datatype", { ...tensors[0], datatype: "INT64" }],
    ["a matrix", { ...tensors[0], shape: [1, 2] }],
    ["a text in a number's place", { ...tensors[0], data: [8, "23"] }],
    ["an unknown field", { ...tensors[0], dtype: "FP64" }],
  ])("refuses %s, with the message under error", async (_, tensor) => {
    const answer = await send("/v2/models/delay/infer", { inputs: [tensor, ...tensors.slice(1)] })
    expect([answer.status, typeof answer.json().error]).toEqual([400, "string"])
  })

  it("refuses a tensor twice and an output that is not there", async () => {
    expect((await send("/v2/models/delay/infer", { inputs: [...tensors, tensors[0]] })).text).toContain(
      "twice",
    )
    expect(
      (await send("/v2/models/delay/infer", { inputs: tensors, outputs: [{ name: "x" }] })).text,
    ).toContain("gives prediction")
  })
})

describe("what the server says of itself", () => {
  it.each([
    ["/ping", "\n"],
    ["/health", "\n"],
    ["/health/live", '{"status":"live"}'],
    ["/v2/health/live", '{"live":true}'],
    ["/v2/health/ready", '{"ready":true}'],
  ])("GET %s", async (path, text) => {
    const answer = await send(path)
    expect([answer.status, answer.text]).toEqual([200, text])
  })

  it("names the versions it serves", async () => {
    const models = [
      { deployment: "delay", model: "delay", version: 1 },
      { deployment: "late", model: "late", version: 1 },
    ]
    expect((await send("/health/ready")).json()).toEqual({ status: "ready", registry: "answers", models })
    expect((await send("/version")).json()).toMatchObject({ name: "roadmap-serving", models })
    expect((await send("/v2")).json()).toMatchObject({ name: "roadmap-serving", extensions: [] })
    expect((await send("/metrics")).text).toContain("http_request_duration_seconds")
  })

  it("every example of its OpenAPI document runs", async () => {
    const { openapi, paths } = (await send("/openapi.json")).json()
    expect(openapi).toBe("3.1.0")
    let examples = 0
    for (const [path, { get, post }] of Object.entries<Record<string, { requestBody?: { content: object } }>>(
      paths,
    )) {
      if (get) expect((await send(path)).status, path).toBe(200)
      for (const [type, { examples: bodies }] of Object.entries(post?.requestBody?.content ?? {}))
        for (const { value } of Object.values(bodies as Record<string, { value: unknown }>)) {
          examples++
          const answer = await send(path, value, { "content-type": type })
          expect(answer.status, `${path} ${answer.text}`).toBe(200)
        }
    }
    expect(examples).toBe(14)
  })

  it("its page loads nothing from elsewhere and has every route", async () => {
    const page = await send("/docs")
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//)
    for (const path of ["/invocations", "/v2/models/late/infer", "/health/ready"])
      expect(page.text).toContain(path)
  })
})

describe("a server that cannot start says why", () => {
  it.each([
    ["no model", { models: [] }, "INVALID_INPUT"],
    ["a model that is not there", { models: ["nobody@champion"] }, "NOT_FOUND"],
    ["two deployments of one name", { models: ["late", "late/1"] }, "INVALID_INPUT"],
    ["a wider binding without token", { models: ["late"], host: "0.0.0.0" }, "CONFIG_INVALID"],
    ["a short token", { models: ["late"], tokens: { me: "short" } }, "CONFIG_INVALID"],
    ["limits that make no sense", { models: ["late"], limits: { bodyBytes: -1 } }, "CONFIG_INVALID"],
  ])("%s", async (_, options, code) => {
    await expect(
      startServer(home.config, { port: 0, registry: home.registry, threads: 0, ...options }),
    ).rejects.toMatchObject({ code })
  })

  it("a port that is taken", async () => {
    const port = Number(new URL(server.url).port)
    await expect(
      startServer(home.config, { models: ["late"], port, registry: home.registry, threads: 0 }),
    ).rejects.toMatchObject({ code: "START_FAILED", message: `Port ${port} is taken by another program.` })
  })

  it("a model that cannot score its own example", async () => {
    await using other = await testHome()
    const { features } = smallFlights(60)
    const model = fitKMeans({
      features: { rows: 60, columns: features.columns.slice(0, 2) },
      parameters: { clusters: 2 },
    })
    const inputs = codeSignature([]).inputs.slice(0, 2)
    await other.register(
      "clusters",
      contentOf(
        model,
        { inputs, outputs: delayOutput },
        { inputExample: { columns: ["hour", "distance"], data: [[null, 1]] } },
      ),
    )
    await expect(
      startServer(other.config, { models: ["clusters"], port: 0, registry: other.registry, threads: 0 }),
    ).rejects.toMatchObject({
      code: "MODEL_FORMAT",
      message: expect.stringContaining("its own input example"),
    })
  })
})

it("a server with a token asks for it everywhere but on probes", async () => {
  const token = "a-long-and-secret-token"
  const guarded = await startServer(home.config, {
    models: ["late"],
    port: 0,
    registry: home.registry,
    threads: 0,
    tokens: { me: token },
  })
  try {
    const ask = async (path: string, authorization?: string) =>
      (await fetch(`${guarded.url}${path}`, { headers: authorization ? { authorization } : {} })).status
    expect(await ask("/v2/models/late")).toBe(401)
    expect(await ask("/v2/models/late", "Bearer wrong")).toBe(401)
    expect(await ask("/v2/models/late", `Bearer ${token}`)).toBe(200)
    expect(await ask("/health/ready")).toBe(200)
    const document = await fetch(`${guarded.url}/openapi.json`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(JSON.parse(await document.text()).security).toEqual([{ token: [] }])
  } finally {
    await guarded.close()
  }
})
