import { z } from "zod"
import { modelIdOf } from "../manifest.ts"
import { type Lineage, type ModelVersion, type RegisteredModel, versionStatuses } from "../port.ts"

/** Answers about models (mlflow/protos/model_registry.proto; Unity Catalog's have the same fields), and what they mean here. */

const whole = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)])
const pairs = z
  .array(z.object({ key: z.string(), value: z.string().default("") }))
  .default([])
  .transform(list => Object.fromEntries(list.map(({ key, value }) => [key, value])))

/** Tags in which the adapter keeps what MLflow has no field for. They are no part of `tags`. */
export const ownTags = {
  digest: "roadmap.digest",
  lineage: "roadmap.lineage",
  idempotencyKey: "roadmap.idempotency_key",
  request: "roadmap.request",
  source: "roadmap.source",
} as const
const own = new Set<string>(Object.values(ownTags))

const visibleTags = (tags: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !own.has(key)))

export const modelAnswer = z
  .object({
    name: z.string(),
    description: z.string().default(""),
    creation_timestamp: whole.default(0),
    last_updated_timestamp: whole.default(0),
    tags: pairs,
    aliases: z.array(z.object({ alias: z.string(), version: whole })).default([]),
    latest_versions: z.array(z.object({ version: whole, status: z.string().optional() })).default([]),
  })
  .transform((read): { model: RegisteredModel; tags: Record<string, string> } => {
    const latest = Math.max(
      0,
      ...read.latest_versions.filter(each => (each.status ?? "READY") === "READY").map(each => each.version),
    )
    return {
      model: {
        name: read.name,
        description: read.description,
        tags: visibleTags(read.tags),
        aliases: Object.fromEntries(
          read.aliases
            .map(({ alias, version }) => [alias, version] as const)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        ),
        ...(latest > 0 && { latestVersion: latest }),
        creationTime: read.creation_timestamp,
        lastUpdatedTime: read.last_updated_timestamp,
      },
      tags: read.tags,
    }
  })

/** What a version of the server is: the port's version, and the adapter's own notes about it. */
export interface ServerVersion {
  version: ModelVersion
  runId?: string
  /** The logged model that holds its files. */
  loggedModel?: string
  tags: Record<string, string>
}

export const versionAnswer = z
  .object({
    name: z.string(),
    version: whole,
    status: z.enum(versionStatuses).default("READY"),
    description: z.string().default(""),
    source: z.string().default(""),
    run_id: z.string().optional(),
    model_id: z.string().optional(),
    creation_timestamp: whole.default(0),
    last_updated_timestamp: whole.default(0),
    tags: pairs,
    aliases: z
      .array(z.union([z.string(), z.object({ alias: z.string() }).transform(({ alias }) => alias)]))
      .default([]),
  })
  .transform((read): ServerVersion => {
    const digest = read.tags[ownTags.digest] ?? ""
    const runId = read.run_id || undefined
    return {
      version: {
        name: read.name,
        version: read.version,
        status: read.status,
        description: read.description,
        source: read.source,
        digest,
        modelId: digest ? modelIdOf(digest) : (read.model_id ?? ""),
        tags: visibleTags(read.tags),
        aliases: [...read.aliases].sort(),
        lineage: lineageOf(read.tags[ownTags.lineage], runId),
        creationTime: read.creation_timestamp,
        lastUpdatedTime: read.last_updated_timestamp,
      },
      ...(runId && { runId }),
      ...(read.model_id && { loggedModel: read.model_id }),
      tags: read.tags,
    }
  })

const lineageSchema = z.object({
  datasets: z.array(z.object({ name: z.string(), digest: z.string() })).optional(),
  featureViews: z.array(z.string()).optional(),
  parentVersion: z.int().optional(),
})

/** Another client may have written the tag: what it does not hold is left out. */
const lineageOf = (text: string | undefined, runId: string | undefined): Lineage => {
  const run = runId === undefined ? {} : { runId }
  if (text === undefined) return run
  const parsed = z
    .string()
    .transform((json, context) => {
      try {
        return JSON.parse(json) as unknown
      } catch {
        context.addIssue({ code: "custom", message: "no JSON" })
        return z.NEVER
      }
    })
    .pipe(lineageSchema)
    .safeParse(text)
  return parsed.success ? { ...run, ...parsed.data } : run
}

export const nothing = z.looseObject({}).transform(() => null)
export const oneModel = z.object({ registered_model: modelAnswer })
export const manyModels = z.object({
  registered_models: z.array(modelAnswer).default([]),
  next_page_token: z.string().optional(),
})
export const oneVersion = z.object({ model_version: versionAnswer })
export const manyVersions = z.object({
  model_versions: z.array(versionAnswer).default([]),
  next_page_token: z.string().optional(),
})
export const downloadUri = z.object({ artifact_uri: z.string() })

export const loggedModelAnswer = z.object({
  model: z.object({
    info: z.object({
      model_id: z.string(),
      experiment_id: z.string(),
      artifact_uri: z.string(),
      status: z.string().optional(),
      tags: pairs,
    }),
  }),
})
export const manyLoggedModels = z.object({
  models: z.array(loggedModelAnswer.shape.model).default([]),
  next_page_token: z.string().optional(),
})
