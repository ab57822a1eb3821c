import { RoadmapError } from "@roadmap/core/errors"
import type { SqlParameter } from "../../port.ts"
import type { BoundParameter } from "./wire.ts"

/**
 * The values as typed parameters for the `?` of a statement. Throws SQL_INVALID when their number differs (a
 * warehouse would pass over surplus ones) and INVALID_INPUT for an integer beyond 64 bits.
 */
export const bindParameters = (sql: string, params: readonly SqlParameter[]): BoundParameter[] => {
  const markers = countMarkers(sql)
  if (markers !== params.length)
    throw new RoadmapError(
      "SQL_INVALID",
      `The statement has ${markers} parameters and ${params.length} values came with it.`,
    )
  return params.map(boundParameter)
}

const boundParameter = (param: SqlParameter): BoundParameter => {
  const typed = (type: string, stringValue: string): BoundParameter => ({ type, value: { stringValue } })
  if (param === null) return {}
  if (typeof param === "boolean") return typed("BOOLEAN", param ? "TRUE" : "FALSE")
  if (typeof param === "string") return typed("STRING", param)
  if (param instanceof Date) return typed("TIMESTAMP", param.toISOString())
  if (typeof param === "bigint" || (Number.isSafeInteger(param) && !Object.is(param, -0))) {
    const value = BigInt(param)
    if (BigInt.asIntN(64, value) !== value)
      throw new RoadmapError("INVALID_INPUT", `The parameter ${value} is beyond a 64-bit integer.`)
    return typed("BIGINT", String(value))
  }
  return typed("DOUBLE", doubleText(param))
}

/** A double as text that Spark's cast reads back bit for bit. */
export const doubleText = (value: number): string => (Object.is(value, -0) ? "-0.0" : String(value))

/** The `?` outside texts, quoted names and comments (Spark's lexical rules). */
export const countMarkers = (sql: string): number => {
  let markers = 0
  for (const [token] of sql.matchAll(tokens)) if (token === "?") markers++
  return markers
}

const tokens = new RegExp(
  [
    /\bR'[^']*'|\bR"[^"]*"/, // raw texts: no escapes inside
    /'(?:\\[\s\S]|[^'\\])*'|"(?:\\[\s\S]|[^"\\])*"/,
    /`(?:``|[^`])*`/,
    /--[^\n]*/,
    /\/\*[\s\S]*?\*\//,
    /\?/,
  ]
    .map(each => each.source)
    .join("|"),
  "gi",
)
