import { RoadmapError } from "@roadmap/core/errors"
import type { FastifyInstance } from "fastify"
import type { Deployments } from "../deployment.ts"
import { signalOf } from "../operate/admission.ts"
import { unknownModel } from "../protocol/errors.ts"
import type { InvocationParams } from "../protocol/invocation.ts"
import { readRequest, writeAnswer } from "../protocol/mlflow.ts"
import { type Asked, type Protocol, type ScoreEvents, score } from "../protocol/score.ts"
import { isRefusal } from "../validate/refusal.ts"
import type { FeatureLookup, RowFeatures } from "./lookup.ts"

interface KeyedQuestion extends Asked {
  readonly params: InvocationParams
  readonly rows: readonly RowFeatures[]
}

/**
 * `POST /models/{name}/by-key`: the bodies of /invocations, with keys and request fields in the place of
 * features.
 */
export const addByKey = (
  app: FastifyInstance,
  deployments: Deployments,
  lookups: ReadonlyMap<string, FeatureLookup>,
  events: ScoreEvents,
): void => {
  const protocols = new Map([...lookups].map(([name, lookup]) => [name, byKey(lookup)]))
  app.post<{ Params: { name: string } }>("/models/:name/by-key", (request, reply) => {
    const { name } = request.params
    const deployment = deployments.find(name)
    if (deployment === undefined)
      throw unknownModel(
        name,
        deployments.all.map(each => each.name),
      )
    const protocol = protocols.get(name)
    if (protocol === undefined)
      throw new RoadmapError("NOT_FOUND", `"${name}" has no feature service here.`, {
        hint: `Send its features to /models/${name}/invocations.`,
      })
    score(deployment, protocol, request, reply, events)
  })
}

const byKey = (lookup: FeatureLookup): Protocol<KeyedQuestion> => ({
  route: "by-key",
  async read({ served }, request, reply) {
    const invocation = readRequest(lookup.reader, request)
    if (isRefusal(invocation)) return invocation
    const { signal, release } = signalOf(request, reply)
    try {
      const { features, rows, keys } = await inTime(lookup.join(served, invocation.table, signal), signal)
      return { features, rows, keys, params: invocation.params }
    } finally {
      release()
    }
  },
  async write(live, { features, rows, params }, predictions, deployment) {
    const text = await writeAnswer(live, { features, params }, predictions, deployment)
    return `${text.slice(0, -1)},"features":${JSON.stringify(rows)}}`
  },
})

/** A store that does not look at its signal must not hold the request beyond its deadline either. */
const inTime = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const late = () => reject(signal.reason)
    signal.addEventListener("abort", late, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", late))
  })
