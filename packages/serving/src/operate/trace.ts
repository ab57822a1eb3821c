import { randomFillSync } from "node:crypto"

/** Where a request stands in a distributed trace: W3C Trace Context (https://www.w3.org/TR/trace-context/). */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits: this server's own part of the trace. */
  readonly spanId: string
  /** The caller's part; absent when the trace starts here. */
  readonly parentId?: string
  /** Whether the caller records the trace. */
  readonly sampled: boolean
}

/** Continues the trace of a `traceparent` header, or starts one when there is none, or none of the standard's form. */
export const traceOf = (header: string | undefined): Trace => {
  const parent = header === undefined ? undefined : parseTraceparent(header)
  return parent
    ? { ...parent, spanId: randomHex(8) }
    : { traceId: randomHex(16), spanId: randomHex(8), sampled: false }
}

/** What to send to services that are called on the way. */
export const toTraceparent = ({ traceId, spanId, sampled }: Trace): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Undefined for a header that is not of the standard's form. Later versions may have more parts behind. */
export const parseTraceparent = (
  header: string,
): { traceId: string; parentId: string; sampled: boolean } | undefined => {
  const [, version, traceId, parentId, flags, more] = form.exec(header) ?? []
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

const pool = Buffer.alloc(4096)
let used = pool.length

/** Random bytes are drawn a page at a time: one call of the system for some hundred requests. */
const randomHex = (bytes: number): string => {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const text = pool.toString("hex", used, used + bytes)
  used += bytes
  return text
}

const processMark = randomHex(5)
let requests = 0

/**
 * A request's id: the client's `x-request-id` when it is 1 to 128 letters, digits, `.`, `_`, `-`, else one of our own.
 * For fastify's option `genReqId`.
 */
export const requestIdOf = ({
  headers,
}: {
  headers: Record<string, string | string[] | undefined>
}): string => {
  const given = headers["x-request-id"]
  return typeof given === "string" && /^[\w.-]{1,128}$/.test(given)
    ? given
    : `${processMark}-${(requests++).toString(36)}`
}
