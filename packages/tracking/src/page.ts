import { RoadmapError } from "@roadmap/core/errors"
import { canonicalJson, sha256 } from "@roadmap/core/hash"

interface PageRequest {
  maxResults?: number
  pageToken?: string
}

export interface PageWindow {
  limit: number
  offset: number
}

/**
 * Reads a page request. A token holds the offset and a fingerprint of the query that gave it, so that it is refused
 * with another query. Throws INVALID_INPUT for a token that is no such thing or a page size outside 1..`most`.
 */
export const pageWindow = (
  query: unknown,
  request: PageRequest | undefined,
  usual: number,
  most: number,
): PageWindow => {
  const limit = request?.maxResults ?? usual
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw new RoadmapError(
      "INVALID_INPUT",
      `maxResults is ${limit}; expected a whole number from 1 to ${most}.`,
    )
  return { limit, offset: request?.pageToken ? offsetOf(request.pageToken, query) : 0 }
}

/** Cuts rows, read with a limit one larger than the page, to the page and its token. */
export const toPage = <T>(
  rows: T[],
  window: PageWindow,
  query: unknown,
): { items: T[]; nextPageToken?: string } => {
  if (rows.length <= window.limit) return { items: rows }
  const token = { offset: window.offset + window.limit, query: fingerprint(query) }
  return {
    items: rows.slice(0, window.limit),
    nextPageToken: Buffer.from(JSON.stringify(token)).toString("base64url"),
  }
}

/** Every entry of a paged answer, page after page. */
export const allPages = async <T>(
  read: (pageToken?: string) => Promise<{ items: T[]; nextPageToken?: string }>,
): Promise<T[]> => {
  const all: T[] = []
  let token: string | undefined
  do {
    const page = await read(token)
    for (const item of page.items) all.push(item)
    token = page.nextPageToken
  } while (token !== undefined)
  return all
}

const offsetOf = (token: string, query: unknown): number => {
  let content: { offset?: unknown; query?: unknown } | null
  try {
    content = JSON.parse(Buffer.from(token, "base64url").toString())
  } catch (cause) {
    throw badToken("is not one of this store's", cause)
  }
  if (!Number.isSafeInteger(content?.offset) || (content?.offset as number) < 1)
    throw badToken("is not one of this store's")
  if (content?.query !== fingerprint(query)) throw badToken("belongs to another search")
  return content?.offset as number
}

const badToken = (problem: string, cause?: unknown) =>
  new RoadmapError("INVALID_INPUT", `The page token ${problem}.`, {
    hint: "Pass the nextPageToken of the page before, with the same search.",
    cause,
  })

const fingerprint = (query: unknown): string => sha256(canonicalJson(query)).slice(0, 12)
