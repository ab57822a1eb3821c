/**
 * A stand-in for Databricks Model Serving: the published shapes of its REST API 2.0 on a local server, with
 * endpoints that take a while to deploy. What it knows is what the documents and Databricks' own clients say; it is
 * not the service.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { DataframeSplit } from "@roadmap/model-registry/signature"

export interface StandInOptions {
  token: string
  /** Milliseconds from a change to its end. */
  deployMs: number
  /** What a version is. */
  version(model: string, version: string): "good" | "missing" | "broken"
  /** One prediction a row, or a text that says why the rows are refused. */
  score(model: string, version: string, rows: DataframeSplit): unknown[] | string
}

/** Something that goes wrong with the next calls. */
export interface Fault {
  method: string
  /** End of the path. */
  path: string
  /** How many calls. Default 1. */
  times?: number
  /** Whether the work is done all the same. */
  worked?: boolean
  /** Absent: the connection breaks. */
  answer?: { status: number; headers?: Record<string, string>; text: string }
}

interface Entity {
  name: string
  entity_name: string
  entity_version: string
  workload_size: string
  scale_to_zero_enabled: boolean
}
interface Config {
  served_entities: Entity[]
  traffic_config: { routes: { served_model_name: string; traffic_percentage: number }[] }
}
interface Endpoint {
  name: string
  created: number
  config?: Config & { config_version: number }
  pending?: Config & { config_version: number }
  update: "NOT_UPDATING" | "IN_PROGRESS" | "UPDATE_FAILED"
  failed?: string
  timer?: NodeJS.Timeout
}

const parsed = (text: string): unknown => (text === "" ? undefined : JSON.parse(text))

class Refused extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const startServingStandIn = async (options: StandInOptions) => {
  const endpoints = new Map<string, Endpoint>()
  const faults: Fault[] = []
  const calls: string[] = []
  let turn = 0

  const shown = ({ name, created, config, pending, update, failed }: Endpoint) => {
    const withState = (given: Config & { config_version: number }, deployment: string, message = "") => ({
      ...given,
      served_entities: given.served_entities.map(entity => ({
        ...entity,
        creator: "someone@example.com",
        creation_timestamp: created,
        workload_type: "CPU",
        state: { deployment, deployment_state_message: message },
      })),
    })
    return {
      id: "0123456789abcdef",
      name,
      creator: "someone@example.com",
      creation_timestamp: created,
      last_updated_timestamp: created,
      permission_level: "CAN_MANAGE",
      state: { ready: config ? "READY" : "NOT_READY", config_update: update },
      ...(config && { config: withState(config, "DEPLOYMENT_READY") }),
      ...(pending && {
        pending_config: withState(pending, failed ? "DEPLOYMENT_FAILED" : "DEPLOYMENT_CREATING", failed),
      }),
    }
  }
  const find = (name: string): Endpoint => {
    const found = endpoints.get(name)
    if (found) return found
    throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", `Endpoint with name '${name}' does not exist.`)
  }
  const begin = (endpoint: Endpoint, config: Config): void => {
    if (endpoint.update === "IN_PROGRESS")
      throw new Refused(409, "RESOURCE_CONFLICT", "The endpoint has an update in progress.")
    const kinds = config.served_entities.map(({ entity_name, entity_version }) =>
      options.version(entity_name, entity_version),
    )
    if (kinds.includes("missing"))
      throw new Refused(404, "RESOURCE_DOES_NOT_EXIST", "The registered model version does not exist.")
    const sum = config.traffic_config.routes.reduce((total, route) => total + route.traffic_percentage, 0)
    if (sum !== 100) throw new Refused(400, "INVALID_PARAMETER_VALUE", "Traffic must sum to 100.")
    endpoint.pending = { ...config, config_version: (endpoint.config?.config_version ?? 0) + 1 }
    endpoint.update = "IN_PROGRESS"
    delete endpoint.failed
    endpoint.timer = setTimeout(() => {
      if (kinds.includes("broken")) {
        endpoint.update = "UPDATE_FAILED"
        endpoint.failed = "Container creation failed: the model could not be loaded."
        return
      }
      endpoint.config = endpoint.pending
      delete endpoint.pending
      endpoint.update = "NOT_UPDATING"
    }, options.deployMs)
  }
  const score = (endpoint: Endpoint, rows: DataframeSplit) => {
    if (!endpoint.config)
      throw new Refused(503, "TEMPORARILY_UNAVAILABLE", "The endpoint is not ready to serve requests.")
    const { served_entities, traffic_config } = endpoint.config
    // In turn rather than by chance: what a test sees is the split itself.
    const point = (turn++ * 37) % 100
    let end = 0
    const route = traffic_config.routes.find(each => point < (end += each.traffic_percentage))
    const entity = served_entities.find(({ name }) => name === route?.served_model_name)!
    const predictions = options.score(entity.entity_name, entity.entity_version, rows)
    if (typeof predictions === "string") throw new Refused(400, "BAD_REQUEST", predictions)
    return { headers: { "served-model-name": entity.name }, body: { predictions } }
  }

