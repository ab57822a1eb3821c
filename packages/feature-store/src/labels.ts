import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import type { Dialect, Field, SqlEngine } from "@roadmap/warehouse/port"
import type { KeyType } from "./definitions.ts"
import type { FeaturePick } from "./services.ts"
import { sqlWords } from "./sql/words.ts"

/** The rows that features are wanted for. */
export interface Labels {
  /** A table, or a SELECT. */
  readonly from: string | { readonly sql: string }
  /** The moment of each row: what was known then may be seen. A timestamp. */
  readonly timestamp: string
  /**
   * Columns that say the rows' order; unique together where a set must be rebuilt. Without them the order is that of
   * DuckDB's table; Spark's tables have none, so there they are needed.
   */
  readonly order?: readonly string[]
  /** When each row was written; needed where labels are read as of a past moment. */
  readonly createdTime?: string
  /** Further columns given back beside the features: target, split, ids. */
  readonly columns?: readonly string[]
}

/** The labels as something to put behind FROM. Throws INVALID_INPUT for an as-of time without a created time. */
export const labelsFrom = ({ from, createdTime }: Labels, dialect: Dialect, asOf?: Date): string => {
  const words = sqlWords(dialect)
  const given = typeof from === "string" ? words.table(from) : `(${from.sql}) AS labels_given`
  if (!asOf) return given
  if (createdTime === undefined)
    throw new RoadmapError(
      "INVALID_INPUT",
      "The labels cannot be read as of a past moment: they name no created time.",
      {
        hint: "Give labels.createdTime: the column with the moment in which each row was written.",
      },
    )
  return `(SELECT * FROM ${given} WHERE ${words.name(createdTime)} <= ${words.moment(asOf.getTime() * 1_000)}) AS labels_then`
}

export const labelsText = ({ from }: Labels): string =>
  typeof from === "string" ? from : "the labels' SELECT"

/** The columns of a table or SELECT, without reading it. */
export const fieldsOf = async (engine: SqlEngine, from: string): Promise<readonly Field[]> =>
  (await engine.query(`SELECT * FROM ${from} LIMIT 0`)).fields

/** Column by its name. Throws SCHEMA_MISMATCH with the nearest name. */
export const fieldNamed = (fields: readonly Field[], name: string, where: string): Field => {
  const field = fields.find(each => each.name === name)
  if (field) return field
  const names = fields.map(each => each.name)
  const guess = nearest(name, names)
  throw new RoadmapError("SCHEMA_MISMATCH", `${where} has no column "${name}".`, {
    hint: guess ? `Is it called "${guess}" now?` : `It has ${names.join(", ")}.`,
  })
}

/** Refuses a column that is no moment in time. */
export const checkTime = (field: Field, where: string): void => {
  if (field.type === "timestamp") return
  throw new RoadmapError(
    "SCHEMA_MISMATCH",
    `Column "${field.name}" of ${where} is ${field.type}, not a timestamp.`,
    {
      hint: "Make it a UTC timestamp in a step before: a text or a date does not say its zone or its hour.",
    },
  )
}

const fits: Record<KeyType, readonly Field["type"][]> = {
  string: ["string"],
  int32: ["int32", "int64"],
  int64: ["int32", "int64"],
  date: ["date"],
  boolean: ["boolean"],
}

/** Refuses a key column of another type than the entity's: it would match nothing, and silently. */
export const checkKey = (field: Field, type: KeyType, entity: string, where: string): void => {
  if (fits[type].includes(field.type)) return
  throw new RoadmapError(
    "SCHEMA_MISMATCH",
    `Column "${field.name}" of ${where} is ${field.type}; the entity "${entity}" has a key of type ${type}.`,
    { hint: "Cast it in a step before, or correct the entity." },
  )
}

/** Checks the labels against what will be joined to them. Throws SCHEMA_MISMATCH, TABLE_MISSING, INVALID_INPUT. */
export const checkLabels = async (
  engine: SqlEngine,
  labels: Labels,
  picks: readonly FeaturePick[],
  options: { request: readonly string[]; asOf?: Date },
): Promise<readonly Field[]> => {
  const where = labelsText(labels)
  const fields = await fieldsOf(engine, labelsFrom(labels, engine.dialect, options.asOf))
  checkTime(fieldNamed(fields, labels.timestamp, where), where)
  for (const name of [...(labels.order ?? []), ...(labels.columns ?? []), ...options.request])
    fieldNamed(fields, name, where)
  for (const { view, keys, features } of picks) {
    for (const [key, column] of Object.entries(keys))
      checkKey(fieldNamed(fields, column, where), view.entity.keys[key], view.entity.name, where)
    for (const { as } of features)
      if (fields.some(({ name }) => name.toLowerCase() === as.toLowerCase()))
        throw new RoadmapError("INVALID_INPUT", `${where} has a column "${as}", and so would the features.`, {
          hint: "Give the feature a prefix or another name, or leave the column out of the labels.",
        })
  }
  if (engine.dialect === "spark" && !labels.order?.length)
    throw new RoadmapError("INVALID_INPUT", `${where} says no order, and tables of this engine have none.`, {
      hint: "Name the columns that order the rows: labels.order.",
    })
  return fields
}
