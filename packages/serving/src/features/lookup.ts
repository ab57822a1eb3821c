import { RoadmapError } from "@roadmap/core/errors"
import type { FeatureStatus, FeatureValue, OnlineStore } from "@roadmap/feature-store/online/port"
import { type ServedFeatures, serveFeatures } from "@roadmap/feature-store/online/serve"
import type { FeatureService } from "@roadmap/feature-store/services"
import type { Features } from "@roadmap/ml/features"
import { codeOfNumber, type InputColumn } from "../model/inputs.ts"
import type { ServedModel } from "../model/served.ts"
import { type Cells, cellsFor, toFeatures, writeMissing } from "../validate/cells.ts"
import { createTableReader, type InputPolicy, type ReadTable, type TableReader } from "../validate/table.ts"
import { type FieldTypes, requestColumns } from "./request-columns.ts"

export interface LookupOptions {
  readonly store: OnlineStore
  readonly service: FeatureService
  /** Types of the request's fields that are no keys. Default: `double`. */
  readonly types?: FieldTypes
  /** The moment of a question in microseconds since 1970; default: the clock. */
  readonly now?: () => bigint
}

/** How the stored features of a row were: of the views that were read the worst status, and the oldest time. */
export interface RowFeatures {
  readonly status: FeatureStatus
  /** ISO 8601; null when nothing was stored. */
  readonly event_time: string | null
}

export interface Joined {
  readonly features: Features
  readonly rows: readonly RowFeatures[]
  /** The row's values of the entity keys, joined by "/". */
  readonly keys: readonly string[]
}

/** Answers "which features has this flight?" for requests that bring keys instead of features. */
export interface FeatureLookup {
  readonly service: FeatureService
  /** Of the request's own columns. */
  readonly reader: TableReader
  /**
   * Stored and on-demand features in the columns of the model, all in one round trip to the store. Throws as
   * `serveFeatures`.
   */
  join(served: ServedModel, table: ReadTable, signal?: AbortSignal): Promise<Joined>
}

export const createFeatureLookup = (
  { store, service, types, now }: LookupOptions,
  policy: InputPolicy,
): FeatureLookup => {
  const columns = requestColumns(service, types)
  const keyColumns = [...new Set(service.views.flatMap(({ keys }) => Object.values(keys)))]
  return {
    service,
    reader: createTableReader(columns, policy),
    async join(served, table, signal) {
      const requests = requestsOf(columns, table)
      const found =
        requests.length === 0
          ? []
          : await serveFeatures(store, service, requests, {
              ...(now && { asOf: now() }),
              ...(signal && { signal }),
            })
      return {
        features: featuresOf(served, found),
        rows: found.map(({ status, eventTime }) => ({
          status,
          event_time: eventTime === undefined ? null : new Date(Number(eventTime / 1000n)).toISOString(),
        })),
        keys: requests.map(request => keyColumns.map(column => String(request[column])).join("/")),
      }
    },
  }
}

/** Whether the service gives a model its inputs. Throws SCHEMA_MISMATCH naming what is missing. */
export const checkService = (service: FeatureService, served: ServedModel): void => {
  const given = new Set([
    ...service.views.flatMap(({ features }) => features.map(({ as }) => as)),
    ...service.onDemand.flatMap(({ features }) => Object.keys(features)),
  ])
  const missing = served.inputs.filter(({ name }) => !given.has(name)).map(({ name }) => name)
  const version = served.metadata.feature_service_version
  if (missing.length === 0 && (version === undefined || version === service.version)) return
  throw new RoadmapError(
    "SCHEMA_MISMATCH",
    missing.length > 0
      ? `The feature service "${service.name}" does not give ${missing.join(", ")}, which ${served.uri} takes.`
      : `${served.uri} was trained on version ${version} of the feature service "${service.name}"; this is ${service.version}.`,
    { hint: "Serve the model with the service it was trained on, or train it again." },
  )
}

/** Typed columns as the rows that the online store is asked with. */
const requestsOf = (
  columns: readonly InputColumn[],
  { rows, cells }: ReadTable,
): Record<string, FeatureValue>[] =>
  Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map((column, place) => [column.name, keyValue(column, cells[place][row])])),
  )

const keyValue = ({ type, name }: InputColumn, value: number | string | null): FeatureValue => {
  if (typeof value !== "number") return value
  if (Number.isNaN(value)) return null
  if (type === "boolean") return value === 1
  if (type !== "datetime") return value
  const days = value / 86_400_000_000
  if (Number.isInteger(days)) return days
  throw new RoadmapError("INVALID_INPUT", `The key "${name}" is a day; the request has a time in it.`)
}

const featuresOf = (served: ServedModel, found: readonly ServedFeatures[]): Features => {
  const { inputs, model } = served
  const cells = inputs.map(input => cellsFor(input, found.length))
  for (let place = 0; place < inputs.length; place++) {
    const { name } = inputs[place]
    const categories =
      model?.features[place].kind === "categorical" ? model.features[place].categories : undefined
    for (let row = 0; row < found.length; row++)
      writeFeature(inputs[place], cells[place], row, found[row].values[name], categories)
  }
  return toFeatures(inputs, { rows: found.length, cells })
}

const writeFeature = (
  input: InputColumn,
  cells: Cells,
  row: number,
  value: FeatureValue | undefined,
  categories: readonly string[] | undefined,
): void => {
  if (value === null || value === undefined) {
    if (!writeMissing(input, cells, row, "allow")) throw noPlace(input, "no value")
  } else if (typeof value !== "string") cells[row] = Number(value)
  else if (input.codeOf !== undefined) cells[row] = input.codeOf.get(value) ?? input.categories!.length - 1
  else if (categories !== undefined) {
    const code = categories.indexOf(value)
    cells[row] = codeOfNumber(code < 0 ? categories.length : code, categories.length)
  } else throw noPlace(input, `the text ${JSON.stringify(value)}`)
}

const noPlace = ({ name, type }: InputColumn, got: string) =>
  new RoadmapError(
    "INVALID_INPUT",
    `The feature "${name}" is ${got} for this key; the model takes ${type}.`,
    {
      hint: "Such a key cannot be answered; send the features themselves.",
    },
  )
