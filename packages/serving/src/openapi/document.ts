import type { Deployment, Deployments } from "../deployment.ts"
import type { FeatureLookup } from "../features/lookup.ts"
import type { InputColumn } from "../model/inputs.ts"
import type { ServedModel } from "../model/served.ts"
import { datatypes } from "../protocol/open-inference.ts"
import { stickyHeader } from "../protocol/score.ts"
import type { InputPolicy } from "../validate/table.ts"
import { examplesOf } from "./examples.ts"
import {
  answerSchema,
  columnSchema,
  csvSchema,
  errorSchema,
  invocationSchema,
  paramSchemas,
  recordSchema,
  type Schema,
} from "./schemas.ts"

export interface DocumentOptions {
  readonly version: string
  readonly policy: InputPolicy
  /** Whether a bearer token is asked for. */
  readonly hasToken: boolean
  /** Deployments whose features can be looked up. */
  readonly lookups?: ReadonlyMap<string, FeatureLookup>
}

/**
 * The server's description as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), made of the signatures of
 * the models as they are now. A model with variants is described by its first.
 */
export const openApiDocument = (deployments: Deployments, options: DocumentOptions): Schema => {
  const schemas: Record<string, Schema> = { Error: errorSchema }
  const paths: Record<string, Schema> = plainPaths()
  deployments.all.forEach((deployment, at) => {
    const { served } = deployment.slots[0].current()
    const prefix = `Model${at + 1}`
    const asked = paramsOf(deployment, served)
    const add = (name: string, inputs: readonly InputColumn[]) => {
      schemas[`${name}Row`] = recordSchema(inputs, options.policy)
      schemas[`${name}Request`] = invocationSchema(inputs, options.policy, refTo(`${name}Row`), asked)
    }
    add(prefix, served.inputs)
    schemas[`${prefix}Answer`] = answerSchema(served)
    const summary = `Score rows with ${deployment.name} (${served.uri})`
    const invoke = { post: scoringOperation(summary, served, asked, `${prefix}Request`, `${prefix}Answer`) }
    if (at === 0) paths["/invocations"] = invoke
    const path = `/models/${encodeURIComponent(deployment.name)}`
    paths[`${path}/invocations`] = invoke
    Object.assign(paths, inferencePaths(deployment.name, served, options.policy))
    const lookup = options.lookups?.get(deployment.name)
    if (lookup === undefined) return
    const keyed = `Keyed${at + 1}`
    add(keyed, lookup.reader.inputs)
    const byKey = `The same by key: features come from the service ${lookup.service.name}`
    paths[`${path}/by-key`] = {
      post: scoringOperation(
        byKey,
        { inputs: lookup.reader.inputs },
        asked,
        `${keyed}Request`,
        `${prefix}Answer`,
      ),
    }
  })
  return {
    openapi: "3.1.0",
    info: {
      title: `Predictions of ${deployments.all.map(({ name }) => name).join(", ")}`,
      version: options.version,
      description:
        "Scores rows by MLflow's protocol (/invocations) and by the Open Inference Protocol V2 (/v2).",
    },
    paths,
    components: {
      schemas,
      ...(options.hasToken && { securitySchemes: { token: { type: "http", scheme: "bearer" } } }),
    },
    ...(options.hasToken && { security: [{ token: [] }] }),
  }
}

const refTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

const json = (schema: Schema, examples?: Schema): Schema => ({
  "application/json": { schema, ...(examples && { examples }) },
})

const answers = (
  description: string,
  content: Schema,
  codes: readonly (keyof typeof failures)[],
): Schema => ({
  "200": { description, content },
  ...Object.fromEntries(
    codes.map(code => [code, { description: failures[code], content: json(refTo("Error")) }]),
  ),
})

const failures = {
  "400": "The body cannot be read, or does not fit the signature",
  "401": "The bearer token is missing or wrong",
  "404": "No such model",
  "413": "The body is too large, or has too many rows",
  "415": "A content type that is not taken",
  "422": "The rows fit, and the model cannot answer them",
  "429": "Too many requests; Retry-After says when to come back",
  "500": "The server failed",
  "503": "The server is overloaded or stops; Retry-After says when to come back",
  "504": "The answer was not ready by the deadline",
} as const

const scoringCodes = ["400", "401", "413", "415", "422", "429", "500", "503", "504"] as const

type Asked = readonly (keyof typeof paramSchemas)[]

/** What may be asked of a deployment beside predictions. */
const paramsOf = ({ interval }: Deployment, { model }: ServedModel): Asked => [
  ...(model?.kind === "boosting" ? (["explain"] as const) : []),
  ...(interval === undefined ? [] : (["interval"] as const)),
]

