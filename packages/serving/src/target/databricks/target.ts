import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { checkEndpoint, checkEndpointName, checkServing, checkTraffic, sameServing } from "../checks.ts"
import type { Endpoint, Serving, ServingTarget } from "../port.ts"
import { waitUntilReady } from "../wait.ts"
import { createDatabricksClient, type DatabricksClientOptions } from "./client.ts"
import {
  type EndpointAnswer,
  endpointAnswer,
  endpointsAnswer,
  nothing,
  predictionsAnswer,
  toConfig,
  toEndpoint,
  toServing,
} from "./shapes.ts"

/** Databricks Model Serving: endpoints of a workspace, by its REST API 2.0. */
export const databricksTarget = (options: DatabricksClientOptions): ServingTarget => {
  const client = createDatabricksClient(options)
  const root = "/api/2.0/serving-endpoints"
  const pathOf = (name: string) => {
    checkEndpointName(name)
    return `${root}/${name}`
  }
  const read = async (name: string): Promise<EndpointAnswer> =>
    (await client.call({ method: "GET", path: pathOf(name), answer: endpointAnswer })).answer
  const find = async (name: string): Promise<EndpointAnswer | undefined> => {
    try {
      return await read(name)
    } catch (error) {
      if (isRoadmapError(error, "NOT_FOUND")) return undefined
      throw error
    }
  }
  /** The endpoint, when it serves this or is about to. */
  const findServing = async (name: string, serving: Serving): Promise<EndpointAnswer | undefined> => {
    const found = await find(name)
    const config = found?.pending_config ?? found?.config
    return config && sameServing(toServing(config), serving) ? found : undefined
  }
  const get = async (name: string): Promise<Endpoint> => toEndpoint(await read(name))

  const update = async (name: string, serving: Serving): Promise<Endpoint> => {
    checkServing(serving)
    const { answer } = await client.call({
      method: "PUT",
      path: `${pathOf(name)}/config`,
      body: toConfig(serving),
      answer: endpointAnswer,
      done: () => findServing(name, serving),
    })
    return toEndpoint(answer)
  }

  return {
    get,
    update,
    async create(endpoint) {
      checkEndpoint(endpoint)
      const { name } = endpoint
      const { answer } = await client.call({
        method: "POST",
        path: root,
        body: { name, config: toConfig(endpoint) },
        answer: endpointAnswer,
        done: () => findServing(name, endpoint),
      })
      return toEndpoint(answer)
    },
    async list() {
      const { answer } = await client.call({ method: "GET", path: root, answer: endpointsAnswer })
      const names = answer.endpoints.map(({ name }) => name).sort()
      // The list has no versions of some kinds of endpoints (external models); those are not this port's.
      const found = answer.endpoints.flatMap(each => endpointAnswer.safeParse(each).data ?? [])
      return names.flatMap(name => found.filter(each => each.name === name).map(toEndpoint))
    },
    waitUntilReady: (name, options) => waitUntilReady(() => get(name), options),
    async query(name, rows, { timeoutMs = 30_000, signal } = {}) {
      checkEndpointName(name)
      const { answer, headers } = await client.call({
        method: "POST",
        path: `/serving-endpoints/${name}/invocations`,
        body: { dataframe_split: rows },
        answer: predictionsAnswer,
        timeoutMs,
        ...(signal && { signal }),
      })
      const entity = headers["served-model-name"]
      return { predictions: answer.predictions, ...(typeof entity === "string" && { entity }) }
    },
    async setTraffic(name, traffic) {
      const { serving } = await get(name)
      if (serving === undefined)
        throw new RoadmapError("IN_USE", `Endpoint ${name} serves nothing yet.`, {
          hint: "Wait until it is ready.",
        })
      checkTraffic(
        serving.entities.map(entity => entity.name),
        traffic,
      )
      return update(name, { ...serving, traffic })
    },
    async delete(name) {
      const path = pathOf(name)
      await client.call({
        method: "DELETE",
        path,
        answer: nothing,
        done: async () => ((await find(name)) === undefined ? {} : undefined),
      })
    },
    close: async () => client.close(),
  }
}
