import { RoadmapError } from "@roadmap/core/errors"
import type { Metadata } from "./document.ts"

/** Conditions on metadata, all of which must hold. A list value matches when one of its items does. */
export type Filter = Record<string, Condition>

export type Condition =
  | string
  | number
  | boolean
  | { in: readonly (string | number | boolean)[] }
  | { not: string | number | boolean }
  | { gte?: number; lte?: number }

/** What a filter can ask of a chunk: its metadata, and `source` and `documentId`, which every chunk has. */
export type Filterable = Metadata

export type Scalar = string | number | boolean

/** A condition in one of three forms: some of these values, not this value, or a number between two. */
export type PlainCondition =
  | { kind: "in"; values: readonly Scalar[] }
  | { kind: "not"; value: Scalar }
  | { kind: "range"; gte: number; lte: number }

/**
 * The filter's conditions in plain form. Values are compared by type and value ("1" is not 1). An absent field fits no
 * condition but `not`. Throws INVALID_INPUT for what no store can answer: an unknown form, a number that is not finite,
 * text that is not Unicode or holds a NUL.
 */
export const plainConditions = (filter: Filter): [field: string, condition: PlainCondition][] =>
  Object.entries(filter).map(([field, condition]) => {
    checkText(field, "A filter's field")
    return [field, plain(field, condition)]
  })

/** Tells whether metadata fit the filter: the meaning that every store and index shares. Throws INVALID_INPUT. */
export const compileFilter = (filter: Filter): ((metadata: Filterable) => boolean) => {
  const conditions = plainConditions(filter)
  return metadata =>
    conditions.every(([field, condition]) =>
      fits(Object.hasOwn(metadata, field) ? metadata[field] : undefined, condition),
    )
}

/** One look by compileFilter. */
export const matchesFilter = (metadata: Filterable, filter: Filter): boolean =>
  compileFilter(filter)(metadata)

/** Throws INVALID_INPUT for text that a store would change or refuse. */
export const checkText = (text: string, what: string): void => {
  if (text.includes("\0") || !text.isWellFormed())
    throw new RoadmapError("INVALID_INPUT", `${what} holds a NUL or half of a surrogate pair.`, {
      hint: "Clean the text before it is indexed or asked for.",
    })
}

const plain = (field: string, condition: Condition): PlainCondition => {
  if (isScalar(condition)) return { kind: "in", values: [checked(field, condition)] }
  const form: Partial<Record<string, unknown>> =
    condition !== null && typeof condition === "object" ? condition : {}
  const keys = Object.keys(form)
  if (keys.length === 1 && Array.isArray(form.in) && form.in.every(isScalar))
    return { kind: "in", values: form.in.map(value => checked(field, value)) }
  if (keys.length === 1 && isScalar(form.not)) return { kind: "not", value: checked(field, form.not) }
  const { gte = -Infinity, lte = Infinity } = form
  if (keys.length > 0 && keys.every(key => key === "gte" || key === "lte") && isNumber(gte) && isNumber(lte))
    return { kind: "range", gte, lte }
  throw new RoadmapError("INVALID_INPUT", `The filter on "${field}" has no form that is known.`, {
    hint: "Give a value, { in: [values] }, { not: value } or { gte, lte } with numbers.",
  })
}

const isNumber = (value: unknown): value is number => typeof value === "number" && !Number.isNaN(value)

const isScalar = (value: unknown): value is Scalar =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"

const checked = (field: string, value: Scalar): Scalar => {
  if (typeof value === "string") checkText(value, `The filter on "${field}"`)
  if (typeof value === "number" && !Number.isFinite(value))
    throw new RoadmapError("INVALID_INPUT", `The filter on "${field}" asks for the number ${value}.`)
  return value
}

const fits = (value: Metadata[string] | undefined, condition: PlainCondition): boolean => {
  const items: readonly Scalar[] = value === undefined ? [] : isScalar(value) ? [value] : value
  switch (condition.kind) {
    case "in":
      return items.some(item => condition.values.includes(item))
    case "not":
      return !items.includes(condition.value)
    case "range":
      return items.some(item => typeof item === "number" && item >= condition.gte && item <= condition.lte)
  }
}
