import type { Tolerance } from "./check.ts"

/** Where two values first differ, in words: "at [3].score: expected 2.5, got 3". */
export interface Difference {
  /** Path in the output: "", "[3]", "[3].score". */
  path: string
  text: string
}

/**
 * The first place where `got` differs from `expected`, or undefined. Numbers are equal within the tolerance; lists and
 * typed arrays element by element (a list may stand for a typed array of the same numbers); Maps by their keys; Sets
 * by membership; objects by their own properties.
 */
export const firstDifference = (
  got: unknown,
  expected: unknown,
  tolerance: Tolerance = {},
  path = "",
): Difference | undefined => {
  const differ = (text: string): Difference => ({ path, text })
  if (typeof expected === "number") {
    if (typeof got !== "number") return differ(`expected a number (${show(expected)}), got ${described(got)}`)
    return numbersEqual(got, expected, tolerance) ? undefined : differ(numbers(got, expected))
  }
  if (Object.is(got, expected)) return undefined
  if (kindOf(got) !== kindOf(expected))
    return differ(`expected ${described(expected)}, got ${described(got)}`)
  switch (kindOf(expected)) {
    case "list":
      return listDifference(got as unknown[], expected as unknown[], tolerance, path)
    case "Map":
      return mapDifference(got as Map<unknown, unknown>, expected as Map<unknown, unknown>, tolerance, path)
    case "Set":
      return setDifference(got as Set<unknown>, expected as Set<unknown>, path)
    case "Date":
      return (got as Date).getTime() === (expected as Date).getTime()
        ? undefined
        : differ(`expected ${show(expected)}, got ${show(got)}`)
    case "object":
      return objectDifference(got as object, expected as object, tolerance, path)
    default:
      return differ(`expected ${show(expected)}, got ${show(got)}`)
  }
}

export const numbersEqual = (got: number, expected: number, tolerance: Tolerance): boolean => {
  if (Object.is(got, expected) || got === expected) return true
  const { absolute = 1e-9, relative = 1e-9 } = tolerance
  return Math.abs(got - expected) <= Math.max(absolute, relative * Math.abs(expected))
}

const numbers = (got: number, expected: number): string => {
  const text = `expected ${show(expected)}, got ${show(got)}`
  if (Number.isNaN(got))
    return `${text} (not a number: 0 / 0, the logarithm of a negative number, or arithmetic with undefined)`
  if (!Number.isFinite(got) && Number.isFinite(expected))
    return `${text} (a division by 0, or the logarithm of 0)`
  if (got === -expected) return `${text} (the sign)`
  return text
}

const listDifference = (
  got: ArrayLike<unknown>,
  expected: ArrayLike<unknown>,
  tolerance: Tolerance,
  path: string,
): Difference | undefined => {
  const shared = Math.min(got.length, expected.length)
  if (got.length !== expected.length) {
    const text = `expected ${count(expected.length, "value")}${ifShort(expected)}, got ${got.length === 0 ? "none" : got.length}${ifShort(got)}`
    return { path, text }
  }
  for (let i = 0; i < shared; i++) {
    const found = firstDifference(got[i], expected[i], tolerance, `${path}[${i}]`)
    if (found) return found
  }
  return undefined
}

const ifShort = (list: ArrayLike<unknown>): string => {
  const text = list.length > 0 && list.length <= 12 ? show(list, 80) : ""
  return text === "" || text.endsWith("…") ? "" : ` ${text}`
}

const mapDifference = (
  got: Map<unknown, unknown>,
  expected: Map<unknown, unknown>,
  tolerance: Tolerance,
  path: string,
): Difference | undefined => {
  for (const [key, value] of expected) {
    const same = sameKey(got, key)
    if (!same) return { path, text: `the key ${show(key)} is missing` }
    const found = firstDifference(got.get(same.key), value, tolerance, `${path}.get(${show(key)})`)
    if (found) return found
  }
  for (const key of got.keys())
    if (!sameKey(expected, key)) return { path, text: `there is a key ${show(key)} too much` }
  return undefined
}

