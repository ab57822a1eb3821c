import type { Chunker } from "../../src/chunk/chunker.ts"
import { markdownChunker } from "../../src/chunk/markdown.ts"
import { type TextDocument, textSource } from "../../src/load/texts.ts"
import type { WritableIndex } from "../../src/store/open.ts"

export const chunker: Chunker = markdownChunker({ size: 120 })

/** A source of the name "docs" out of id -> text. */
export const docs = (texts: Record<string, string>, name = "docs") =>
  textSource({
    name,
    documents: Object.entries(texts).map(([id, text]): TextDocument => ({ id, title: id, text })),
  })

/** All that a reader can find out about an index, in an order that does not depend on how it came about. */
export const contentOf = async (index: WritableIndex, questions: readonly string[] = []) => {
  const documents = await index.documents({ limit: 100_000 })
  const whole = await Promise.all(
    documents.map(async ({ id }) => ({
      document: await index.document(id),
      chunks: await index.chunksOf(id),
    })),
  )
  return {
    whole,
    stats: await index.stats(),
    found: questions.map(question => [
      index.lexical.search(question, { k: 1_000 }),
      index.lexical.terms(question),
      index.lexical.search(question, { k: 5, filter: { source: "docs" } }),
    ]),
    vectors: index.dense ? (await Array.fromAsync(index.dense.store.ids())).sort() : [],
  }
}
