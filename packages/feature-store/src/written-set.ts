import { tableParts } from "@roadmap/warehouse/identifiers"
import type { Column, ColumnBatch, Field, SqlEngine } from "@roadmap/warehouse/port"
import type { Feature } from "./definitions.ts"
import type { Labels } from "./labels.ts"
import {
  type JoinOptions,
  type PreparedJoin,
  prepareJoin,
  scratchTable,
  withNumberedLabels,
} from "./point-in-time-join.ts"
import type { Receipt } from "./receipt.ts"
import type { FeatureService } from "./services.ts"
import type { CheckedView } from "./sources.ts"
import { joinSql, rowColumn } from "./sql/join.ts"
import { sqlWords } from "./sql/words.ts"
import { type TrainingOptions, trainingSet, viewsOf } from "./training-set.ts"
import { isNumbers, type Values } from "./values.ts"

/**
 * Writes a training set as a table, replacing it in one statement: `_row` (the label's number in its order, from 0),
 * all columns of the labels, the features. On the path "sql" without on-demand features no row leaves the engine.
 * Rules and errors as pointInTimeJoin.
 */
export const writeTrainingSet = async (
  engine: SqlEngine,
  service: FeatureService,
  labels: Labels,
  table: string,
  options: TrainingOptions = {},
): Promise<Receipt> => {
  const started = performance.now()
  const { path = engine.dialect === "duckdb" ? "sweep" : "sql" } = options
  const pushedDown = path === "sql" && service.onDemand.length === 0
  const receipt = pushedDown
    ? await pushDown(engine, service, labels, table, { ...options, path })
    : await loadComputed(engine, service, labels, table, { ...options, path })
  return { ...receipt, seconds: (performance.now() - started) / 1_000 }
}

const pushDown = async (
  engine: SqlEngine,
  service: FeatureService,
  labels: Labels,
  table: string,
  options: JoinOptions,
): Promise<Receipt> => {
  const words = sqlWords(engine.dialect)
  const prepared = await prepareJoin(engine, service.views, labels, options)
  await withNumberedLabels(engine, labels, options, async ({ from, before }) => {
    const columns = prepared.fields.map(({ name }) => name)
    const select = joinSql(prepared.picks, { from, timestamp: labels.timestamp, columns }, words)
    await replaceTable(engine, table, `${before} ${select} ORDER BY label.${rowColumn}`, options.signal)
  })
  const counted = await engine.query(`SELECT count(*) AS n FROM ${words.table(table)}`)
  return {
    service: service.name,
    version: service.version,
    views: viewsOf(service),
    rows: Number(counted.columns[0].values[0]),
    path: "sql",
    ...(options.asOf && { asOf: options.asOf }),
    ...prepared.found,
    seconds: 0,
  }
}

/** The labels are numbered once, in a table beside, so that both reads of them have one order. */
const loadComputed = async (
  engine: SqlEngine,
  service: FeatureService,
  labels: Labels,
  table: string,
  options: TrainingOptions,
): Promise<Receipt> => {
  const { signal } = options
  const words = sqlWords(engine.dialect)
  const prepared = await prepareJoin(engine, service.views, labels, {
    ...options,
    request: service.onDemand.flatMap(view => view.request),
  })
  const numbered = scratchTable("labels")
  const computed = scratchTable("features")
  try {
    await withNumberedLabels(engine, labels, options, ({ from, before }) =>
      replaceTable(engine, numbered, `${before} SELECT * FROM ${from}`, signal),
    )
    const set = await trainingSet(
      engine,
      service,
      {
        from: numbered,
        timestamp: labels.timestamp,
        order: [rowColumn],
        columns: [rowColumn],
        ...(labels.createdTime && { createdTime: labels.createdTime }),
      },
      options,
    )
    const fields = outputFields(service, prepared)
    await engine.load(
      computed,
      {
        fields: [{ name: rowColumn, type: "int64" }, ...fields],
        batches: batches(fields, set.labels[rowColumn] as Float64Array, set.features),
      },
      "replace",
      { signal },
    )
    const features = fields.map(({ name }) => `feature.${words.name(name)}`)
    await replaceTable(
      engine,
      table,
      `SELECT label.*, ${features.join(", ")} FROM ${words.table(numbered)} AS label
       JOIN ${words.table(computed)} AS feature ON feature.${rowColumn} = label.${rowColumn} ORDER BY label.${rowColumn}`,
      signal,
    )
    return set.receipt
  } finally {
    for (const scratch of [numbered, computed])
      await engine.query(`DROP TABLE IF EXISTS ${words.table(scratch)}`)
  }
}

const replaceTable = async (
  engine: SqlEngine,
  table: string,
  select: string,
  signal?: AbortSignal,
): Promise<void> => {
  const words = sqlWords(engine.dialect)
  const [schema, name] = tableParts(table)
  if (name !== undefined)
    await engine.query(`CREATE SCHEMA IF NOT EXISTS ${words.name(schema)}`, [], { signal })
  await engine.query(`CREATE OR REPLACE TABLE ${words.table(table)} AS ${select}`, [], { signal })
}

const outputFields = (service: FeatureService, { picks }: PreparedJoin): Field[] => [
  ...picks.flatMap(({ pick, checked }) =>
    pick.features.map(
      ({ feature, as }): Field => ({ name: as, type: outputType(pick.view.features[feature], checked) }),
    ),
  ),
  ...service.onDemand.flatMap(({ features }) =>
    Object.entries(features).map(
      ([name, type]): Field => ({ name, type: type === "number" ? "float64" : "string" }),
    ),
  ),
]

/** The type of a feature's column: of counts a whole number, of other aggregates a double, of latest values their own. */
export const outputType = (feature: Feature, { fields }: Pick<CheckedView, "fields">): Field["type"] => {
  if (feature.kind === "window")
    return ["count", "distinct"].includes(feature.aggregate) ? "int64" : "float64"
  const { type } = fields.get(feature.column)!
  if (type === "boolean") return "int32"
  return type === "decimal" || type === "float32" ? "float64" : type
}

const batchRows = 65_536

function* batches(
  fields: readonly Field[],
  rowNumbers: Float64Array,
  features: Readonly<Record<string, Values>>,
): Generator<ColumnBatch> {
  for (let from = 0; from < rowNumbers.length; from += batchRows) {
    const to = Math.min(rowNumbers.length, from + batchRows)
    yield {
      rows: to - from,
      columns: [
        { name: rowColumn, type: "int64", values: BigInt64Array.from(rowNumbers.subarray(from, to), BigInt) },
        ...fields.map(field => columnOf(field, features[field.name], from, to)),
      ],
    }
  }
}

const columnOf = ({ name, type }: Field, values: Values, from: number, to: number): Column => {
  const valid = new Uint8Array(to - from)
  if (!isNumbers(values)) {
    const { codes, categories } = values
    const texts = Array.from(codes.subarray(from, to), code => (code < 0 ? "" : categories[code]))
    for (let row = from; row < to; row++) valid[row - from] = codes[row] < 0 ? 0 : 1
    return { name, type: "string", values: texts, valid }
  }
  const numbers = values.slice(from, to)
  for (let row = 0; row < numbers.length; row++) {
    valid[row] = Number.isNaN(numbers[row]) ? 0 : 1
    if (valid[row] === 0) numbers[row] = 0
  }
  if (type === "int64" || type === "timestamp")
    return { name, type, values: BigInt64Array.from(numbers, BigInt), valid }
  if (type === "int32" || type === "date") return { name, type, values: Int32Array.from(numbers), valid }
  return { name, type: "float64", values: numbers, valid }
}
