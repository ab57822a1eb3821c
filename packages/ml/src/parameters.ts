import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import type { z } from "zod"

/**
 * Fills in an estimator's defaults. Throws INVALID_INPUT that lists every unknown or unacceptable parameter,
 * with the nearest known name for a slip.
 */
export const parseParameters = <T extends z.ZodObject>(
  estimator: string,
  schema: T,
  given: unknown,
): z.output<T> => {
  const result = schema.safeParse(given ?? {})
  if (result.success) return result.data
  const known = Object.keys(schema.shape)
  const problems = result.error.issues.flatMap(issue => {
    if (issue.code !== "unrecognized_keys")
      return [`${issue.path.join(".") || "parameters"}: ${issue.message}`]
    return issue.keys.map(key => {
      const near = nearest(key, known)
      return `${key}: unknown${near === undefined ? "" : `, did you mean ${near}?`}`
    })
  })
  throw new RoadmapError("INVALID_INPUT", `Parameters of ${estimator}: ${problems.join("; ")}.`, {
    hint: `Known parameters: ${known.join(", ")}.`,
  })
}
