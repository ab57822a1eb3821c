import { RoadmapError } from "@roadmap/core/errors"

/**
 * MLflow's limits (mlflow 3.17, mlflow/utils/validation.py; https://mlflow.org/docs/latest/api_reference/rest-api.html,
 * "Log Batch"). Lengths count Unicode code points, as Python does. Where MLflow cuts a long value silently, this
 * port refuses it.
 */
export const limits = {
  metricsPerBatch: 1_000,
  paramsPerBatch: 100,
  tagsPerBatch: 100,
  itemsPerBatch: 1_000,
  keyLength: 250,
  paramValueLength: 6_000,
  tagValueLength: 8_000,
  experimentNameLength: 500,
  experimentTagValueLength: 20_000,
  datasetNameLength: 500,
  datasetDigestLength: 36,
  datasetSourceLength: 65_535,
  datasetSchemaLength: 1_048_575,
  datasetProfileLength: 16_777_215,
  datasetContextLength: 500,
  runNameLength: 8_000,
  pageSize: 50_000,
} as const

/** Throws INVALID_INPUT when the value is no text, LIMIT_EXCEEDED when it is longer than `limit` code points. */
export const checkText = (what: string, value: unknown, limit: number): string => {
  if (typeof value !== "string")
    throw new RoadmapError("INVALID_INPUT", `${what} is ${describe(value)}; expected text.`, {
      hint: "Convert it to text first.",
    })
  if (!value.isWellFormed() || value.includes("\0"))
    throw new RoadmapError("INVALID_INPUT", `${what} holds half a surrogate pair or a zero character.`, {
      hint: "Pass well-formed Unicode text.",
    })
  if (value.length > limit && codePoints(value) > limit)
    throw new RoadmapError(
      "LIMIT_EXCEEDED",
      `${what} has ${codePoints(value)} characters; the limit is ${limit}: "${value.slice(0, 40)}…"`,
      { hint: "Shorten it, or log it as an artifact." },
    )
  return value
}

/** As `checkText`, and not empty. */
export const checkName = (what: string, value: unknown, limit: number): string => {
  if (checkText(what, value, limit).trim() === "")
    throw new RoadmapError("INVALID_INPUT", `${what} is empty.`, { hint: "Give it a name." })
  return value as string
}

/**
 * Checks the key of a metric, parameter or tag: letters, digits, `_ - . : space /`, and no key that would be another
 * one when read as a path (MLflow's file store keeps keys as file names).
 */
export const checkKey = (what: string, key: unknown): string => {
  const text = checkText(`The key of a ${what}`, key, limits.keyLength)
  const badSegment = text.split("/").find(segment => segment === "" || segment === "." || segment === "..")
  if (!/^[/\p{L}\p{N}_.\- :]+$/u.test(text) || badSegment !== undefined)
    throw new RoadmapError("INVALID_INPUT", `"${text}" cannot be the key of a ${what}.`, {
      hint: "Use letters, digits, spaces and _ - . : with single slashes between parts, none of them empty, '.' or '..'.",
    })
  return text
}

/** Throws LIMIT_EXCEEDED when a batch holds more than `limit` of something. */
export const checkCount = (what: string, count: number, limit: number): void => {
  if (count > limit)
    throw new RoadmapError("LIMIT_EXCEEDED", `A batch holds ${count} ${what}; the limit is ${limit}.`, {
      hint: "Split it into several batches; the run recorder does so by itself.",
    })
}

/** Throws INVALID_INPUT when it is no time: whole milliseconds since 1970. */
export const checkTime = (what: string, time: number): void => {
  if (!Number.isSafeInteger(time) || time < 0)
    throw new RoadmapError("INVALID_INPUT", `The ${what} is ${describe(time)}.`, {
      hint: "A time is whole milliseconds since 1970.",
    })
}

/** What a value is, for a message: its text is shown only when it is short. */
export const describe = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  if (typeof value === "string") return `the text "${value.slice(0, 40)}"`
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object"
  return `the ${typeof value} ${String(value).slice(0, 40)}`
}

const codePoints = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}
