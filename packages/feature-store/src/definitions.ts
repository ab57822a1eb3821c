import { RoadmapError } from "@roadmap/core/errors"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import { nearest } from "@roadmap/core/names"
import { z } from "zod"
import { durationMicros, durationText, micros } from "./durations.ts"

/*
 * Definitions are plain data: they can be printed, hashed, stored and compared. What a definition means is one set
 * of rules, the same for the SQL, the sweep in memory, the stream and the tests' oracle (all times in UTC):
 *
 * - A row of the source (a fact) is known to a label of time t when knownTime <= t. A fact without a known time is
 *   never known. A label without a time, or with a null in the entity's keys, has null in every feature.
 * - A latest-value feature is the column of the one known fact of the label's entity with the greatest event time;
 *   ties go to the greatest known time, then the greatest created time, then the greatest values of the view's
 *   latest columns, in their order (nulls least). It is null when t - eventTime > ttl.
 * - An aggregate is over the facts of the label's entity with knownTime in (t - window, t]. A tumbling aggregate is
 *   over the last full bucket before t: buckets [k * window, (k + 1) * window) counted from 1970-01-01T00:00Z, so it
 *   is the sliding one of the moment one microsecond before t's own bucket began.
 * - null, NaN and infinite values do not count. Without any value `count` and `distinct` are 0, the others null.
 *   Sums are exact and rounded once, mean and share are that sum divided by the count: the result does not depend on
 *   the order in which facts arrive. `last` is the value of the fact known last; ties: the later event time, then
 *   the later created time, then the greater value.
 */

export type KeyType = "string" | "int32" | "int64" | "date" | "boolean"

/** What features describe: an airport, a route. */
export interface Entity {
  readonly kind: "entity"
  readonly name: string
  /** Key column -> type, in order. At least one. */
  readonly keys: Readonly<Record<string, KeyType>>
  readonly description: string
  readonly version: string
}

/** Where facts come from: a table or view of the warehouse and what its columns mean. */
export interface Source {
  /** `schema.table`. */
  readonly table: string
  /** Entity key -> column. */
  readonly keys: Readonly<Record<string, string>>
  /** When it happened. */
  readonly eventTime: string
  /** When it could be known. */
  readonly knownTime: string
  /** When the row was written; snapshots need it. */
  readonly createdTime?: string
}

export const aggregates = ["count", "mean", "sum", "min", "max", "share", "last", "distinct"] as const
export type Aggregate = (typeof aggregates)[number]

export interface LatestFeature {
  readonly kind: "latest"
  readonly column: string
}

export interface WindowFeature {
  readonly kind: "window"
  readonly aggregate: Aggregate
  /** Absent for a `count` of facts. */
  readonly column?: string
  /** Length in microseconds. */
  readonly window: number
  readonly shape: "sliding" | "tumbling"
}

export type Feature = LatestFeature | WindowFeature

export interface FeatureView {
  readonly kind: "view"
  readonly name: string
  readonly entity: Entity
  readonly source: Source
  /** By name, in the order of the definition. */
  readonly features: Readonly<Record<string, Feature>>
  /** Greatest age of a latest value, in microseconds, from its event time. Absent: any. */
  readonly ttl?: number
  readonly owner: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  /** Hash of all that decides values: name, entity, source, features, ttl. Owner, description and tags do not. */
  readonly version: string
}

const identifier = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,99}$/, "letters, digits and underscores, a letter first, at most 100")
const column = z.string().regex(/^[^\0]+$/, "the name of a column")
const words = z.record(z.string().min(1), z.string())
const duration = z.string().transform((text, context) => {
  try {
    return durationMicros(text)
  } catch {
    context.addIssue({ code: "custom", message: 'a duration such as "90m", "24h" or "28d"' })
    return z.NEVER
  }
})
const window = duration.refine(
  length => length >= micros.hour && length <= 28 * micros.day,
  'a window from "1h" to "28d"',
)
const columnlessCount = z.strictObject({
  aggregate: z.literal("count"),
  window,
  column: column.optional(),
  tumbling: z.boolean().optional(),
})
const aggregated = z.strictObject({
  aggregate: z.enum(aggregates, { error: `one of ${aggregates.join(", ")}` }),
  column: z.string({ error: "the column that this aggregate is over" }).min(1),
  window,
  tumbling: z.boolean().optional(),
})
const latest = z.strictObject({ column })

const entityDefinition = z.strictObject({
  name: identifier,
  keys: z
    .record(identifier, z.enum(["string", "int32", "int64", "date", "boolean"]))
    .refine(keys => Object.keys(keys).length > 0, "at least one key"),
  description: z.string().default(""),
})
const viewDefinition = z.strictObject({
  name: identifier,
  source: z.strictObject({
    table: z.string().min(1),
    keys: z.record(z.string(), column).default({}),
    eventTime: column,
    knownTime: column,
    createdTime: column.optional(),
  }),
  features: z
    .record(identifier, z.unknown())
    .refine(features => Object.keys(features).length > 0, "at least one feature"),
  ttl: duration.optional(),
  owner: z.string().default(""),
  description: z.string().default(""),
  tags: words.default({}),
})

