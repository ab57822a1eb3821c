import type { Features } from "@roadmap/ml/features"
import type { Predictions } from "../../model/served.ts"

/** One answered request, as the log keeps it: one row in Parquet for each of its rows. */
export interface PredictionEntry {
  /** When the request came, in milliseconds since 1970. */
  readonly time: number
  readonly requestId: string
  readonly traceId?: string
  /** Registered name. */
  readonly model: string
  readonly version: number
  readonly route: string
  /** From the request's arrival to its answer. */
  readonly latencyMs: number
  /** What the model was given: the request's own columns and those joined to it. */
  readonly features: Features
  readonly predictions: Predictions
  /** What the features were looked up by, when they were: one text a row. */
  readonly keys?: readonly string[]
}

/** Columns on their way to the thread that writes them. NaN is a missing number, -1 a missing category. */
export type LogColumn =
  | { readonly name: string; readonly kind: "time" | "number" | "integer"; readonly values: Float64Array }
  | {
      readonly name: string
      readonly kind: "category"
      readonly values: Int32Array
      readonly categories: readonly string[]
    }
  | { readonly name: string; readonly kind: "text"; readonly values: readonly (string | undefined)[] }

export interface LogRows {
  readonly rows: number
  readonly columns: readonly LogColumn[]
}

/**
 * Collects entries of one version of one model: copied column by column, so that nothing of a request is kept
 * alive.
 */
export interface RowsBuilder {
  readonly model: string
  readonly version: number
  /** The UTC day of its entries, as days since 1970. */
  readonly day: number
  rows(): number
  add(entry: PredictionEntry): void
  /** Takes the rows out; the arrays may be transferred to another thread. */
  take(): LogRows
}

/** The entry gives the columns: later entries have the same ones. `expected` rows have room from the start. */
export const createRowsBuilder = (first: PredictionEntry, expected: number): RowsBuilder => {
  const { model, version } = first
  const fixed = { time: number(), latency: number(), row: number() }
  const texts = { requestId: text(), traceId: text(), route: text(), keys: text() }
  const features = first.features.columns.map(column => ({
    name: column.name,
    values: number(),
    categories: column.kind === "categorical" ? column.categories : undefined,
  }))
  const outputs = first.predictions.columns.map(({ name }) => ({ name, values: number() }))
  let capacity = 0
  let rows = 0

  const all = () => [
    fixed.time,
    fixed.latency,
    fixed.row,
    ...features.map(({ values }) => values),
    ...outputs.map(({ values }) => values),
  ]
  const grow = (needed: number): void => {
    capacity = Math.max(expected, capacity * 2, needed)
    for (const column of all()) {
      const larger = new Float64Array(capacity)
      larger.set(column.values)
      column.values = larger
    }
  }

  return {
    model,
    version,
    day: dayOf(first.time),
    rows: () => rows,
    add({ time, requestId, traceId, route, latencyMs, features: given, predictions, keys }) {
      const count = given.rows
      if (rows + count > capacity) grow(rows + count)
      for (let row = 0; row < count; row++) {
        const at = rows + row
        fixed.time.values[at] = time
        fixed.latency.values[at] = latencyMs
        fixed.row.values[at] = row
      }
      for (let f = 0; f < features.length; f++) {
        const column = given.columns[f]
        copy(column.kind === "numeric" ? column.values : column.codes, features[f].values.values, rows, count)
      }
      for (let o = 0; o < outputs.length; o++)
        copy(predictions.columns[o].values, outputs[o].values.values, rows, count)
      // Last, because the copies above throw for an entry of another form, and then nothing of it stays.
      for (let row = 0; row < count; row++) {
        texts.requestId.push(requestId)
        texts.traceId.push(traceId)
        texts.route.push(route)
        texts.keys.push(keys?.[row])
      }
      rows += count
    },
    take() {
      const own = { name: "", kind: "number" as const }
      const columns: LogColumn[] = [
        { name: "request_time", kind: "time", values: fixed.time.values },
        { name: "request_id", kind: "text", values: texts.requestId },
        { name: "trace_id", kind: "text", values: texts.traceId },
        { name: "route", kind: "text", values: texts.route },
        { name: "row_number", kind: "integer", values: fixed.row.values },
        { name: "entity_key", kind: "text", values: texts.keys },
        { name: "latency_ms", kind: "number", values: fixed.latency.values },
        ...features.map(
          ({ name, values: { values }, categories }): LogColumn =>
            categories === undefined
              ? { ...own, name: `feature_${name}`, values }
              : { name: `feature_${name}`, kind: "category", values: Int32Array.from(values), categories },
        ),
        ...outputs.map(({ name, values: { values } }) => ({ ...own, name: `output_${name}`, values })),
      ]
      return { rows, columns }
    },
  }
}

export const dayOf = (time: number): number => Math.floor(time / 86_400_000)

const number = () => ({ values: new Float64Array(0) })
const text = (): (string | undefined)[] => []

/** A loop, not `set`: most requests have one row. */
const copy = (from: ArrayLike<number>, to: Float64Array, at: number, count: number): void => {
  for (let row = 0; row < count; row++) to[at + row] = from[row]
}
