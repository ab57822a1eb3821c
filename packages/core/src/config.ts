import { resolve } from "node:path"
import { z } from "zod"
import { RoadmapError } from "./errors.ts"

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const
const flag = z.string().transform(text => text !== "" && text !== "0" && text !== "false")
const httpUrl = z.url({ protocol: /^https?$/, error: "an http(s) URL" })
/** Each part has the whole message, because zod shows that of one part when the others do not fit at all. */
const httpUrlOr = (word: string) => {
  const error = `an http(s) URL or '${word}'`
  return z.union([z.url({ protocol: /^https?$/, error }), z.literal(word, { error })], { error })
}

/** What each variable may hold. The message of a rule says what was expected, never what was found. */
const environment = z.object({
  ROADMAP_HOME: z.string().min(1, "a folder").optional(),
  LOG_LEVEL: z.enum(levels, { error: `one of ${levels.join(", ")}` }).optional(),
  MLFLOW_TRACKING_URI: httpUrlOr("databricks").optional(),
  MLFLOW_REGISTRY_URI: httpUrlOr("databricks-uc").optional(),
  MLFLOW_TRACKING_TOKEN: z.string().min(1, "a token").optional(),
  MLFLOW_TRACKING_USERNAME: z.string().min(1, "a user's name").optional(),
  MLFLOW_TRACKING_PASSWORD: z.string().min(1, "a password").optional(),
  MLFLOW_HTTP_REQUEST_TIMEOUT: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, "whole seconds")
    .optional(),
  DATABRICKS_HOST: httpUrl.optional(),
  DATABRICKS_TOKEN: z.string().min(1, "a token").optional(),
  DATABRICKS_HTTP_PATH: z
    .string()
    .regex(/^\/?sql\//, "a path such as /sql/1.0/warehouses/<id>")
    .optional(),
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: "a postgresql:// URL such as postgresql://user:password@host:5432/database",
    })
    .optional(),
  OPENAI_API_KEY: z.string().min(1, "a key").optional(),
  OPENAI_BASE_URL: httpUrl.optional(),
  OPENAI_MODEL: z.string().min(1, "a model's name").optional(),
  OPENAI_EMBEDDING_MODEL: z.string().min(1, "a model's name").optional(),
  AZURE_OPENAI_ENDPOINT: httpUrl.optional(),
  AZURE_OPENAI_API_KEY: z.string().min(1, "a key").optional(),
  AZURE_OPENAI_AD_TOKEN: z.string().min(1, "a Microsoft Entra token").optional(),
  AZURE_OPENAI_API_VERSION: z
    .string()
    .regex(/^(\d{4}-\d{2}-\d{2}(-preview)?|preview|latest|v1)$/, "a date such as 2024-10-21")
    .optional(),
  AZURE_OPENAI_DEPLOYMENT: z.string().min(1, "a deployment's name").optional(),
  AZURE_OPENAI_EMBEDDING_DEPLOYMENT: z.string().min(1, "a deployment's name").optional(),
  QDRANT_URL: httpUrl.optional(),
  QDRANT_API_KEY: z.string().min(1, "a key").optional(),
  NO_COLOR: z.string().optional(),
  FORCE_COLOR: z.string().optional(),
  CI: flag.optional(),
})

export interface Config {
  /** Folder of everything a run makes. Absolute. */
  home: string
  logLevel: (typeof levels)[number]
  ci: boolean
  /** False when NO_COLOR is set (https://no-color.org), true when FORCE_COLOR is, else undefined: ask the terminal. */
  color: boolean | undefined
  mlflow?: MlflowConfig
  databricks?: { host: string; token: string; httpPath: string }
  /** PostgreSQL, or what speaks its protocol. The URL may hold a password: never show it. */
  database?: { url: string }
  openai?: OpenAiConfig
  azureOpenai?: AzureOpenAiConfig
  qdrant?: { url: string; apiKey?: string }
}

/** OpenAI, or a server that speaks its protocol when `baseUrl` is set. A key alone selects nothing: nobody pays unasked. */
export interface OpenAiConfig {
  apiKey?: string
  /** Safe to show: without user and password. */
  baseUrl?: string
  /** Chat model. Absent with a base URL: the first one that the server lists. */
  model?: string
  embeddingModel?: string
}

/** Azure OpenAI (https://learn.microsoft.com/azure/ai-services/openai/reference). Wins over `openai`. */
export interface AzureOpenAiConfig {
  endpoint: string
  apiVersion: string
  /** A key, or a Microsoft Entra token as `az account get-access-token` prints it (it lasts about an hour). */
  auth: { apiKey: string } | { adToken: string }
  /** Of the chat model. */
  deployment?: string
  embeddingDeployment?: string
}

