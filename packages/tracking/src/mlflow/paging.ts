import { RoadmapError } from "@roadmap/core/errors"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import type { Page } from "../port.ts"

/**
 * A server's page token with a fingerprint of the query that gave it: with another query it is refused, as the
 * embedded store does, where MLflow would give a page of something else.
 */
export const toServerPage = <T>(items: T[], serverToken: string | undefined, query: unknown): Page<T> => ({
  items,
  ...(serverToken && {
    nextPageToken: Buffer.from(JSON.stringify({ server: serverToken, query: fingerprint(query) })).toString(
      "base64url",
    ),
  }),
})

/** The server's own token within a page token. Throws INVALID_INPUT. */
export const serverToken = (pageToken: string | undefined, query: unknown): string | undefined => {
  if (!pageToken) return undefined
  let content: { server?: unknown; query?: unknown } | null
  try {
    content = JSON.parse(Buffer.from(pageToken, "base64url").toString())
  } catch (cause) {
    throw badToken("is not one of this store's", cause)
  }
  if (typeof content?.server !== "string") throw badToken("is not one of this store's")
  if (content.query !== fingerprint(query)) throw badToken("belongs to another search")
  return content.server
}

const badToken = (problem: string, cause?: unknown) =>
  new RoadmapError("INVALID_INPUT", `The page token ${problem}.`, {
    hint: "Pass the nextPageToken of the page before, with the same search.",
    cause,
  })

const fingerprint = (query: unknown): string => sha256(canonicalJson(query)).slice(0, 12)
