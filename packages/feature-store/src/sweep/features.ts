import type { CategoryValues } from "@roadmap/warehouse/collect"
import type { WindowFeature } from "../definitions.ts"
import type { CheckedPick, CheckedView } from "../sources.ts"
import { latestColumns, latestSql, valueSql } from "../sql/expressions.ts"
import type { SqlWords } from "../sql/words.ts"
import { isNumbers, type Values } from "../values.ts"
import type { FactTable } from "./facts.ts"
import { bestPlaces, type CompareRows, compareNumbers, compareTexts, lastPlaces } from "./latest.ts"
import { type Grouped, toPlaces } from "./sort.ts"
import {
  type AskedLabels,
  type Bounds,
  countWindows,
  distinctWindows,
  exactWindows,
  extremeWindows,
  type FactColumn,
  factColumn,
  lastOfWindows,
  sumWindows,
  windowEnds,
  windowStarts,
} from "./windows.ts"

/** Facts grouped by a key, labels that ask by theirs, and what is shared between the features. */
export interface Role {
  readonly facts: FactTable
  readonly grouped: Grouped
  readonly asked: AskedLabels
  readonly columns: Map<string, FactColumn>
  readonly words: SqlWords
}

/**
 * Computes features of views on the same facts, by the names of the picks. For whoever has facts and moments in memory
 * already: each key's labels must come in the order of time in `asked.byTime`.
 */
export const fillFeatures = (
  role: Role,
  picks: readonly CheckedPick[],
  features: Record<string, Values>,
): void => {
  const { facts, grouped, asked } = role
  const remembered = new Map<string, Int32Array>()
  const remember = (name: string, compute: () => Int32Array): Int32Array => {
    const places = remembered.get(name) ?? compute()
    remembered.set(name, places)
    return places
  }
  const knownUpTo = (bucket?: number) => remember(`to ${bucket}`, () => windowEnds(grouped, asked, bucket))
  const boundsOf = ({ window, shape }: WindowFeature): Bounds => {
    const bucket = shape === "tumbling" ? window : undefined
    const to = knownUpTo(bucket)
    return {
      from: remember(`from ${window} ${shape}`, () => windowStarts(grouped, asked, window, to, bucket)),
      to,
    }
  }
  for (const { pick, checked } of picks) {
    let best: Int32Array | undefined
    for (const { feature: name, as } of pick.features) {
      const feature = pick.view.features[name]
      if (feature.kind === "window") {
        features[as] = windowFeature(role, checked, feature, boundsOf(feature))
        continue
      }
      best ??= bestPlaces(grouped, compareLatest(role, checked))
      const read = latestSql(checked.fields.get(feature.column)!, role.words)
      features[as] = latestFeature(
        role,
        facts.column(read),
        best,
        knownUpTo(),
        pick.view.ttl ?? Number.POSITIVE_INFINITY,
      )
    }
  }
}

const windowFeature = (
  role: Role,
  checked: CheckedView,
  feature: WindowFeature,
  bounds: Bounds,
): Float64Array => {
  const { grouped, asked } = role
  const { aggregate } = feature
  const out = new Float64Array(asked.times.length)
  if (feature.column === undefined) {
    countWindows(bounds, asked, undefined, out)
    return out
  }
  const sql = valueSql(feature, checked.fields, role.words)
  const { values, sums, counts } = columnOf(role, sql)
  switch (aggregate) {
    case "count":
      countWindows(bounds, asked, counts ?? undefined, out)
      return out
    case "sum":
    case "mean":
    case "share":
      if (sums) sumWindows(bounds, sums, counts, aggregate !== "sum", out)
      else exactWindows(grouped, asked, bounds, values, aggregate !== "sum", out.fill(Number.NaN))
      return out
    case "min":
    case "max":
      extremeWindows(grouped, asked, bounds, values, aggregate === "min" ? -1 : 1, out.fill(Number.NaN))
      return out
    case "last":
      lastOfWindows(bounds, values, lastPlaces(grouped, values, compareLast(role, sql)), out)
      return out
    case "distinct":
      distinctWindows(grouped, asked, bounds, values, out)
      return out
  }
}

const columnOf = ({ facts, grouped, columns }: Role, sql: string): FactColumn => {
  const known = columns.get(sql)
  if (known) return known
  const values = facts.column(sql)
  const column = factColumn(toPlaces(isNumbers(values) ? values : codesAsNumbers(values), grouped))
  columns.set(sql, column)
  return column
}

const codesAsNumbers = ({ codes }: CategoryValues): Float64Array =>
  Float64Array.from(codes, code => (code < 0 ? Number.NaN : code))

const latestFeature = (
  { facts, asked, grouped }: Role,
  values: Values,
  best: Int32Array,
  to: Int32Array,
  ttl: number,
): Values => {
  const event = facts.event!
  const { times, keys } = asked
  const numbers = isNumbers(values) ? new Float64Array(times.length).fill(Number.NaN) : undefined
  const codes = numbers ? undefined : new Int32Array(times.length).fill(-1)
  for (let row = 0; row < times.length; row++) {
    const key = keys[row]
    if (key < 0 || to[row] === grouped.starts[key]) continue
    const fact = grouped.rows[best[to[row] - 1]]
    if (times[row] - event[fact] > ttl) continue
    if (numbers) numbers[row] = (values as Float64Array)[fact]
    else codes![row] = (values as CategoryValues).codes[fact]
  }
  return numbers ?? { codes: codes!, categories: (values as CategoryValues).categories }
}

/** Event time, known time, created time, then the view's latest columns. */
const compareLatest = ({ facts, words }: Role, { view, fields }: CheckedView): CompareRows => {
  const columns = latestColumns(view).map(name => facts.column(latestSql(fields.get(name)!, words)))
  return (a, b) =>
    facts.event![a] - facts.event![b] ||
    facts.known[a] - facts.known[b] ||
    (facts.created ? compareNumbers(facts.created[a], facts.created[b]) : 0) ||
    firstDifference(columns, a, b)
}

const firstDifference = (columns: readonly Values[], a: number, b: number): number => {
  for (const values of columns) {
    const order = compareValues(values, a, b)
    if (order !== 0) return order
  }
  return 0
}

const compareValues = (values: Values, a: number, b: number): number => {
  if (isNumbers(values)) return compareNumbers(values[a], values[b])
  const [x, y] = [values.codes[a], values.codes[b]]
  if (x === y || x < 0 || y < 0) return Math.sign(x - y)
  return compareTexts(values.categories[x], values.categories[y])
}

/** Event time, created time, then the value; the known times are equal. */
const compareLast = ({ facts }: Role, sql: string): CompareRows => {
  const values = facts.column(sql)
  return (a, b) =>
    facts.event![a] - facts.event![b] ||
    (facts.created ? compareNumbers(facts.created[a], facts.created[b]) : 0) ||
    compareValues(values, a, b)
}
