import type { KeyType } from "@roadmap/feature-store/definitions"
import type { FeatureService } from "@roadmap/feature-store/services"
import type { ColumnType } from "@roadmap/model-registry/signature"
import type { InputColumn } from "../model/inputs.ts"

/** Types of the request's fields that are no keys: on-demand functions do not say what they read. */
export type FieldTypes = Readonly<Record<string, ColumnType>>

/**
 * What a request by key has in its columns: the keys of the service's entities, and the fields that
 * on-demand features read. A field is a number (`double`) unless `types` says otherwise, and may be null; a
 * key may not.
 */
export const requestColumns = (service: FeatureService, types: FieldTypes = {}): InputColumn[] => {
  const columns = new Map<string, InputColumn>()
  for (const { view, keys } of service.views)
    for (const [key, column] of Object.entries(keys))
      columns.set(column, { name: column, type: keyTypes[view.entity.keys[key]], required: true })
  const computed = new Set(service.onDemand.flatMap(view => Object.keys(view.features)))
  for (const { request } of service.onDemand)
    for (const name of request)
      if (!columns.has(name) && !computed.has(name))
        columns.set(name, { name, type: types[name] ?? "double", required: true })
  return [...columns.values()]
}

/** A date of a key is a `datetime` without a time. */
const keyTypes: Record<KeyType, ColumnType> = {
  string: "string",
  int32: "integer",
  int64: "long",
  date: "datetime",
  boolean: "boolean",
}
