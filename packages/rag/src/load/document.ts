import { RoadmapError } from "@roadmap/core/errors"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import type { Document } from "../document.ts"
import { cleanLine, cleanText } from "./clean.ts"

/**
 * A document with its text cleaned (see cleanText) and its hash taken. Throws FILE_EMPTY when nothing but white space is
 * left, INVALID_INPUT for an id that is not `source/…`.
 */
export const createDocument = (
  given: Omit<Document, "hash" | "metadata"> & Partial<Pick<Document, "metadata">>,
): Document => {
  const { id, source, uri, format, metadata = {} } = given
  if (!id.startsWith(`${source}/`) || id.length > 1_000)
    throw new RoadmapError("INVALID_INPUT", `"${id.slice(0, 200)}" is no id of a document of "${source}".`, {
      hint: `Ids begin with "${source}/" and have at most 1,000 characters.`,
    })
  const text = cleanText(given.text)
  if (text.trim() === "") throw new RoadmapError("FILE_EMPTY", `${id} has no text.`)
  const title = cleanLine(given.title.slice(0, 1_000)).slice(0, longestTitle) || id
  return { id, source, uri, title, format, text, metadata, hash: hashOf(title, text, metadata) }
}

/** Every chunk carries it. */
const longestTitle = 300

const hashOf = (title: string, text: string, metadata: Document["metadata"]): string =>
  sha256(canonicalJson([title, text, metadata]))
