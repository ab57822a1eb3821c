import { throwIfAborted } from "@roadmap/core/async"
import { toRoadmapError } from "@roadmap/core/errors"
import type { Document, Metadata } from "../document.ts"
import { createDocument } from "./document.ts"
import type { Source } from "./source.ts"

/** A text that a program made: a model card, a decision log. */
export interface TextDocument {
  /** Unique within the source; the document's id is `source/id`. */
  id: string
  title: string
  text: string
  /** Default `source/id`. */
  uri?: string
  /** Default "markdown". */
  format?: Document["format"]
  metadata?: Metadata
}

/** Texts given in memory, or made one by one when asked for. */
export const textSource = (options: {
  name: string
  documents: Iterable<TextDocument> | AsyncIterable<TextDocument> | (() => AsyncIterable<TextDocument>)
}): Source => ({
  name: options.name,
  async *documents({ signal, onSkipped } = {}) {
    const { name, documents } = options
    for await (const given of typeof documents === "function" ? documents() : documents) {
      throwIfAborted(signal)
      const id = `${name}/${given.id}`
      try {
        yield createDocument({ uri: id, format: "markdown", ...given, id, source: name })
      } catch (error) {
        const { code, message } = toRoadmapError(error)
        onSkipped?.({ source: name, name: given.id, code, reason: message })
      }
    }
  },
})
