/** A text with its source, as a loader gives it. Spans (citations, chunks) count UTF-16 units of `text`. */
export interface Document {
  /** Stable and unique in an index: `source/path`, such as "fastify/docs/Reference/Server.md". */
  id: string
  /** Name of the source that it belongs to: "fastify". */
  source: string
  /** Where a person finds it: a path or URL. */
  uri: string
  title: string
  format: "markdown" | "html" | "pdf" | "text" | "table"
  text: string
  metadata: Metadata
  /** SHA-256 of title, text and metadata: equal hashes need no new indexing. */
  hash: string
}

export type Metadata = Record<string, string | number | boolean | readonly string[]>
