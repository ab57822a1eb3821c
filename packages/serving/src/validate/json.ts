import { isUtf8 } from "node:buffer"
import { malformed, type Refusal } from "./refusal.ts"

export interface ParsedJson {
  readonly value: unknown
  /** Keys of all objects in the text, repeated ones counted each time. */
  readonly keys: number
}

/**
 * Reads JSON text (RFC 8259, UTF-8 alone). Of a repeated key `JSON.parse` keeps the last value without a
 * word; the number of keys in the text lets the reader see that there were more than it was given.
 */
export const parseJson = (bytes: Buffer): ParsedJson | Refusal => {
  if (bytes.length === 0) return malformed("The body is empty; a JSON object was expected.")
  if (!isUtf8(bytes)) return malformed("The body is not valid UTF-8.")
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"))
    return { value, keys: countKeys(bytes) }
  } catch (error) {
    return malformed(`The body is not valid JSON: ${readable(error)}`)
  }
}

/** The colons outside of texts. `bytes` is valid JSON. */
export const countKeys = (bytes: Uint8Array): number => {
  let keys = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === colon) keys++
    else if (byte === quote) {
      for (i++; bytes[i] !== quote; i++) if (bytes[i] === backslash) i++
    }
  }
  return keys
}

/** Keys in a parsed value, at any depth. */
export const keysOf = (value: unknown): number => {
  let keys = 0
  const open: unknown[] = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === null || typeof next !== "object") continue
    const items = Object.values(next)
    if (!Array.isArray(next)) keys += items.length
    for (const item of items) if (item !== null && typeof item === "object") open.push(item)
  }
  return keys
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value)

const colon = 0x3a
const quote = 0x22
const backslash = 0x5c

/** V8's message without the text it quotes, which may be anything. */
const readable = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  const [, place] = /(at position \d+.*)$/.exec(message) ?? []
  return place !== undefined
    ? `an unexpected character ${place}.`
    : "it ends too early or holds an unexpected character."
}
