import type { Column, ColumnBatch, Field, SqlEngine } from "@roadmap/warehouse/port"
import fc from "fast-check"
import {
  aggregates,
  defineEntity,
  defineFeatureView,
  type FeatureDefinition,
  type FeatureView,
} from "../src/definitions.ts"
import { micros } from "../src/durations.ts"
import { isNumbers, type Values } from "../src/values.ts"
import type { Answer, Fact } from "./oracle.ts"

/** A small world: facts, and labels that ask about them. Many share one table, told apart by their number. */
export interface Case {
  readonly facts: readonly Fact[]
  readonly labels: readonly Fact[]
}

/** Ten-minute steps around a start, so that times meet, windows end on facts, and some facts lie in the future. */
const step = 10 * micros.minute
const starts = [Date.UTC(2001, 0, 1), Date.UTC(1970, 0, 1), Date.UTC(1969, 11, 31, 7)].map(
  start => start * 1_000,
)

const orNull = <T>(values: fc.Arbitrary<T>, share = 8) => fc.option(values, { nil: null, freq: share })
const airport = fc.constantFrom("SFO", "SFO", "SFO", "OAK", "🛫")
const carrier = fc.constantFrom(1, 1, 1, 2)
const moment = (start: number) =>
  fc
    .oneof(
      fc.integer({ min: 0, max: 5 }).map(hour => 6 * hour),
      fc.integer({ min: 0, max: 360 }),
    )
    .map(ten => start + ten * step)

const aFact = (start: number): fc.Arbitrary<Fact> =>
  fc.record({
    airport: orNull(airport, 30),
    carrier: orNull(carrier, 30),
    event_at: orNull(moment(start), 30),
    known_at: orNull(moment(start), 30),
    written_at: orNull(fc.integer({ min: 0, max: 2 }).map(hour => start + hour * micros.hour)),
    delay: orNull(fc.integer({ min: -30, max: 200 })),
    cost: orNull(
      fc.constantFrom(0.1, 0.2, 0.3, 1 / 3, 1e16, -1e16, 1e-9, 2.5, Number.NaN, Number.POSITIVE_INFINITY, -0),
    ),
    late: orNull(fc.boolean()),
    city: orNull(fc.constantFrom("Oakland", "", "🛫", "\uffee")),
  })

const aLabel = (start: number): fc.Arbitrary<Fact> =>
  fc.record({
    place: orNull(fc.oneof(airport, fc.constant("nowhere")), 15),
    line: orNull(fc.oneof(carrier, fc.constant(99)), 15),
    asked_at: orNull(moment(start), 15),
  })

export const aCase: fc.Arbitrary<Case> = fc.constantFrom(...starts).chain(start =>
  fc.record({
    facts: fc.array(aFact(start), { maxLength: 14 }),
    labels: fc.array(aLabel(start), { minLength: 1, maxLength: 5 }),
  }),
)

const aWindow = fc.constantFrom("1h", "90m", "6h", "1d", "28d")
const aFeature: fc.Arbitrary<FeatureDefinition> = fc.oneof(
  fc.record({ column: fc.constantFrom("delay", "cost", "late", "city", "known_at") }),
  fc
    .record({
      aggregate: fc.constantFrom(...aggregates),
      window: aWindow,
      tumbling: fc.boolean(),
      pick: fc.nat(),
    })
    .map(({ aggregate, pick, ...rest }): FeatureDefinition => {
      const columns = {
        count: [undefined, "delay", "cost", "city"],
        distinct: ["delay", "cost", "late", "city"],
        share: ["late"],
      }[aggregate as string] ?? ["delay", "cost", "late"]
      const column = columns[pick % columns.length]
      return { aggregate, ...rest, ...(column !== undefined && { column }) } as FeatureDefinition
    }),
)

const keyed = defineEntity({ name: "place", keys: { world: "int32", airport: "string" } })
const doublyKeyed = defineEntity({
  name: "place_and_line",
  keys: { world: "int32", airport: "string", carrier: "int64" },
})

