import { RoadmapError } from "@roadmap/core/errors"
import { keysOf, parseJson } from "@roadmap/serving/validate/json"
import { isRefusal } from "@roadmap/serving/validate/refusal"
import type { z } from "zod"

/**
 * A request's JSON body as its schema has it. Throws INVALID_INPUT for what is no JSON in UTF-8, a key that is there
 * twice (`JSON.parse` would keep the last without a word), unknown fields and wrong values, all named.
 */
export const readJson = <T>(bytes: unknown, schema: z.ZodType<T>): T => {
  const value = parseBody(bytes)
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new RoadmapError("INVALID_INPUT", `The request cannot be used: ${describeIssues(parsed.error)}.`, {
    hint: "GET /openapi.json describes every field.",
  })
}

export const parseBody = (bytes: unknown): unknown => {
  const parsed = parseJson(Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0))
  if (isRefusal(parsed)) throw new RoadmapError("INVALID_INPUT", parsed.message)
  if (keysOf(parsed.value) !== parsed.keys)
    throw new RoadmapError("INVALID_INPUT", "The body has an object with the same key twice.")
  if (namesPrototype(parsed.value))
    throw new RoadmapError("INVALID_INPUT", 'The body has a field "__proto__", which no object may set.')
  return parsed.value
}

/** Schemas would drop that name without a word. */
const namesPrototype = (value: unknown): boolean => {
  if (value === null || typeof value !== "object") return false
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(namesPrototype)
}

/** At most five problems, each with its place. */
export const describeIssues = ({ issues }: z.ZodError): string => {
  const shown = issues.slice(0, 5).map(({ path, message }) => {
    const place = path.map(String).join(".")
    return place === "" ? message : `${place}: ${message}`
  })
  const more = issues.length > 5 ? [`and ${issues.length - 5} more`] : []
  return [...shown, ...more].join("; ").replace(/\.$/, "")
}
