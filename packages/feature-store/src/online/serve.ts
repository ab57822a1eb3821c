import { RoadmapError } from "@roadmap/core/errors"
import { computeOnDemand, type OnDemandValue } from "../on-demand.ts"
import type { FeatureService } from "../services.ts"
import { now } from "./now.ts"
import type { FeatureStatus, FeatureValue, OnlineStore, ReadMoment } from "./port.ts"

export interface ServedFeatures {
  /** By the service's names and in its order, on-demand features last: what a training set has in its columns. */
  readonly values: Readonly<Record<string, FeatureValue | OnDemandValue>>
  /** The worst status of the rows that were read: a model should not trust a request with `expired` ones. */
  readonly status: FeatureStatus
  /** When the oldest of the rows was computed, in microseconds; absent when none was there. */
  readonly eventTime?: bigint
}

/**
 * The features of a service for requests, in one round trip to the store. A request has the columns that the labels of
 * training have: the keys of the picks and what on-demand features read. Throws INVALID_INPUT for a missing or wrong one,
 * NOT_FOUND for a view that was never materialised, SCHEMA_MISMATCH for one materialised in another version.
 */
export const serveFeatures = async (
  store: OnlineStore,
  service: FeatureService,
  requests: readonly Readonly<Record<string, FeatureValue>>[],
  { asOf = now(), signal }: ReadMoment = {},
): Promise<ServedFeatures[]> => {
  const columnOf = (request: Readonly<Record<string, FeatureValue>>, column: string): FeatureValue => {
    if (Object.hasOwn(request, column)) return request[column]
    throw new RoadmapError("INVALID_INPUT", `A request for the service "${service.name}" has no "${column}".`)
  }
  const read = await store.readViews(
    service.views.map(({ view, keys, features }) => ({
      view: view.name,
      version: view.version,
      keys: requests.map(request => Object.values(keys).map(column => columnOf(request, column))),
      features: features.map(({ feature }) => feature),
    })),
    { asOf, ...(signal && { signal }) },
  )
  return requests.map((request, row) => {
    const stored: Record<string, FeatureValue> = {}
    let status: FeatureStatus = "present"
    let eventTime: bigint | undefined
    service.views.forEach(({ features }, pick) => {
      const found = read[pick][row]
      for (const { feature, as } of features) stored[as] = found.values[feature]
      if (severity[found.status] > severity[status]) status = found.status
      if (found.eventTime !== undefined && (eventTime === undefined || found.eventTime < eventTime))
        eventTime = found.eventTime
    })
    const onDemand = computeOnDemand(service.onDemand, { ...request, ...stored })
    return { values: { ...stored, ...onDemand }, status, ...(eventTime !== undefined && { eventTime }) }
  })
}

/** A key nobody has seen is no fault; a row that was not renewed in time is. */
const severity: Record<FeatureStatus, number> = { present: 0, missing: 1, expired: 2 }
