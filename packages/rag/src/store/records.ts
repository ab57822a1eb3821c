import type { StateFile } from "@roadmap/tracking/state-file"
import type { Chunk } from "../chunk.ts"
import type { Document } from "../document.ts"
import type { DocumentSummary, IndexStats } from "../document-index.ts"

export interface DocumentRow {
  id: string
  source: string
  hash: string
  uri: string
  title: string
  format: Document["format"]
  metadata: string
  text: string
}

export interface ChunkRow {
  id: string
  document: string
  position: number
  start: number
  end: number
  text: string
  context: string
  headings: string
  metadata: string
  parent: string | null
  searched: number
}

export const toDocument = (row: DocumentRow): Document => ({
  id: row.id,
  source: row.source,
  uri: row.uri,
  title: row.title,
  format: row.format,
  text: row.text,
  metadata: JSON.parse(row.metadata),
  hash: row.hash,
})

type ChunkWithDocument = ChunkRow & Pick<DocumentRow, "source" | "uri" | "title">

const toChunk = (row: ChunkWithDocument): Chunk => ({
  id: row.id,
  documentId: row.document,
  source: row.source,
  uri: row.uri,
  title: row.title,
  headings: JSON.parse(row.headings),
  text: row.text,
  start: row.start,
  end: row.end,
  context: row.context,
  ...(row.parent !== null && { parentId: row.parent }),
  metadata: JSON.parse(row.metadata),
})

export const readDocument = (file: StateFile, id: string): Document | undefined => {
  const row = file.get<DocumentRow>("select * from documents where id = ?", id)
  return row && toDocument(row)
}

const chunkColumns = `chunks.id, document, position, start, "end", chunks.text, context, headings, chunks.metadata, parent,
  searched, source, uri, title`

/** In the order of the ids; unknown ones are left out. */
export const readChunks = (file: StateFile, ids: readonly string[]): Chunk[] =>
  file.read(() =>
    ids.flatMap(id => {
      const row = file.get<ChunkWithDocument>(
        `select ${chunkColumns} from chunks join documents on documents.id = document where chunks.id = ?`,
        id,
      )
      return row ? [toChunk(row)] : []
    }),
  )

/** The chunks of a document in their order. */
export const chunksOfDocument = (file: StateFile, id: string): Chunk[] =>
  file
    .all<ChunkWithDocument>(
      `select ${chunkColumns} from chunks join documents on documents.id = document where document = ? order by position`,
      id,
    )
    .map(toChunk)

export const readSummaries = (
  file: StateFile,
  options: { source?: string; after?: string; limit?: number },
): DocumentSummary[] => {
  const { source, after = "", limit = 100 } = options
  return file.all<DocumentSummary>(
    `select id, source, uri, title, format, length(text) as length,
       (select count(*) from chunks where document = documents.id and searched = 1) as chunks
     from documents where id > ? ${source === undefined ? "" : "and source = ?"} order by id limit ?`,
    after,
    ...(source === undefined ? [] : [source]),
    limit,
  )
}

export const readStats = (file: StateFile): IndexStats =>
  file.read(() => {
    const rows = file.all<{ source: string; documents: number; chunks: number }>(
      `select source, count(distinct documents.id) as documents, count(chunks.id) as chunks
       from documents left join chunks on document = documents.id and searched = 1 group by source order by source`,
    )
    const total = (key: "documents" | "chunks") => rows.reduce((sum, row) => sum + row[key], 0)
    const vectors = file.get<{ n: number }>(
      "select count(*) as n from vectors where not exists (select 1 from vector_changes where vector = vectors.id)",
    )!.n
    return {
      documents: total("documents"),
      chunks: total("chunks"),
      vectors,
      bySource: Object.fromEntries(
        rows.map(({ source, documents, chunks }) => [source, { documents, chunks }]),
      ),
    }
  })

/** Chunks that can be found. */
export const countChunks = (file: StateFile): number =>
  file.get<{ n: number }>("select count(*) as n from chunks where searched = 1")!.n

/** Whether a document is there as it is now: by its hash, place and kind. */
export const isUnchanged = (file: StateFile, document: Document): boolean =>
  file.get(
    "select 1 from documents where id = ? and source = ? and hash = ? and uri = ? and format = ?",
    document.id,
    document.source,
    document.hash,
    document.uri,
    document.format,
  ) !== undefined

/** Ids of a source's documents, in pages, so that a million of them need no memory. */
export function* documentIds(file: StateFile, source: string): Generator<string> {
  for (let after = ""; ; ) {
    const page = file.all<{ id: string }>(
      "select id from documents where source = ? and id > ? order by id limit 1000",
      source,
      after,
    )
    for (const { id } of page) yield id
    if (page.length < 1_000) return
    after = page[page.length - 1].id
  }
}
