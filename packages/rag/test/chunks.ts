import type { Chunk } from "../src/chunk.ts"

/** A chunk of which the test says what matters. */
export const aChunk = (known: Partial<Chunk> & { id: string }): Chunk => ({
  documentId: "source/document.md",
  source: "source",
  uri: "document.md",
  title: "Document",
  headings: [],
  text: "text",
  start: 0,
  end: known.text?.length ?? 4,
  context: "",
  metadata: {},
  ...known,
})
