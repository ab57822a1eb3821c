import { createHash } from "node:crypto"
import { QdrantClient } from "@qdrant/js-client-rest"
import { retry, throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { VectorRecord, VectorStore } from "../../../vector-store.ts"
import { checkDimensions, checkK, checkRecords, unitVector } from "../../check.ts"
import { byScoreThenId } from "../../order.ts"
import { qdrantError, statusOf } from "./errors.ts"
import { metadataKey, qdrantFilter } from "./filter.ts"

export interface QdrantOptions {
  url: string
  apiKey?: string
  /** Name of the collection. */
  name: string
  dimensions: number
}

/** Points of one request: some megabytes, where the server's limit is 32. */
const pointsAtOnce = 500
/** Hits beyond k that are fetched, so that equal scores at the end are in order of id. */
const slack = 16
/** Candidates of the HNSW search: recall against time. */
const candidates = 128
const timeoutMs = 60_000

/**
 * Vectors in Qdrant: a collection, whose point ids are made of the record ids (Qdrant takes numbers and UUIDs only) and whose
 * payload keeps the id and the metadata. A call is checked before anything is sent, but it may take several requests:
 * when the server goes away in its midst, some records are there; the same call again makes it whole. Throws AUTH_FAILED,
 * UNREACHABLE, TIMEOUT, RATE_LIMITED, SERVICE_FAILED, IMMUTABLE.
 */
export const openQdrantStore = async (options: QdrantOptions): Promise<VectorStore> => {
  const { url, apiKey, name, dimensions } = options
  checkDimensions(dimensions)
  const client = new QdrantClient({
    url,
    ...(apiKey && { apiKey }),
    timeout: timeoutMs,
    checkCompatibility: false,
  })
  /** All requests may be done twice: ids are idempotent keys. */
  const ask = <T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
    retry(
      async () => {
        throwIfAborted(signal)
        return request().catch(error => {
          throw qdrantError(error, url)
        })
      },
      { ...(signal && { signal }) },
    )
  await openCollection(client, options, ask)

  return {
    kind: "qdrant",
    dimensions,
    async upsert(records, signal) {
      throwIfAborted(signal)
      const points = checkRecords(records, dimensions).map(pointOf)
      for (let from = 0; from < points.length; from += pointsAtOnce)
        await ask(
          () => client.upsert(name, { wait: true, points: points.slice(from, from + pointsAtOnce) }),
          signal,
        )
    },
    async search(vector, { k, filter, exact = false, signal }) {
      checkK(k)
      const query = unitVector(vector, dimensions, "The query")
      const request = {
        query: [...query],
        limit: k + slack,
        filter: qdrantFilter(filter),
        params: exact ? { exact: true } : { hnsw_ef: Math.max(candidates, k + slack) },
        with_payload: ["id"],
      }
      const { points } = await ask(() => client.query(name, request), signal)
      return points
        .map(({ payload, score }) => ({ id: idOf(payload), score: Math.max(-1, Math.min(1, score)) }))
        .sort(byScoreThenId)
        .slice(0, k)
    },
    async delete(ids, signal) {
      throwIfAborted(signal)
      const points = ids.map(pointId)
      for (let from = 0; from < points.length; from += pointsAtOnce)
        await ask(
          () => client.delete(name, { wait: true, points: points.slice(from, from + pointsAtOnce) }),
          signal,
        )
    },
    async count(filter) {
      const request = { filter: qdrantFilter(filter), exact: true }
      return (await ask(() => client.count(name, request))).count
    },
    async *ids(signal) {
      let offset: string | number | null = null
      do {
        const request = { limit: 1_000, with_payload: ["id"], ...(offset === null ? {} : { offset }) }
        const page: Awaited<ReturnType<QdrantClient["scroll"]>> = await ask(
          () => client.scroll(name, request),
          signal,
        )
        for (const { payload } of page.points) yield idOf(payload)
        offset = (page.next_page_offset as string | number | null | undefined) ?? null
      } while (offset !== null)
    },
    async [Symbol.asyncDispose]() {},
  }
}

const openCollection = async (
  client: QdrantClient,
  { name, dimensions }: QdrantOptions,
  ask: <T>(request: () => Promise<T>) => Promise<T>,
): Promise<void> => {
  const find = () =>
    ask(() =>
      client.getCollection(name).catch(error => {
        if (statusOf(error) === 404) return undefined
        throw error
      }),
    )
  const make = async () => {
    // Another process may make it at the same moment: 409.
    await ask(() =>
      client.createCollection(name, { vectors: { size: dimensions, distance: "Dot" } }).catch(error => {
        if (statusOf(error) !== 409) throw error
      }),
    )
    for (const field of ["source", "documentId"])
      await ask(() =>
        client.createPayloadIndex(name, {
          field_name: metadataKey(field),
          field_schema: "keyword",
          wait: true,
        }),
      )
    return find()
  }
  const found = (await find()) ?? (await make())
  const { vectors } = found?.config.params ?? {}
  const size = typeof vectors?.size === "number" ? vectors.size : 0
  if (size !== dimensions)
    throw new RoadmapError(
      "IMMUTABLE",
      `Qdrant's collection ${name} holds vectors of ${size} dimensions; the embedder gives ${dimensions}.`,
      { hint: "Index again under another name, or use the embedder that the index was made with." },
    )
}

const pointOf = ({ id, vector, metadata }: VectorRecord) => ({
  id: pointId(id),
  vector: [...vector],
  payload: {
    id,
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([field, value]) => [metadataKey(field).slice("metadata.".length), value]),
    ),
  },
})

/** A UUID of the id's SHA-256 (version 8 of RFC 9562: made by a rule of one's own). */
const pointId = (id: string): string => {
  const hex = createHash("sha256").update(id).digest("hex")
  const variant = "89ab"[Number.parseInt(hex[16], 16) & 3]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const idOf = (payload: Record<string, unknown> | null | undefined): string => {
  if (typeof payload?.id === "string") return payload.id
  throw new RoadmapError("STATE_CORRUPT", "A point of the Qdrant collection has no id of a record.", {
    hint: "Something else wrote into it: delete the collection and index again.",
  })
}
