import { createFeatures, type FeatureColumn, type Features } from "@roadmap/ml/features"
import type { SqlEngine } from "@roadmap/warehouse/port"
import type { Labels } from "./labels.ts"
import { computeOnDemand, type OnDemandView } from "./on-demand.ts"
import { type JoinOptions, pointInTimeJoin } from "./point-in-time-join.ts"
import type { Receipt } from "./receipt.ts"
import type { FeatureService } from "./services.ts"
import { isNumbers, type Values } from "./values.ts"

export type TrainingOptions = Omit<JoinOptions, "request">

export interface TrainingSet {
  readonly rows: number
  /** By the service's names, on-demand features last. Numbers: NaN is null; texts: codes and categories. */
  readonly features: Readonly<Record<string, Values>>
  /** `labels.columns`, in the same order of rows. */
  readonly labels: Readonly<Record<string, Values>>
  readonly receipt: Receipt
}

/** The features of a service for every label row, in memory. Rules and errors as pointInTimeJoin. */
export const trainingSet = async (
  engine: SqlEngine,
  service: FeatureService,
  labels: Labels,
  options: TrainingOptions = {},
): Promise<TrainingSet> => {
  const started = performance.now()
  const request = [...new Set(service.onDemand.flatMap(view => view.request))]
  const joined = await pointInTimeJoin(engine, service.views, labels, { ...options, request })
  const onDemand = onDemandColumns(service.onDemand, joined.rows, { ...joined.labels, ...joined.features })
  return {
    rows: joined.rows,
    features: { ...joined.features, ...onDemand },
    labels: Object.fromEntries((labels.columns ?? []).map(name => [name, joined.labels[name]])),
    receipt: {
      service: service.name,
      version: service.version,
      views: viewsOf(service),
      ...joined.receipt,
      seconds: (performance.now() - started) / 1_000,
    },
  }
}

export const viewsOf = (service: FeatureService): Receipt["views"] => {
  const versions = new Map(
    [...service.views.map(({ view }) => view), ...service.onDemand].map(view => [view.name, view.version]),
  )
  return [...versions].map(([name, version]) => ({ name, version }))
}

/** A training set's features as the estimators take them. */
export const toFeatures = (set: Pick<TrainingSet, "features">): Features =>
  createFeatures(
    Object.entries(set.features).map(
      ([name, values]): FeatureColumn =>
        isNumbers(values) ? { name, kind: "numeric", values } : { name, kind: "categorical", ...values },
    ),
  )

/** The same function, row by row, that serving calls. */
const onDemandColumns = (
  views: readonly OnDemandView[],
  rows: number,
  columns: Readonly<Record<string, Values>>,
): Record<string, Values> => {
  if (views.length === 0) return {}
  const read = [...new Set(views.flatMap(view => [...view.stored, ...view.request]))].filter(
    name => columns[name],
  )
  const outputs = views.flatMap(({ features }) => Object.entries(features))
  const numbers = new Map(
    outputs.filter(([, type]) => type === "number").map(([name]) => [name, new Float64Array(rows)]),
  )
  const texts = new Map(
    outputs.filter(([, type]) => type === "text").map(([name]) => [name, new Array<string | null>(rows)]),
  )
  const values: Record<string, unknown> = {}
  for (let row = 0; row < rows; row++) {
    for (const name of read) values[name] = valueAt(columns[name], row)
    const computed = computeOnDemand(views, values)
    for (const [name, column] of numbers) column[row] = (computed[name] as number | null) ?? Number.NaN
    for (const [name, column] of texts) column[row] = computed[name] as string | null
  }
  return Object.fromEntries(
    outputs.map(([name]) => [name, numbers.get(name) ?? categoriesOf(texts.get(name)!)]),
  )
}

const valueAt = (values: Values, row: number): number | string | null => {
  if (isNumbers(values)) return !Number.isNaN(values[row]) ? values[row] : null
  const code = values.codes[row]
  return code < 0 ? null : values.categories[code]
}

const categoriesOf = (texts: readonly (string | null)[]): Values => {
  const categories = [...new Set(texts)].filter(text => text !== null).sort()
  const codes = new Map(categories.map((category, code) => [category, code]))
  return { codes: Int32Array.from(texts, text => (text === null ? -1 : codes.get(text)!)), categories }
}
