import { RoadmapError } from "@roadmap/core/errors"
import { checkText, type Filterable } from "../filter.ts"
import type { VectorRecord } from "../vector-store.ts"

/** The most hits that one search may ask for. */
export const mostHits = 10_000
const longestId = 1_024
const mostDimensions = 16_000

/** Throws INVALID_INPUT for dimensions that no store has. */
export const checkDimensions = (dimensions: number): number => {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > mostDimensions)
    throw invalid(`A vector store of ${dimensions} dimensions`, `1 to ${mostDimensions}`)
  return dimensions
}

/**
 * Checks a call's records before anything is written, so that one bad record writes none. A second record of an id in one
 * call replaces the first. Throws INVALID_INPUT.
 */
export const checkRecords = (records: readonly VectorRecord[], dimensions: number): VectorRecord[] => {
  const byId = new Map<string, VectorRecord>()
  for (const { id, vector, metadata } of records) {
    checkId(id)
    checkMetadata(id, metadata)
    byId.set(id, { id, vector: unitVector(vector, dimensions, `The vector of "${id}"`), metadata })
  }
  return [...byId.values()]
}

/** Throws INVALID_INPUT for an id that a store cannot keep as it is. */
export const checkId = (id: string): void => {
  if (typeof id !== "string" || id.length < 1 || id.length > longestId)
    throw invalid(`An id of ${String(id).length} characters`, `1 to ${longestId} characters`)
  checkText(id, `The id ${JSON.stringify(id)}`)
}

/** Throws INVALID_INPUT for a number of hits that is not whole, or too many. */
export const checkK = (k: number): void => {
  if (!Number.isInteger(k) || k < 1 || k > mostHits) throw invalid(`k = ${k}`, `1 to ${mostHits}, whole`)
}

/** The vector at length 1. Throws INVALID_INPUT for other dimensions, numbers that are not finite, or length 0. */
export const unitVector = (vector: Float32Array, dimensions: number, what: string): Float32Array => {
  if (vector.length !== dimensions)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${what} has ${vector.length} dimensions; the store has ${dimensions}.`,
      {
        hint: "Use the embedder that the index was made with.",
      },
    )
  // A first scaling by the largest keeps the squares of very large and very small numbers within range.
  let largest = 0
  for (const value of vector) {
    if (!Number.isFinite(value)) throw new RoadmapError("INVALID_INPUT", `${what} holds ${value}.`)
    largest = Math.max(largest, Math.abs(value))
  }
  if (largest === 0) throw new RoadmapError("INVALID_INPUT", `${what} is zero: it has no direction.`)
  let squares = 0
  for (const value of vector) squares += (value / largest) ** 2
  const length = Math.sqrt(squares)
  return vector.map(value => value / largest / length)
}

const checkMetadata = (id: string, metadata: Filterable): void => {
  for (const [field, value] of Object.entries(metadata)) {
    checkText(field, `A field of "${id}"`)
    const items = Array.isArray(value) ? (value as readonly unknown[]) : [value]
    for (const item of items) {
      if (typeof item === "string") checkText(item, `Field "${field}" of "${id}"`)
      else if (Array.isArray(value) || (typeof item !== "boolean" && !Number.isFinite(item)))
        throw new RoadmapError("INVALID_INPUT", `Field "${field}" of "${id}" holds ${String(item)}.`, {
          hint: "Metadata are texts, finite numbers, booleans or lists of texts.",
        })
    }
  }
}

const invalid = (what: string, expected: string) =>
  new RoadmapError("INVALID_INPUT", `${what} is out of range: expected ${expected}.`)
