import type { FeatureView, LatestFeature, WindowFeature } from "../src/definitions.ts"

/** A row as written down by hand: times in microseconds, null for null. */
export type Fact = Readonly<Record<string, number | string | boolean | null>>
export type Answer = number | string | null

/**
 * A feature by the words of its definition, one label at a time over all facts: nothing is sorted, indexed or kept.
 * `keys` are the label's key values in the entity's order.
 */
export const featureByDefinition = (
  view: FeatureView,
  name: string,
  facts: readonly Fact[],
  keys: readonly Answer[],
  at: number | null,
): Answer => {
  if (at === null || keys.some(key => key === null)) return null
  const { source } = view
  const own = facts.filter(
    fact =>
      fact[source.eventTime] !== null &&
      fact[source.knownTime] !== null &&
      Object.values(source.keys).every((column, index) => fact[column] === keys[index]),
  )
  const feature = view.features[name]
  return feature.kind === "latest"
    ? latestByDefinition(view, feature, own, at)
    : windowByDefinition(view, feature, own, at)
}

const latestByDefinition = (
  view: FeatureView,
  feature: LatestFeature,
  own: readonly Fact[],
  at: number,
): Answer => {
  const { source } = view
  const columns = Object.values(view.features).flatMap(each => (each.kind === "latest" ? [each.column] : []))
  const known = own.filter(fact => (fact[source.knownTime] as number) <= at)
  if (known.length === 0) return null
  const rank = (fact: Fact) => [
    fact[source.eventTime],
    fact[source.knownTime],
    source.createdTime ? fact[source.createdTime] : null,
    ...columns.map(column => counted(fact[column])),
  ]
  const best = known.reduce((a, b) => (compareLists(rank(a), rank(b)) >= 0 ? a : b))
  if (view.ttl !== undefined && at - (best[source.eventTime] as number) > view.ttl) return null
  return counted(best[feature.column])
}

const windowByDefinition = (
  view: FeatureView,
  feature: WindowFeature,
  own: readonly Fact[],
  at: number,
): Answer => {
  const { source } = view
  const { window } = feature
  const inside = own.filter(fact => {
    const known = fact[source.knownTime] as number
    if (feature.shape === "sliding") return known > at - window && known <= at
    const ownBucket = Math.floor(at / window) * window
    return known >= ownBucket - window && known < ownBucket
  })
  if (feature.column === undefined) return inside.length
  const facts = inside.filter(fact => counted(fact[feature.column!]) !== null)
  const values = facts.map(fact => counted(fact[feature.column!]))
  if (feature.aggregate === "count") return values.length
  if (feature.aggregate === "distinct") return new Set(values).size
  if (values.length === 0) return null
  const numbers = values as number[]
  switch (feature.aggregate) {
    case "sum":
      return exactTotal(numbers)
    case "mean":
    case "share":
      return exactTotal(numbers) / numbers.length
    case "min":
      return Math.min(...numbers) + 0
    case "max":
      return Math.max(...numbers) + 0
    case "last": {
      const rank = (fact: Fact) => [
        fact[source.knownTime],
        fact[source.eventTime],
        source.createdTime ? fact[source.createdTime] : null,
        counted(fact[feature.column!]),
      ]
      const last = facts.reduce((a, b) => (compareLists(rank(a), rank(b)) >= 0 ? a : b))
      return (counted(last[feature.column!]) as number) + 0
    }
  }
}

/** null for what does not count; booleans as 0 and 1. */
const counted = (value: Fact[string]): Answer => {
  if (typeof value === "boolean") return value ? 1 : 0
  if (typeof value === "number") return Math.abs(value) <= 1e300 ? value : null
  return value
}

/** null is least; texts by code points. */
const compareLists = (a: readonly Fact[string][], b: readonly Fact[string][]): number => {
  for (const [index, x] of a.entries()) {
    const y = b[index]
    if (x === y || (x === null && y === null)) continue
    if (x === null) return -1
    if (y === null) return 1
    if (typeof x === "string") {
      const order = compareCodePoints([...x], [...(y as string)])
      if (order !== 0) return order
    } else if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

const compareCodePoints = (a: readonly string[], b: readonly string[]): number => {
  for (let i = 0; i < Math.min(a.length, b.length); i++)
    if (a[i] !== b[i]) return a[i].codePointAt(0)! - b[i].codePointAt(0)!
  return a.length - b.length
}

/** In integers of 2^-200: no rounding before the end. For values of at least 2^-140 in size. */
const exactTotal = (values: readonly number[]): number => {
  const total = values.reduce((sum, value) => sum + scaled(value), 0n)
  return Number(total) / 2 ** 200
}

const scaled = (value: number): bigint => {
  let exponent = 0
  let mantissa = value
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2
    exponent++
  }
  return BigInt(mantissa) << BigInt(200 - exponent)
}