const setDifference = (got: Set<unknown>, expected: Set<unknown>, path: string): Difference | undefined => {
  for (const value of expected) if (!sameKey(got, value)) return { path, text: `${show(value)} is missing` }
  for (const value of got)
    if (!sameKey(expected, value)) return { path, text: `there is ${show(value)} too much` }
  return undefined
}

/** A key that is an object was copied between processes: it is the same when its content is. */
const sameKey = (
  collection: Map<unknown, unknown> | Set<unknown>,
  wanted: unknown,
): { key: unknown } | undefined => {
  if (collection.has(wanted)) return { key: wanted }
  if (typeof wanted !== "object" || wanted === null) return undefined
  for (const key of collection.keys()) if (!firstDifference(key, wanted)) return { key }
  return undefined
}

const objectDifference = (
  got: object,
  expected: object,
  tolerance: Tolerance,
  path: string,
): Difference | undefined => {
  for (const [key, value] of Object.entries(expected)) {
    if (value !== undefined && !(key in got)) return { path, text: `the property "${key}" is missing` }
    const found = firstDifference(Reflect.get(got, key), value, tolerance, `${path}.${key}`)
    if (found) return found
  }
  for (const [key, value] of Object.entries(got))
    if (value !== undefined && !(key in expected))
      return { path, text: `there is a property "${key}" too much` }
  return undefined
}

const kindOf = (value: unknown): string => {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) return "list"
  if (value === null) return "null"
  if (typeof value !== "object") return typeof value
  if (value instanceof Map) return "Map"
  if (value instanceof Set) return "Set"
  if (value instanceof Date) return "Date"
  return "object"
}

/** A value with its type, for a reader who returned the wrong one. */
const described = (value: unknown): string => {
  const kind = kindOf(value)
  if (value === undefined) return "undefined (is there a return?)"
  if (kind === "null") return "null"
  if (kind === "list") return `a list of ${count((value as ArrayLike<unknown>).length, "value")}`
  if (kind === "number" || kind === "boolean" || kind === "bigint") return `the ${kind} ${show(value)}`
  if (kind === "string") return `the string ${show(value)}`
  return kind === "object" ? `an object ${show(value)}` : `a ${kind}`
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`

/** A value as short code: numbers with at most 7 digits, long lists cut. */
export const show = (value: unknown, width = 60): string => {
  const text = render(value)
  return text.length <= width ? text : `${text.slice(0, width - 2)} …`
}

/** Elements beyond these are never read: the text is cut anyway. */
const shownElements = 40

const render = (value: unknown): string => {
  switch (kindOf(value)) {
    case "number":
      return shortNumber(value as number)
    case "string":
      return JSON.stringify(value)
    case "bigint":
      return `${value}n`
    case "list":
      return `[${Array.from({ length: Math.min(shownElements, (value as unknown[]).length) }, (_, i) => render((value as unknown[])[i])).join(", ")}]`
    case "Map":
      return `Map {${[...(value as Map<unknown, unknown>)]
        .slice(0, shownElements)
        .map(([k, v]) => `${render(k)} => ${render(v)}`)
        .join(", ")}}`
    case "Set":
      return `Set {${[...(value as Set<unknown>)].slice(0, shownElements).map(render).join(", ")}}`
    case "Date":
      return Number.isNaN((value as Date).getTime()) ? "an invalid Date" : (value as Date).toISOString()
    case "object":
      return `{${Object.entries(value as object)
        .slice(0, shownElements)
        .map(([k, v]) => ` ${k}: ${render(v)}`)
        .join(",")} }`
    default:
      return String(value)
  }
}

const shortNumber = (value: number): string => {
  if (Number.isInteger(value) || !Number.isFinite(value)) return Object.is(value, -0) ? "0" : String(value)
  const short = String(Number(value.toPrecision(7)))
  return short.length < String(value).length ? short : String(value)
}