export type EntityDefinition = z.input<typeof entityDefinition>
/** `{ column }` is the latest value; with `aggregate` and `window` it is an aggregate over a sliding or tumbling window. */
export type FeatureDefinition =
  | { column: string }
  | { aggregate: "count"; window: string; column?: string; tumbling?: boolean }
  | { aggregate: Aggregate; column: string; window: string; tumbling?: boolean }
export type FeatureViewDefinition = Omit<z.input<typeof viewDefinition>, "features"> & {
  entity: Entity
  features: Record<string, FeatureDefinition>
}

/** Checks an entity. Throws INVALID_INPUT that names every wrong part. */
export const defineEntity = (definition: EntityDefinition): Entity => {
  const { name, keys, description } = parsed(entityDefinition, definition, "entity", definition?.name)
  return { kind: "entity", name, keys, description, version: hashOf({ name, keys: Object.entries(keys) }) }
}

/**
 * Checks a feature view and makes it plain data. Times are columns of the source: a fact's known time may be a column
 * that a step before computed. Throws INVALID_INPUT that names every wrong part; whether the columns exist, and of
 * which type, is checked against the warehouse when the view is first used.
 */
export const defineFeatureView = (definition: FeatureViewDefinition): FeatureView => {
  const { entity, ...rest } = definition
  if (entity?.kind !== "entity")
    throw new RoadmapError("INVALID_INPUT", `The feature view "${definition.name}" has no entity.`, {
      hint: "Make one with defineEntity({ name, keys }) and pass the result.",
    })
  const view = parsed(viewDefinition, rest, "feature view", definition.name)
  const refuse = (problem: string, hint: string): never => {
    throw new RoadmapError("INVALID_INPUT", `The feature view "${view.name}" cannot be used: ${problem}.`, {
      hint,
    })
  }
  const keyNames = Object.keys(entity.keys)
  for (const key of Object.keys(view.source.keys))
    if (!keyNames.includes(key))
      refuse(
        `its source maps the key "${key}", which the entity "${entity.name}" has not`,
        `Its keys: ${keyNames.join(", ")}.`,
      )
  const features = Object.fromEntries(
    Object.entries(view.features).map(([name, feature]) => {
      if (keyNames.includes(name)) refuse(`"${name}" is both a key and a feature`, "Rename the feature.")
      return [name, defineFeature(view.name, name, feature)]
    }),
  )
  const source: Source = {
    ...view.source,
    keys: Object.fromEntries(keyNames.map(key => [key, view.source.keys[key] ?? key])),
  }
  const meaning = {
    name: view.name,
    entity: entity.version,
    source,
    features: Object.entries(features),
    ttl: view.ttl ?? null,
  }
  return { kind: "view", ...view, entity, source, features, version: hashOf(meaning) }
}

const defineFeature = (view: string, name: string, definition: unknown): Feature => {
  const given = (definition ?? {}) as { aggregate?: unknown }
  const what = `feature "${name}" of view "${view}"`
  if (given.aggregate === undefined) return { kind: "latest", ...parsed(latest, definition, what) }
  const { tumbling, ...feature } = parsed(
    given.aggregate === "count" ? columnlessCount : aggregated,
    definition,
    what,
  )
  return { kind: "window", ...feature, shape: tumbling ? "tumbling" : "sliding" }
}

/** One part of a definition by a zod schema. Throws INVALID_INPUT that lists every problem with its place. */
export const parsed = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
  name?: string,
): z.output<Schema> => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.map(
    issue => `${issue.path.join(".") || "definition"}: ${issue.message}`,
  )
  throw new RoadmapError(
    "INVALID_INPUT",
    `The ${what}${name ? ` "${name}"` : ""} cannot be used: ${problems.join("; ")}.`,
  )
}

/** The version of a definition: 16 hexadecimal digits of the SHA-256 of its canonical JSON. */
export const hashOf = (meaning: unknown): string => sha256(canonicalJson(meaning)).slice(0, 16)

/** A feature of a view by its name. Throws NOT_FOUND with the nearest name. */
export const featureOf = (view: FeatureView, name: string): Feature => {
  const feature = Object.hasOwn(view.features, name) ? view.features[name] : undefined
  if (feature) return feature
  const names = Object.keys(view.features)
  const guess = nearest(name, names)
  throw new RoadmapError("NOT_FOUND", `The view "${view.name}" has no feature "${name}".`, {
    hint: guess ? `Did you mean "${guess}"?` : `It has ${names.join(", ")}.`,
  })
}

/** "mean of delay over 24h, sliding": for people. */
export const featureText = (feature: Feature): string =>
  feature.kind === "latest"
    ? `latest ${feature.column}`
    : `${feature.aggregate} of ${feature.column ?? "facts"} over ${durationText(feature.window)}, ${feature.shape}`