  const work = (
    method: string,
    path: string,
    body: unknown,
  ): { headers?: Record<string, string>; body: unknown } => {
    const root = "/api/2.0/serving-endpoints"
    const [, name] = /^\/(?:api\/2\.0\/)?serving-endpoints\/([^/]+)/.exec(path) ?? []
    const call = `${method} ${path.replace(name ?? "\n", "NAME")}`
    switch (call) {
      case `POST ${root}`: {
        const { name, config } = body as { name: string; config: Config }
        if (endpoints.has(name))
          throw new Refused(400, "RESOURCE_ALREADY_EXISTS", `Endpoint with name '${name}' already exists.`)
        const endpoint: Endpoint = { name, created: Date.now(), update: "NOT_UPDATING" }
        begin(endpoint, config)
        endpoints.set(name, endpoint)
        return { body: shown(endpoint) }
      }
      case `GET ${root}`:
        return { body: { endpoints: [...endpoints.values()].map(shown) } }
      case `GET ${root}/NAME`:
        return { body: shown(find(name)) }
      case `PUT ${root}/NAME/config`: {
        const endpoint = find(name)
        begin(endpoint, body as Config)
        return { body: shown(endpoint) }
      }
      case `DELETE ${root}/NAME`: {
        clearTimeout(find(name).timer)
        endpoints.delete(name)
        return { body: {} }
      }
      case "POST /serving-endpoints/NAME/invocations":
        return score(find(name), (body as { dataframe_split: DataframeSplit }).dataframe_split)
      default:
        throw new Refused(404, "ENDPOINT_NOT_FOUND", `No API found for '${call}'`)
    }
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "", headers } = request
    let text = ""
    for await (const chunk of request) text += chunk
    calls.push(`${method} ${url}`)
    const reply = (status: number, body: unknown, more: Record<string, string> = {}) =>
      response.writeHead(status, { "content-type": "application/json", ...more }).end(JSON.stringify(body))
    const fault = faults.find(each => each.method === method && url.endsWith(each.path))
    if (fault) {
      fault.times = (fault.times ?? 1) - 1
      if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1)
      if (fault.worked) work(method, url, parsed(text))
      if (fault.answer) response.writeHead(fault.answer.status, fault.answer.headers).end(fault.answer.text)
      else response.destroy()
      return
    }
    if (headers.authorization !== `Bearer ${options.token}`)
      return void reply(403, { error_code: "PERMISSION_DENIED", message: "Invalid access token." })
    try {
      const done = work(method, url, parsed(text))
      reply(200, done.body, done.headers)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      reply(error.status, { error_code: error.code, message: error.message })
    }
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Every call, with its path. */
    calls,
    faults,
    close: async () => {
      for (const { timer } of endpoints.values()) clearTimeout(timer)
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
