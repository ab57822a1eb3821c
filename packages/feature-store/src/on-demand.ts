import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import { hashOf, parsed } from "./definitions.ts"

/** What an on-demand function sees: numbers (booleans as 0 and 1, timestamps as microseconds), texts, null. */
export type OnDemandValue = number | string | null

/** Features computed when they are asked for, from the request and stored features: the same code in training and serving. */
export interface OnDemandView {
  readonly kind: "on-demand"
  readonly name: string
  /** Features of the service, by their names in it. */
  readonly stored: readonly string[]
  /** Fields of the request; in training, columns of the labels. */
  readonly request: readonly string[]
  readonly features: Readonly<Record<string, "number" | "text">>
  readonly compute: (input: Readonly<Record<string, OnDemandValue>>) => Record<string, OnDemandValue>
  readonly description: string
  /** Hash of the names and of the function's text. What the function refers to outside itself is not in it. */
  readonly version: string
}

export interface OnDemandDefinition {
  name: string
  stored?: readonly string[]
  request?: readonly string[]
  features: Record<string, "number" | "text">
  /** Pure: no clock, no randomness, no state. */
  compute: OnDemandView["compute"]
  description?: string
}

const schema = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, "letters, digits and underscores, a letter first"),
  stored: z.array(z.string().min(1)).default([]),
  request: z.array(z.string().min(1)).default([]),
  features: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/), z.enum(["number", "text"]))
    .refine(features => Object.keys(features).length > 0, "at least one feature"),
  description: z.string().default(""),
})

/** Checks an on-demand view. Throws INVALID_INPUT. */
export const defineOnDemandView = (definition: OnDemandDefinition): OnDemandView => {
  const { compute, ...rest } = definition
  const view = parsed(schema, rest, "on-demand view", definition.name)
  if (typeof compute !== "function")
    throw new RoadmapError("INVALID_INPUT", `The on-demand view "${view.name}" has no compute function.`)
  const twice = view.request.find(name => view.stored.includes(name))
  if (twice !== undefined)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The on-demand view "${view.name}" reads "${twice}" from the request and from the store.`,
    )
  const { description, ...meaning } = view
  const version = hashOf({ ...meaning, features: Object.entries(view.features), code: compute.toString() })
  return { kind: "on-demand", ...meaning, description, compute, version }
}

/**
 * Computes the on-demand features of one row, in the order of the views, each seeing those before it. `values` holds
 * the request's fields and the stored features, as they come from a request, the online store or a table.
 * Throws INVALID_INPUT for a missing field, and for a result that is not what the view promised.
 */
export const computeOnDemand = (
  views: readonly OnDemandView[],
  values: Readonly<Record<string, unknown>>,
): Record<string, OnDemandValue> => {
  const computed: Record<string, OnDemandValue> = {}
  for (const view of views) {
    const input: Record<string, OnDemandValue> = {}
    for (const name of [...view.stored, ...view.request]) {
      if (Object.hasOwn(computed, name)) input[name] = computed[name]
      else if (Object.hasOwn(values, name)) input[name] = onDemandValue(values[name])
      else throw new RoadmapError("INVALID_INPUT", `The on-demand view "${view.name}" is given no "${name}".`)
    }
    const result = view.compute(input)
    for (const [name, type] of Object.entries(view.features)) {
      const value = onDemandValue(result[name])
      if (value !== null && typeof value !== (type === "number" ? "number" : "string"))
        throw new RoadmapError(
          "INVALID_INPUT",
          `The on-demand view "${view.name}" promised a ${type} "${name}" and computed ${JSON.stringify(value)}.`,
        )
      computed[name] = value
    }
  }
  return computed
}

/** One form for the values of requests, stores and tables, so that a function cannot tell training from serving. */
const onDemandValue = (value: unknown): OnDemandValue => {
  if (typeof value === "number") return Number.isFinite(value) ? value : null
  if (typeof value === "string") return value
  if (typeof value === "boolean") return value ? 1 : 0
  if (typeof value === "bigint") return Number(value)
  if (value instanceof Date) return value.getTime() * 1_000
  if (value === null || value === undefined) return null
  throw new RoadmapError("INVALID_INPUT", `${JSON.stringify(value)} is no value of a feature.`)
}