/** MLflow's own variables (https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html). */
export interface MlflowConfig {
  /** An http(s) URL without user and password, or "databricks". Safe to show. */
  trackingUri: string
  /** Of the models: an http(s) URL as above, or "databricks-uc" (Unity Catalog). Absent: where the runs are. */
  registryUri?: string
  /** A token wins over a user and password, as in MLflow. */
  auth?: { token: string } | { username: string; password: string }
  /** The workspace that "databricks" and "databricks-uc" mean. */
  workspace?: { host: string; token: string }
  /** Seconds that one answer may take. Absent: the client's own limit. */
  requestTimeout?: number
}

/**
 * Reads the configuration from the environment. An unset or empty variable selects the embedded part.
 * Throws one CONFIG_INVALID that names every bad variable and what was expected, and no value.
 */
export const loadConfig = (env: Record<string, string | undefined> = process.env): Config => {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  )
  const parsed = environment.safeParse(set)
  const problems = parsed.success
    ? missingTogether(parsed.data)
    : parsed.error.issues.map(issue => `${issue.path.join(".")}: expected ${issue.message}`)
  if (!parsed.success || problems.length > 0)
    throw new RoadmapError("CONFIG_INVALID", `Wrong configuration:\n  ${problems.join("\n  ")}`, {
      hint: "Correct or unset these environment variables.",
    })
  const data = parsed.data
  return {
    home: resolve(data.ROADMAP_HOME ?? ".roadmap"),
    logLevel: data.LOG_LEVEL ?? "warn",
    ci: data.CI ?? false,
    color:
      data.NO_COLOR !== undefined
        ? false
        : data.FORCE_COLOR !== undefined
          ? data.FORCE_COLOR !== "0"
          : undefined,
    ...(data.MLFLOW_TRACKING_URI && { mlflow: mlflowConfig(data, data.MLFLOW_TRACKING_URI) }),
    ...(data.DATABRICKS_HOST &&
      data.DATABRICKS_HTTP_PATH && {
        databricks: {
          host: data.DATABRICKS_HOST,
          token: data.DATABRICKS_TOKEN!,
          httpPath: data.DATABRICKS_HTTP_PATH,
        },
      }),
    ...(data.DATABASE_URL && { database: { url: data.DATABASE_URL } }),
    ...languageModels(data),
    ...(data.QDRANT_URL && {
      qdrant: { url: data.QDRANT_URL, ...(data.QDRANT_API_KEY && { apiKey: data.QDRANT_API_KEY }) },
    }),
  }
}

/** The configuration with some variables set otherwise: what an option of a command says wins over the environment. */
export const loadConfigWith = (changes: Record<string, string>): Config =>
  loadConfig({ ...process.env, ...changes })

const mlflowConfig = (data: z.infer<typeof environment>, trackingUri: string): MlflowConfig => {
  const tracking = withoutUser(trackingUri)
  const registry = data.MLFLOW_REGISTRY_URI ? withoutUser(data.MLFLOW_REGISTRY_URI) : undefined
  const [username, password] = [data.MLFLOW_TRACKING_USERNAME, data.MLFLOW_TRACKING_PASSWORD]
  const auth = data.MLFLOW_TRACKING_TOKEN
    ? { token: data.MLFLOW_TRACKING_TOKEN }
    : username && password
      ? { username, password }
      : (tracking.user ?? registry?.user)
  return {
    trackingUri: tracking.uri,
    ...(registry && { registryUri: registry.uri }),
    ...(auth && { auth }),
    ...(data.DATABRICKS_HOST &&
      data.DATABRICKS_TOKEN && { workspace: { host: data.DATABRICKS_HOST, token: data.DATABRICKS_TOKEN } }),
    ...(data.MLFLOW_HTTP_REQUEST_TIMEOUT && { requestTimeout: Number(data.MLFLOW_HTTP_REQUEST_TIMEOUT) }),
  }
}

const languageModels = (data: z.infer<typeof environment>): Pick<Config, "openai" | "azureOpenai"> => {
  const openai: OpenAiConfig = {
    ...(data.OPENAI_API_KEY && { apiKey: data.OPENAI_API_KEY }),
    ...(data.OPENAI_BASE_URL && { baseUrl: withoutUser(data.OPENAI_BASE_URL).uri }),
    ...(data.OPENAI_MODEL && { model: data.OPENAI_MODEL }),
    ...(data.OPENAI_EMBEDDING_MODEL && { embeddingModel: data.OPENAI_EMBEDDING_MODEL }),
  }
  const [endpoint, apiVersion] = [data.AZURE_OPENAI_ENDPOINT, data.AZURE_OPENAI_API_VERSION]
  return {
    ...(Object.keys(openai).length > 0 && { openai }),
    ...(endpoint &&
      apiVersion && {
        azureOpenai: {
          endpoint: withoutUser(endpoint).uri,
          apiVersion,
          auth: data.AZURE_OPENAI_API_KEY
            ? { apiKey: data.AZURE_OPENAI_API_KEY }
            : { adToken: data.AZURE_OPENAI_AD_TOKEN! },
          ...(data.AZURE_OPENAI_DEPLOYMENT && { deployment: data.AZURE_OPENAI_DEPLOYMENT }),
          ...(data.AZURE_OPENAI_EMBEDDING_DEPLOYMENT && {
            embeddingDeployment: data.AZURE_OPENAI_EMBEDDING_DEPLOYMENT,
          }),
        },
      }),
  }
}

