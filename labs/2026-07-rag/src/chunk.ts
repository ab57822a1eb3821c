import { defineStep } from "@roadmap/labkit/lab"
import type { Chunker } from "@roadmap/rag/chunk/chunker"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import { recursiveChunker } from "@roadmap/rag/chunk/recursive"
import { sentenceChunker } from "@roadmap/rag/chunk/sentences"
import type { Document } from "@roadmap/rag/document"
import { fixedChunker } from "./chunks/fixed.ts"
import { codeBlocks, cutSpans, tables } from "./chunks/spans.ts"
import { isPublished, readCorpus } from "./corpus/read.ts"
import { readDocuments } from "./read.ts"

/** What the project's index is cut at. */
export const passageSize = 1_200

// #region chunkers
const chunkers: Record<string, Chunker> = {
  fixed: fixedChunker(passageSize),
  sentences: sentenceChunker({ size: passageSize }),
  recursive: recursiveChunker({ size: passageSize }),
  markdown: markdownChunker({ size: passageSize }),
}
// #endregion

export interface ChunkerFigures {
  chunker: string
  chunks: number
  meanCharacters: number
  p95Characters: number
  codeBlocks: number
  codeBlocksCut: number
  tables: number
  tablesCut: number
  /** Chunks that know under which headings they stand. */
  withHeadings: number
}

/** The documentation of the packages through every chunker: how many pieces, of what size, and what they tear. */
export const compareChunkers = defineStep({
  id: "chunk",
  title: "Cut the documentation in four ways: what is torn?",
  needs: [readDocuments],
  async run({ config, signal, progress }) {
    const documents = (await readCorpus(config, signal)).documents.filter(isPublished)
    const figures = Object.entries(chunkers).map(([chunker, { chunk }], done, all) => {
      progress({ label: chunker, done, total: all.length, unit: "chunkers" })
      return measure(chunker, chunk, documents)
    })
    return {
      size: passageSize,
      figures,
      metrics: Object.fromEntries(
        figures.flatMap(each => [
          [`chunks/${each.chunker}/count/all`, each.chunks],
          [`chunks/${each.chunker}/mean_characters/all`, each.meanCharacters],
          [`chunks/${each.chunker}/code_blocks_cut/all`, each.codeBlocksCut],
          [`chunks/${each.chunker}/tables_cut/all`, each.tablesCut],
        ]),
      ),
    }
  },
})

const measure = (
  chunker: string,
  chunk: Chunker["chunk"],
  documents: readonly Document[],
): ChunkerFigures => {
  const lengths: number[] = []
  const sums = { codeBlocks: 0, codeBlocksCut: 0, tables: 0, tablesCut: 0, withHeadings: 0 }
  for (const document of documents) {
    const chunks = chunk(document)
    const [code, rows] = [codeBlocks(document.text), tables(document.text)]
    sums.codeBlocks += code.length
    sums.codeBlocksCut += cutSpans(code, chunks)
    sums.tables += rows.length
    sums.tablesCut += cutSpans(rows, chunks)
    sums.withHeadings += chunks.filter(({ headings }) => headings.length > 0).length
    for (const { text } of chunks) lengths.push(text.length)
  }
  lengths.sort((a, b) => a - b)
  return {
    chunker,
    chunks: lengths.length,
    meanCharacters: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
    p95Characters: lengths[Math.ceil(0.95 * lengths.length) - 1],
    ...sums,
  }
}
