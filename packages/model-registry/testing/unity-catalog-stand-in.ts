import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { z } from "zod"

/**
 * A stand-in for the Unity Catalog model registry of a Databricks workspace. It speaks the requests and answers that MLflow's
 * client publishes (mlflow/protos/databricks_uc_registry_messages.proto) and the Files API paths its artifact repository
 * uses, keeps everything in memory, and refuses what the protocol does not have. It knows nothing of permissions or
 * of Unity Catalog's rules for names: what only a workspace can show is not shown by it.
 */
export interface StandIn {
  url: string
  /** Answers of the Files API switch. */
  filesApi: boolean
  close(): Promise<void>
}

interface Model {
  name: string
  description: string
  creation_timestamp: number
  last_updated_timestamp: number
  tags: Map<string, string>
  aliases: Map<string, number>
  versions: Map<number, Version>
  last: number
}

interface Version {
  version: number
  description: string
  source: string
  run_id?: string
  status: "PENDING_REGISTRATION" | "READY"
  creation_timestamp: number
  last_updated_timestamp: number
  tags: Map<string, string>
}

class Refusal extends Error {
  readonly status: number
  readonly errorCode: string
  constructor(status: number, errorCode: string, message: string) {
    super(message)
    this.status = status
    this.errorCode = errorCode
  }
}

const pair = z.strictObject({ key: z.string(), value: z.string() })
const named = { name: z.string() }
const versioned = { ...named, version: z.string().regex(/^\d+$/) }
const paged = { max_results: z.coerce.number().int().optional(), page_token: z.string().optional() }