/** Two views over one table, with and without ttl and created time, one of them with its known time as event time. */
export const someViews: fc.Arbitrary<readonly FeatureView[]> = fc
  .record({
    first: fc.array(aFeature, { minLength: 1, maxLength: 6 }),
    second: fc.array(aFeature, { minLength: 1, maxLength: 6 }),
    ttl: fc.constantFrom("2h", "1d"),
    created: fc.boolean(),
  })
  .map(({ first, second, ttl, created }) => {
    const named = (prefix: string, features: readonly FeatureDefinition[]) =>
      Object.fromEntries(features.map((feature, index) => [`${prefix}${index}`, feature]))
    const times = { knownTime: "known_at", ...(created && { createdTime: "written_at" }) }
    return [
      defineFeatureView({
        name: "by_place",
        entity: keyed,
        source: { table: "cases.facts", eventTime: "event_at", ...times },
        features: named("a", first),
        ttl,
      }),
      defineFeatureView({
        name: "by_place_and_line",
        entity: doublyKeyed,
        source: { table: "cases.facts", eventTime: "known_at", ...times },
        features: named("b", second),
      }),
    ]
  })

/** How the views' keys are called in the labels. */
export const labelKeys = { world: "world", airport: "place", carrier: "line" }

export const factFields: Field[] = [
  { name: "world", type: "int32" },
  { name: "airport", type: "string" },
  { name: "carrier", type: "int32" },
  { name: "event_at", type: "timestamp" },
  { name: "known_at", type: "timestamp" },
  { name: "written_at", type: "timestamp" },
  { name: "delay", type: "int32" },
  { name: "cost", type: "float64" },
  { name: "late", type: "boolean" },
  { name: "city", type: "string" },
]
const labelFields: Field[] = [
  { name: "world", type: "int32" },
  { name: "row_number", type: "int32" },
  { name: "place", type: "string" },
  { name: "line", type: "int64" },
  { name: "asked_at", type: "timestamp" },
]

/** Numbers the cases and gives their rows as two tables. */
export const worldsOf = (cases: readonly Case[]): { facts: Fact[]; labels: Fact[] } => {
  const facts = cases.flatMap(({ facts }, world) => facts.map(fact => ({ ...fact, world })))
  const labels = cases.flatMap(({ labels }, world) => labels.map(label => ({ ...label, world })))
  return { facts, labels: labels.map((label, row_number) => ({ ...label, row_number })) }
}

export const loadWorlds = async (
  engine: SqlEngine,
  { facts, labels }: ReturnType<typeof worldsOf>,
): Promise<void> => {
  await engine.load("cases.facts", batchOf(factFields, facts), "replace")
  await engine.load("cases.labels", batchOf(labelFields, labels), "replace")
}

/** Rows as a batch of typed columns. */
export const batchOf = (fields: readonly Field[], rows: readonly Fact[]) => {
  const batch: ColumnBatch = {
    rows: rows.length,
    columns: fields.map(field => {
      const cells = rows.map(row => row[field.name] ?? null)
      const valid = Uint8Array.from(cells, cell => (cell === null ? 0 : 1))
      return { ...field, values: columnValues(field, cells), ...(valid.includes(0) && { valid }) } as Column
    }),
  }
  return { fields, batches: rows.length === 0 ? [] : [batch] }
}

const columnValues = ({ type }: Field, cells: readonly Fact[string][]): Column["values"] => {
  if (type === "string") return cells.map(cell => (cell as string | null) ?? "")
  if (type === "int64" || type === "timestamp")
    return BigInt64Array.from(cells, cell => BigInt((cell as number) ?? 0))
  const numbers = cells.map(cell => Number(cell ?? 0))
  if (type === "boolean") return Uint8Array.from(numbers)
  return type === "int32" || type === "date" ? Int32Array.from(numbers) : Float64Array.from(numbers)
}

/** One value of a joined column, as the oracle writes it. */
export const answerAt = (values: Values, row: number): Answer => {
  if (isNumbers(values)) return Number.isNaN(values[row]) ? null : values[row]
  return values.codes[row] < 0 ? null : values.categories[values.codes[row]]
}
