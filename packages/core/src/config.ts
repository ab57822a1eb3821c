import { resolve } from "node:path"
import { z } from "zod"
import { RoadmapError } from "./errors.ts"

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const
const flag = z.string().transform(text => text !== "" && text !== "0" && text !== "false")
const httpUrl = z.url({ protocol: /^https?$/, error: "an http(s) URL" })

/** What each variable may hold. The message of a rule says what was expected, never what was found. */
const environment = z.object({
  ROADMAP_HOME: z.string().min(1, "a folder").optional(),
  LOG_LEVEL: z.enum(levels, { error: `one of ${levels.join(", ")}` }).optional(),
  MLFLOW_TRACKING_URI: z
    .union([httpUrl, z.literal("databricks")], { error: "an http(s) URL or 'databricks'" })
    .optional(),
  DATABRICKS_HOST: httpUrl.optional(),
  DATABRICKS_TOKEN: z.string().min(1, "a token").optional(),
  DATABRICKS_HTTP_PATH: z
    .string()
    .regex(/^\/?sql\//, "a path such as /sql/1.0/warehouses/<id>")
    .optional(),
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
  mlflow?: { trackingUri: string }
  databricks?: { host: string; token: string; httpPath: string }
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
    ...(data.MLFLOW_TRACKING_URI && { mlflow: { trackingUri: data.MLFLOW_TRACKING_URI } }),
    ...(data.DATABRICKS_HOST &&
      data.DATABRICKS_HTTP_PATH && {
        databricks: {
          host: data.DATABRICKS_HOST,
          token: data.DATABRICKS_TOKEN!,
          httpPath: data.DATABRICKS_HTTP_PATH,
        },
      }),
  }
}

const missingTogether = (data: z.infer<typeof environment>): string[] => {
  const problems: string[] = []
  if (data.DATABRICKS_HTTP_PATH && !data.DATABRICKS_HOST)
    problems.push("DATABRICKS_HOST: expected with DATABRICKS_HTTP_PATH")
  if (data.DATABRICKS_HOST && !data.DATABRICKS_TOKEN)
    problems.push("DATABRICKS_TOKEN: expected with DATABRICKS_HOST")
  if (data.MLFLOW_TRACKING_URI === "databricks" && !data.DATABRICKS_HOST)
    problems.push("DATABRICKS_HOST: expected with MLFLOW_TRACKING_URI=databricks")
  return problems
}