export const startUnityCatalogStandIn = async (token: string): Promise<StandIn> => {
  const models = new Map<string, Model>()
  const files = new Map<string, Buffer>()
  const state = { filesApi: true }

  const model = (name: string): Model =>
    models.get(name) ?? refuse(404, "RESOURCE_DOES_NOT_EXIST", `Registered model '${name}' does not exist`)
  const version = (name: string, number: string): [Model, Version] => {
    const owner = model(name)
    const found = owner.versions.get(Number(number))
    return found ? [owner, found] : refuse(404, "RESOURCE_DOES_NOT_EXIST", `No version ${number} of ${name}`)
  }
  const modelText = ({ versions: _, last: __, tags, aliases, ...fields }: Model) => ({
    ...fields,
    tags: pairs(tags),
    aliases: [...aliases].map(([alias, number]) => ({ alias, version: String(number) })),
  })
  const versionText = (owner: Model, { tags, version: number, ...fields }: Version) => ({
    name: owner.name,
    ...fields,
    version: String(number),
    tags: pairs(tags),
    aliases: [...owner.aliases]
      .filter(([, target]) => target === number)
      .map(([alias]) => ({ alias, version: String(number) })),
  })
  const page = <T>(all: readonly T[], request: { max_results?: number; page_token?: string }) => {
    const start = Number(request.page_token ?? 0)
    const end = start + (request.max_results ?? 100)
    return { items: all.slice(start, end), ...(end < all.length && { next_page_token: String(end) }) }
  }

  /** "METHOD path" to the fields of its request and what it does. */
  const calls: Record<string, (request: unknown) => unknown> = {
    "POST registered-models/create": taking(
      z.strictObject({ ...named, description: z.string().optional(), tags: z.array(pair).optional() }),
      ({ name, description = "", tags = [] }) => {
        if (models.has(name))
          refuse(400, "RESOURCE_ALREADY_EXISTS", `Registered model '${name}' already exists`)
        const time = Date.now()
        const made: Model = {
          name,
          description,
          creation_timestamp: time,
          last_updated_timestamp: time,
          tags: new Map(tags.map(({ key, value }) => [key, value])),
          aliases: new Map(),
          versions: new Map(),
          last: 0,
        }
        models.set(name, made)
        return { registered_model: modelText(made) }
      },
    ),
    "PATCH registered-models/update": taking(
      z.strictObject({ ...named, description: z.string() }),
      ({ name, description }) => {
        model(name).description = description
        return { registered_model: modelText(model(name)) }
      },
    ),
    "DELETE registered-models/delete": taking(z.strictObject(named), ({ name }) => {
      models.delete(model(name).name)
      return {}
    }),
    "GET registered-models/get": taking(z.strictObject(named), ({ name }) => ({
      registered_model: modelText(model(name)),
    })),
    "GET registered-models/search": taking(z.strictObject(paged), request => {
      const { items, ...next } = page([...models.values()], request)
      const found = items.map(each => {
        const { tags: _, aliases: __, ...fields } = modelText(each)
        return fields
      })
      return { registered_models: found, ...next }
    }),
    "POST registered-models/set-tag": taking(
      z.strictObject({ ...named, key: z.string(), value: z.string() }),
      ({ name, key, value }) => {
        model(name).tags.set(key, value)
        return {}
      },
    ),
    "DELETE registered-models/delete-tag": taking(
      z.strictObject({ ...named, key: z.string() }),
      ({ name, key }) => {
        model(name).tags.delete(key)
        return {}
      },
    ),
    "POST registered-models/alias": taking(
      z.strictObject({ ...versioned, alias: z.string() }),
      ({ name, alias, version: number }) => {
        const [owner, found] = version(name, number)
        owner.aliases.set(alias, found.version)
        return {}
      },
    ),
    "DELETE registered-models/alias": taking(
      z.strictObject({ ...named, alias: z.string() }),
      ({ name, alias }) => {
        if (!model(name).aliases.delete(alias)) refuse(404, "RESOURCE_DOES_NOT_EXIST", `No alias ${alias}`)
        return {}
      },
    ),
    "GET registered-models/alias": taking(
      z.strictObject({ ...named, alias: z.string() }),
      ({ name, alias }) => {
        const number =
          model(name).aliases.get(alias) ?? refuse(404, "RESOURCE_DOES_NOT_EXIST", `No alias ${alias}`)
        const [owner, found] = version(name, String(number))
        return { model_version: versionText(owner, found) }
      },
    ),
    "GET registered-models:is-databricks-sdk-models-artifact-repository-enabled": taking(
      z.strictObject({}),
      () => ({ is_databricks_sdk_models_artifact_repository_enabled: state.filesApi }),
    ),
    "POST model-versions/create": taking(
      z.strictObject({
        ...named,
        source: z.string(),
        run_id: z.string().optional(),
        description: z.string().optional(),
        tags: z.array(pair).optional(),
      }),
      ({ name, source, run_id, description = "", tags = [] }) => {
        const owner = model(name)
        const time = Date.now()
        owner.last++
        const made: Version = {
          version: owner.last,
          description,
          source,
          ...(run_id !== undefined && { run_id }),
          status: "PENDING_REGISTRATION",
          creation_timestamp: time,
          last_updated_timestamp: time,
          tags: new Map(tags.map(({ key, value }) => [key, value])),
        }
        owner.versions.set(owner.last, made)
        return { model_version: versionText(owner, made) }
      },
    ),
    "POST model-versions/finalize": taking(z.strictObject(versioned), ({ name, version: number }) => {
      const [owner, found] = version(name, number)
      if (!files.has(`${folderOf(name, found.version)}/MLmodel`))
        refuse(400, "INVALID_STATE", "The version has no MLmodel")
      found.status = "READY"
      return { model_version: versionText(owner, found) }
    }),
    "PATCH model-versions/update": taking(
      z.strictObject({ ...versioned, description: z.string() }),
      ({ name, version: number, description }) => {
        const [owner, found] = version(name, number)
        found.description = description
        return { model_version: versionText(owner, found) }
      },
    ),
    "DELETE model-versions/delete": taking(z.strictObject(versioned), ({ name, version: number }) => {
      const [owner, found] = version(name, number)
      if ([...owner.aliases.values()].includes(found.version))
        refuse(400, "INVALID_PARAMETER_VALUE", "An alias points at the version")
      owner.versions.delete(found.version)
      return {}
    }),
    "GET model-versions/get": taking(z.strictObject(versioned), ({ name, version: number }) => ({
      model_version: versionText(...version(name, number)),
    })),
    "GET model-versions/search": taking(z.strictObject({ ...paged, filter: z.string() }), request => {
      const [, , name] =
        /^name = (['"])(.*)\1$/.exec(request.filter) ??
        refuse(400, "INVALID_PARAMETER_VALUE", "Only a filter by name is supported")
      const owner = models.get(name)
      const all = owner ? [...owner.versions.values()].map(found => versionText(owner, found)) : []
      const { items, ...next } = page(all, request)
      return { model_versions: items.map(({ tags: _, aliases: __, ...fields }) => fields), ...next }
    }),
    "POST model-versions/set-tag": taking(
      z.strictObject({ ...versioned, key: z.string(), value: z.string() }),
      ({ name, version: number, key, value }) => {
        version(name, number)[1].tags.set(key, value)
        return {}
      },
    ),
    "DELETE model-versions/delete-tag": taking(
      z.strictObject({ ...versioned, key: z.string() }),
      ({ name, version: number, key }) => {
        version(name, number)[1].tags.delete(key)
        return {}
      },
    ),
  }

  const fileCall = (method: string, path: string, body: Buffer): Buffer | object => {
    if (path.startsWith("/api/2.0/fs/directories/")) {
      const folder = path.slice("/api/2.0/fs/directories/".length)
      const entries = new Map<string, object>()
      for (const [name, bytes] of files) {
        if (!name.startsWith(`${folder}/`)) continue
        const [first, ...deeper] = name.slice(folder.length + 1).split("/")
        const at = `/${folder}/${first}`
        entries.set(
          at,
          deeper.length > 0
            ? { path: at, is_directory: true }
            : { path: at, is_directory: false, file_size: bytes.byteLength },
        )
      }
      return entries.size > 0
        ? { contents: [...entries.values()] }
        : refuse(404, "NOT_FOUND", "The directory does not exist")
    }
    const name = path.slice("/api/2.0/fs/files/".length)
    if (method === "PUT") {
      files.set(name, body)
      return {}
    }
    return files.get(name) ?? refuse(404, "NOT_FOUND", "The file does not exist")
  }

  const server = createServer(async (incoming, answer) => {
    try {
      if (incoming.headers.authorization !== `Bearer ${token}`) refuse(401, "UNAUTHENTICATED", "Bad token")
      const url = new URL(incoming.url ?? "/", "http://localhost")
      const body = await bodyOf(incoming)
      const path = decodeURIComponent(url.pathname)
      const method = incoming.method ?? "GET"
      if (path.startsWith("/api/2.0/fs/")) {
        const found = fileCall(method, path, body)
        answer.end(found instanceof Buffer ? found : JSON.stringify(found))
        return
      }
      const call =
        calls[`${method} ${path.replace("/api/2.0/mlflow/unity-catalog/", "")}`] ??
        refuse(404, "ENDPOINT_NOT_FOUND", `No API found for ${method} ${path}`)
      const request = method === "GET" ? Object.fromEntries(url.searchParams) : JSON.parse(body.toString())
      answer.end(JSON.stringify(call(request)))
    } catch (error) {
      const { status, errorCode } =
        error instanceof Refusal ? error : { status: 500, errorCode: "INTERNAL_ERROR" }
      answer.statusCode = status
      answer.end(JSON.stringify({ error_code: errorCode, message: String((error as Error).message) }))
    }
  })
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get filesApi() {
      return state.filesApi
    },
    set filesApi(on: boolean) {
      state.filesApi = on
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const taking =
  <T>(schema: z.ZodType<T>, work: (request: T) => unknown) =>
  (request: unknown): unknown => {
    const parsed = schema.safeParse(request)
    if (!parsed.success) return refuse(400, "INVALID_PARAMETER_VALUE", z.prettifyError(parsed.error))
    return work(parsed.data)
  }

const refuse = (status: number, errorCode: string, message: string): never => {
  throw new Refusal(status, errorCode, message)
}

const pairs = (tags: ReadonlyMap<string, string>) => [...tags].map(([key, value]) => ({ key, value }))

const folderOf = (name: string, version: number) => `Models/${name.replaceAll(".", "/")}/${version}`

const bodyOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