const scoringOperation = (
  summary: string,
  described: Pick<ServedModel, "inputs" | "inputExample">,
  asked: Asked,
  request: string,
  answer: string,
): Schema => {
  const { dataframe_split, dataframe_records, inputs, csv } = examplesOf(described)
  return {
    summary,
    parameters: [
      {
        name: stickyHeader,
        in: "header",
        required: false,
        description: "Requests with the same value get the same variant",
        schema: { type: "string" },
      },
      ...asked.map(name => ({ name, in: "query", required: false, schema: paramSchemas[name] })),
    ],
    requestBody: {
      required: true,
      content: {
        ...json(refTo(request), {
          dataframe_split: { value: dataframe_split },
          dataframe_records: { value: dataframe_records },
          inputs: { value: inputs },
        }),
        "text/csv": { schema: csvSchema(described.inputs), examples: { csv: { value: csv } } },
      },
    },
    responses: answers("One prediction a row", json(refTo(answer)), scoringCodes),
  }
}

const inferencePaths = (name: string, served: ServedModel, policy: InputPolicy): Record<string, Schema> => {
  const path = `/v2/models/${encodeURIComponent(name)}`
  const tensor = { type: "object", properties: tensorProperties, required: ["name", "datatype", "shape"] }
  return {
    [path]: {
      get: {
        summary: `What ${name} takes and gives`,
        responses: answers(
          "Names, types and shapes",
          json({ type: "object", required: ["name", "inputs", "outputs"] }),
          ["401", "404"],
        ),
      },
    },
    [`${path}/ready`]: {
      get: {
        summary: `Whether ${name} can be asked`,
        responses: answers(
          "It can",
          json({
            type: "object",
            properties: { name: { const: name }, ready: { const: true } },
            required: ["name", "ready"],
          }),
          ["401", "404"],
        ),
      },
    },
    [`${path}/infer`]: {
      post: {
        summary: `Score rows with ${name} (Open Inference Protocol V2)`,
        requestBody: {
          required: true,
          content: json(inferSchema(served, policy), { infer: { value: examplesOf(served).infer } }),
        },
        responses: answers(
          "One tensor an output",
          json({
            type: "object",
            properties: {
              model_name: { const: name },
              id: { type: "string" },
              outputs: { type: "array", items: tensor },
            },
            required: ["model_name", "outputs"],
          }),
          scoringCodes,
        ),
      },
    },
  }
}

const tensorProperties: Schema = {
  name: { type: "string" },
  datatype: { enum: [...new Set(Object.values(datatypes))] },
  shape: { type: "array", items: { type: "integer" } },
  data: { type: "array" },
}

/**
 * One row as tensors; optional columns come last and may be left out. Any order is taken. More rows are
 * answered too, if every tensor has as many: no schema can say that.
 */
const inferSchema = ({ inputs: given }: ServedModel, policy: InputPolicy): Schema => {
  const required = given.filter(input => input.required)
  const inputs = [...required, ...given.filter(input => !input.required)]
  return inferRequest(inputs, required.length, policy)
}

const inferRequest = (inputs: readonly InputColumn[], fewest: number, policy: InputPolicy): Schema => ({
  type: "object",
  properties: {
    id: { type: "string" },
    inputs: {
      type: "array",
      prefixItems: inputs.map(input => ({
        type: "object",
        properties: {
          name: { const: input.name },
          datatype: { const: datatypes[input.type] },
          shape: { const: [1] },
          data: { type: "array", items: columnSchema(input, policy), minItems: 1, maxItems: 1 },
        },
        required: ["name", "datatype", "shape", "data"],
        additionalProperties: false,
      })),
      minItems: fewest,
      maxItems: inputs.length,
    },
  },
  required: ["inputs"],
  additionalProperties: false,
})

const plainPaths = (): Record<string, Schema> => {
  const object = (properties: Schema): Schema =>
    json({ type: "object", properties, required: Object.keys(properties) })
  const text: Schema = { "text/plain": { schema: { type: "string" } } }
  const get = (summary: string, content: Schema, codes: readonly (keyof typeof failures)[] = []): Schema => ({
    get: { summary, security: [], responses: answers(summary, content, codes) },
  })
  const draining = { "503": { description: "It drains" } }
  const probe = (summary: string, content: Schema): Schema => ({
    get: { summary, security: [], responses: { ...answers(summary, content, []), ...draining } },
  })
  return {
    "/ping": probe("Whether the server takes requests, as MLflow's", text),
    "/health": probe("The same", text),
    "/health/live": get("The process answers", object({ status: { const: "live" } })),
    "/health/ready": probe(
      "Ready, degraded (the registry does not answer) or draining, and the versions that are loaded",
      object({
        status: { enum: ["ready", "degraded", "draining"] },
        registry: { type: "string" },
        models: { type: "array" },
      }),
    ),
    "/v2/health/live": get("The process answers", object({ live: { const: true } })),
    "/v2/health/ready": probe("The server takes requests", object({ ready: { type: "boolean" } })),
    "/version": get("The server's version and the models'", object({ name: {}, version: {}, models: {} })),
    "/v2": get("The server's name and version", object({ name: {}, version: {}, extensions: {} })),
  }
}
