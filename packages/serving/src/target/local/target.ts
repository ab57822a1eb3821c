import type { Config } from "@roadmap/core/config"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { openRegistry } from "@roadmap/model-registry/open"
import { checkEndpoint, checkEndpointName, checkServing, checkTraffic, fullTraffic } from "../checks.ts"
import type { Endpoint, Serving, ServingTarget } from "../port.ts"
import { waitUntilReady } from "../wait.ts"
import { type EndpointProcess, startEndpoint } from "./process.ts"
import { ask } from "./query.ts"

interface LocalEndpoint {
  readonly name: string
  serving: Serving | undefined
  process: EndpointProcess | undefined
  update: Endpoint["update"]
  message: string | undefined
  /** The change that is going on; it never rejects. */
  change: Promise<void> | undefined
  deleted: boolean
}

/**
 * Endpoints on this machine: each is a process of its own that runs the scoring server on a free port of 127.0.0.1.
 * A change starts another process beside the one that serves and takes its place. They end with this target, also
 * when this process is killed.
 */
export const localTarget = (config: Config): ServingTarget => {
  const endpoints = new Map<string, LocalEndpoint>()
  const find = (name: string): LocalEndpoint => {
    checkEndpointName(name)
    const found = endpoints.get(name)
    if (found) return found
    throw new RoadmapError("NOT_FOUND", `There is no endpoint "${name}".`, {
      hint: endpoints.size === 0 ? "Create it first." : `There are ${[...endpoints.keys()].join(", ")}.`,
    })
  }
  /** A version that does not exist is a mistake of the call, not of the endpoint. */
  const checkVersions = async ({ entities }: Serving): Promise<void> => {
    const registry = await openRegistry(config)
    try {
      for (const { model, version } of entities) await registry.getVersion(model, version)
    } finally {
      await registry.close()
    }
  }
  const replace = async (endpoint: LocalEndpoint, serving: Serving): Promise<void> => {
    try {
      const traffic = fullTraffic(serving)
      const started = await startEndpoint({
        config,
        name: endpoint.name,
        variants: serving.entities.map(({ name, model, version }) => ({
          model: `${model}/${version}`,
          weight: traffic[name],
        })),
      })
      if (endpoint.deleted) return await started.stop()
      const old = endpoint.process
      endpoint.process = started
      endpoint.serving = serving
      endpoint.update = "none"
      endpoint.message = undefined
      await old?.stop()
    } catch (error) {
      endpoint.update = "failed"
      endpoint.message = toRoadmapError(error).message
    } finally {
      endpoint.change = undefined
    }
  }
  const begin = (endpoint: LocalEndpoint, serving: Serving): Endpoint => {
    if (endpoint.change)
      throw new RoadmapError("IN_USE", `Endpoint ${endpoint.name} is being changed.`, {
        hint: "Wait until it is ready.",
      })
    endpoint.update = "in_progress"
    endpoint.change = replace(endpoint, serving)
    return toState(endpoint)
  }
  const update = async (name: string, serving: Serving): Promise<Endpoint> => {
    checkServing(serving)
    find(name)
    await checkVersions(serving)
    return begin(find(name), serving)
  }
  const remove = async (endpoint: LocalEndpoint): Promise<void> => {
    endpoint.deleted = true
    endpoints.delete(endpoint.name)
    await endpoint.change
    await endpoint.process?.stop()
  }

  return {
    async create(spec) {
      checkEndpoint(spec)
      const refuse = () => {
        throw new RoadmapError("ALREADY_EXISTS", `There is an endpoint "${spec.name}" already.`, {
          hint: "Change it with update, or choose another name.",
        })
      }
      if (endpoints.has(spec.name)) refuse()
      await checkVersions(spec)
      if (endpoints.has(spec.name)) refuse()
      const endpoint: LocalEndpoint = {
        name: spec.name,
        serving: undefined,
        process: undefined,
        update: "none",
        message: undefined,
        change: undefined,
        deleted: false,
      }
      endpoints.set(spec.name, endpoint)
      return begin(endpoint, { entities: spec.entities, traffic: spec.traffic })
    },
    get: async name => toState(find(name)),
    list: async () => [...endpoints.values()].map(toState).sort((a, b) => (a.name < b.name ? -1 : 1)),
    waitUntilReady: (name, options) =>
      waitUntilReady(async () => toState(find(name)), { pollMs: 50, ...options }),
    async query(name, rows, options) {
      const { process, serving } = find(name)
      if (process === undefined || serving === undefined)
        throw new RoadmapError("UNREACHABLE", `Endpoint ${name} is not ready.`, {
          hint: "Wait until it is ready.",
          retryable: true,
        })
      return process.using(async url => {
        const { predictions, served } = await ask(url, name, rows, options)
        const entity = serving.entities.find(({ model, version }) => `${model}/${version}` === served)
        return { predictions, ...(entity && { entity: entity.name }) }
      })
    },
    update,
    async setTraffic(name, traffic) {
      const { serving } = find(name)
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
    delete: async name => remove(find(name)),
    async close() {
      await Promise.all([...endpoints.values()].map(remove))
    },
  }
}

const toState = ({ name, serving, process, update, message }: LocalEndpoint): Endpoint => {
  const ended = process?.ended()
  const why = ended ?? message
  return {
    name,
    ready: process !== undefined && ended === undefined,
    update,
    ...(serving && { serving }),
    ...(why !== undefined && { message: why }),
  }
}
