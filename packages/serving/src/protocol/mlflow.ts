import type { Features } from "@roadmap/ml/features"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import type { Deployment, Deployments } from "../deployment.ts"
import { predictIntervals } from "../explain/interval.ts"
import { explainRows } from "../explain/shap.ts"
import type { LiveModel } from "../live.ts"
import type { Predictions } from "../model/served.ts"
import { toFeatures } from "../validate/cells.ts"
import { isRefusal, malformed, type Refusal, shown } from "../validate/refusal.ts"
import type { TableReader } from "../validate/table.ts"
import { unknownModel } from "./errors.ts"
import { type Invocation, type InvocationParams, readInvocation } from "./invocation.ts"
import { type Asked, type Protocol, type ScoreEvents, score } from "./score.ts"

/**
 * MLflow's scoring protocol: `POST /invocations` for the first model, `POST /models/{name}/invocations` for
 * each.
 */
export const addInvocations = (app: FastifyInstance, deployments: Deployments, events: ScoreEvents): void => {
  const [first] = deployments.all
  const invoke = (deployment: Deployment, request: FastifyRequest, reply: FastifyReply): void =>
    score(deployment, invocations, request, reply, events)
  app.post("/invocations", (request, reply) => {
    invoke(first, request, reply)
  })
  app.post<{ Params: { name: string } }>("/models/:name/invocations", (request, reply) => {
    const deployment = deployments.find(request.params.name)
    if (deployment === undefined)
      throw unknownModel(
        request.params.name,
        deployments.all.map(({ name }) => name),
      )
    invoke(deployment, request, reply)
  })
}

interface Question extends Asked {
  readonly params: InvocationParams
}

const invocations: Protocol<Question> = {
  route: "invocations",
  read({ reader }, request) {
    const invocation = readRequest(reader, request)
    if (isRefusal(invocation)) return invocation
    return { features: toFeatures(reader.inputs, invocation.table), params: invocation.params }
  },
  write: (live, { features, params }, predictions, deployment) =>
    writeAnswer(live, { features, params }, predictions, deployment),
}

/** Predictions, and what the parameters ask for beside them. */
export const writeAnswer = (
  live: LiveModel,
  { features, params }: { features: Features; params: InvocationParams },
  predictions: Predictions,
  deployment: Deployment,
): string | Promise<string> => {
  const explanations = params.explain ? explainRows(live.served, features) : undefined
  if (!params.interval) return live.write(predictions, { ...(explanations && { explanations }) })
  return predictIntervals(deployment.interval, live, features).then(intervals =>
    live.write(predictions, { ...(explanations && { explanations }), intervals }),
  )
}

/** Body and query of a request, whatever the reader's columns are. */
export const readRequest = (reader: TableReader, request: FastifyRequest): Invocation | Refusal => {
  const asked = readQuery(request)
  if (isRefusal(asked)) return asked
  const invocation = readInvocation(reader, request.headers["content-type"], bodyOf(request))
  if (isRefusal(invocation) || asked === nothing) return invocation
  return { table: invocation.table, params: { ...invocation.params, ...asked } }
}

/** `?explain=true` is `params: { "explain": true }` for bodies that have no params; so is `?interval=true`. */
const readQuery = (request: FastifyRequest): InvocationParams | Refusal => {
  if (!request.url.includes("?")) return nothing
  const asked: { explain?: boolean; interval?: boolean } = {}
  for (const [name, given] of Object.entries(request.query as Record<string, unknown>)) {
    if (name !== "explain" && name !== "interval")
      return malformed(`The query has ${shown(name)}; it takes explain and interval.`)
    if (given !== "true" && given !== "false")
      return malformed(`"${name}" must be true or false; got ${shown(given)}.`)
    if (given === "true") asked[name] = true
  }
  return asked
}

const nothing: InvocationParams = {}

/** The body as it came; empty when there was none. */
export const bodyOf = (request: FastifyRequest): Buffer =>
  Buffer.isBuffer(request.body) ? request.body : emptyBody

const emptyBody = Buffer.alloc(0)