/** A URL is shown in messages and pages: its user and password are kept apart from it. */
const withoutUser = (uri: string): { uri: string; user?: { username: string; password: string } } => {
  if (!/^https?:/i.test(uri)) return { uri }
  const url = new URL(uri)
  const [username, password] = [percentDecoded(url.username), percentDecoded(url.password)]
  url.username = ""
  url.password = ""
  return { uri: url.href.replace(/\/$/, ""), ...(username && { user: { username, password } }) }
}

/** Undoes %-escapes; broken ones stay as they are, where decodeURIComponent throws. */
const percentDecoded = (text: string): string =>
  new URLSearchParams(`text=${text.replaceAll("+", "%2B").replaceAll("&", "%26")}`).get("text") ?? ""

const missingTogether = (data: z.infer<typeof environment>): string[] => {
  const problems: string[] = []
  if (data.DATABRICKS_HTTP_PATH && !data.DATABRICKS_HOST)
    problems.push("DATABRICKS_HOST: expected with DATABRICKS_HTTP_PATH")
  if (data.DATABRICKS_HOST && !data.DATABRICKS_TOKEN)
    problems.push("DATABRICKS_TOKEN: expected with DATABRICKS_HOST")
  if (data.MLFLOW_TRACKING_URI === "databricks" && !data.DATABRICKS_HOST)
    problems.push("DATABRICKS_HOST: expected with MLFLOW_TRACKING_URI=databricks")
  if (data.MLFLOW_REGISTRY_URI && !data.MLFLOW_TRACKING_URI)
    problems.push("MLFLOW_TRACKING_URI: expected with MLFLOW_REGISTRY_URI")
  if (data.MLFLOW_REGISTRY_URI === "databricks-uc" && !data.DATABRICKS_HOST)
    problems.push("DATABRICKS_HOST: expected with MLFLOW_REGISTRY_URI=databricks-uc")
  if (Boolean(data.MLFLOW_TRACKING_USERNAME) !== Boolean(data.MLFLOW_TRACKING_PASSWORD))
    problems.push("MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD: expected both or neither")
  problems.push(...missingOfLanguageModels(data))
  if (data.QDRANT_API_KEY && !data.QDRANT_URL) problems.push("QDRANT_URL: expected with QDRANT_API_KEY")
  return problems
}

const missingOfLanguageModels = (data: z.infer<typeof environment>): string[] => {
  const problems: string[] = []
  if (!data.OPENAI_API_KEY && !data.OPENAI_BASE_URL)
    for (const name of ["OPENAI_MODEL", "OPENAI_EMBEDDING_MODEL"] as const)
      if (data[name]) problems.push(`OPENAI_API_KEY or OPENAI_BASE_URL: expected with ${name}`)
  if (!data.AZURE_OPENAI_ENDPOINT) {
    const others = [
      "AZURE_OPENAI_API_KEY",
      "AZURE_OPENAI_AD_TOKEN",
      "AZURE_OPENAI_DEPLOYMENT",
      "AZURE_OPENAI_EMBEDDING_DEPLOYMENT",
    ] as const
    const found = others.find(name => data[name])
    if (found) problems.push(`AZURE_OPENAI_ENDPOINT: expected with ${found}`)
    return problems
  }
  if (!data.AZURE_OPENAI_API_VERSION)
    problems.push("AZURE_OPENAI_API_VERSION: expected with AZURE_OPENAI_ENDPOINT")
  if (!data.AZURE_OPENAI_API_KEY && !data.AZURE_OPENAI_AD_TOKEN)
    problems.push("AZURE_OPENAI_API_KEY or AZURE_OPENAI_AD_TOKEN: expected with AZURE_OPENAI_ENDPOINT")
  if (!data.AZURE_OPENAI_DEPLOYMENT && !data.AZURE_OPENAI_EMBEDDING_DEPLOYMENT)
    problems.push(
      "AZURE_OPENAI_DEPLOYMENT or AZURE_OPENAI_EMBEDDING_DEPLOYMENT: expected with AZURE_OPENAI_ENDPOINT",
    )
  return problems
}
