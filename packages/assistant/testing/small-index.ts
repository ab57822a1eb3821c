import { type Chunker, toChunks } from "@roadmap/rag/chunk/chunker"
import { indexSources } from "@roadmap/rag/ingest/index-sources"
import { textSource } from "@roadmap/rag/load/texts"
import { openDocumentIndex, type WritableIndex } from "@roadmap/rag/store/open"

/** Cuts at empty lines: passages that a test can foresee. */
const paragraphChunker: Chunker = {
  id: "paragraphs@1",
  chunk: document =>
    toChunks(
      document,
      [...document.text.matchAll(/\S(?:.|\n(?!\s*\n))*/g)].map(({ index, 0: text }) => ({
        start: index,
        end: index + text.length,
        headings: [document.title],
      })),
      { chunker: "paragraphs@1", context: true },
    ),
}

export const smallCorpus = [
  {
    id: "proxy.md",
    title: "Server options",
    text: "Options of the server.\n\nBy enabling the `trustProxy` option, fastify knows that it sits behind a proxy and that the `X-Forwarded-*` header fields may be trusted.\n\nThe option is an IP address, a list or `true`.",
    uri: "https://example.org/server",
  },
  {
    id: "levels.md",
    title: "Log levels",
    text: "Levels.\n\nThe `level` option names the minimum level that is logged. The default is `info`.",
  },
  {
    id: "hostile.md",
    title: '<img src=x onerror="alert(1)">',
    text: 'Markup.\n\nA page must show <script>document.title = "taken"</script> and <b>bold</b> as text.',
  },
]

/** A real index over a few short documents of the source "guide". */
export const openSmallIndex = async (folder: string): Promise<WritableIndex> => {
  const index = await openDocumentIndex(folder, { name: "small", chunker: paragraphChunker })
  await indexSources(index, [textSource({ name: "guide", documents: smallCorpus })])
  return index
}
