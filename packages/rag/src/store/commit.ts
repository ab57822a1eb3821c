import { canonicalJson, sha256 } from "@roadmap/core/hash"
import type { StateFile } from "@roadmap/tracking/state-file"
import { parentIds } from "../chunk/parent-child.ts"
import { windowId, windowsOf } from "../chunk/windows.ts"
import type { Chunk } from "../chunk.ts"
import type { Document } from "../document.ts"
import type { ChunkRow } from "./records.ts"
import type { LexicalSegments } from "./segments.ts"

/** Documents with their chunks, and the embeddings that were made for them. */
export interface Batch {
  documents: readonly { document: Document; chunks: readonly Chunk[] }[]
  /** By embeddingHash. Undefined: the index has no vectors. */
  embeddings?: ReadonlyMap<string, Float32Array>
}

/** One transaction: readers see every document of it as it was, or as it is. */
export const commitBatch = (file: StateFile, lexical: LexicalSegments, batch: Batch): void => {
  lexical.write(() => {
    for (const [hash, vector] of batch.embeddings ?? [])
      file.run("insert or ignore into embeddings values (?, ?)", hash, bytesOf(vector))
    const added: Chunk[] = []
    const removed: string[] = []
    for (const { document, chunks } of batch.documents)
      writeDocument(file, document, chunks, batch.embeddings !== undefined, { added, removed })
    lexical.remove(removed)
    lexical.add(added)
    lexical.merge()
  })
}

/** Removes documents in one transaction. Unknown ids are passed over. */
export const deleteDocuments = (file: StateFile, lexical: LexicalSegments, ids: readonly string[]): void => {
  lexical.write(() => {
    const chunks = ids.flatMap(id => chunkRows(file, id))
    lexical.remove(chunks.filter(row => row.searched === 1).map(row => row.id))
    for (const row of chunks) writeVectors(file, row.id, [], true)
    for (const id of ids) file.run("delete from documents where id = ?", id)
    lexical.merge()
  })
}

/** What there is to compare: not the text, which the id stands for. */
type KnownChunk = Pick<ChunkRow, "id" | "context" | "metadata" | "searched">

const chunkRows = (file: StateFile, document: string): KnownChunk[] =>
  file.all<KnownChunk>("select id, context, metadata, searched from chunks where document = ?", document)

const writeDocument = (
  file: StateFile,
  document: Document,
  chunks: readonly Chunk[],
  embedded: boolean,
  lexical: { added: Chunk[]; removed: string[] },
): void => {
  const before = new Map(chunkRows(file, document.id).map(row => [row.id, row]))
  const sourceBefore = file.get<{ source: string }>("select source from documents where id = ?", document.id)
  const { id, source, hash, uri, title, format, text, metadata } = document
  file.run(
    `insert into documents values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set source = excluded.source,
       hash = excluded.hash, uri = excluded.uri, title = excluded.title, format = excluded.format,
       metadata = excluded.metadata, text = excluded.text`,
    ...[id, source, hash, uri, title, format, JSON.stringify(metadata), text],
  )
  const parents = parentIds(chunks)
  chunks.forEach((chunk, position) => {
    const searched = !parents.has(chunk.id)
    const old = before.get(chunk.id)
    before.delete(chunk.id)
    const row: ChunkRow = {
      id: chunk.id,
      document: id,
      position,
      start: chunk.start,
      end: chunk.end,
      text: chunk.text,
      context: chunk.context,
      headings: JSON.stringify(chunk.headings),
      metadata: canonicalJson(chunk.metadata),
      parent: chunk.parentId ?? null,
      searched: searched ? 1 : 0,
    }
    file.run(
      `insert into chunks (id, document, position, start, "end", text, context, headings, metadata, parent, searched)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set
         position = excluded.position, start = excluded.start, "end" = excluded."end", context = excluded.context,
         headings = excluded.headings, metadata = excluded.metadata, parent = excluded.parent,
         searched = excluded.searched`,
      ...[row.id, row.document, row.position, row.start, row.end, row.text],
      ...[row.context, row.headings, row.metadata, row.parent, row.searched],
    )
    const same =
      old?.context === row.context &&
      old.metadata === row.metadata &&
      old.searched === row.searched &&
      sourceBefore?.source === source
    if (old?.searched === 1 && !same) lexical.removed.push(row.id)
    if (searched && !same) lexical.added.push(chunk)
    if (embedded) writeVectors(file, row.id, searched ? windowsOf(chunk).map(embeddingHash) : [], same)
  })
  for (const gone of before.values()) {
    writeVectors(file, gone.id, [], true)
    file.run("delete from chunks where id = ?", gone.id)
    if (gone.searched === 1) lexical.removed.push(gone.id)
  }
}

/** Name of an embedding: the hash of what was embedded. Equal texts are embedded once. */
export const embeddingHash = (text: string): string => sha256(text).slice(0, 32)

/** A chunk's vectors, by the hashes of its windows. `same`: what the store has beside the vector did not change. */
const writeVectors = (file: StateFile, chunk: string, embeddings: readonly string[], same: boolean): void => {
  const rows = file.all<{ id: string; embedding: string }>(
    "select id, embedding from vectors where chunk = ?",
    chunk,
  )
  const before = new Map(rows.map(row => [row.id, row.embedding]))
  embeddings.forEach((embedding, number) => {
    const id = windowId(chunk, number)
    const known = before.get(id)
    before.delete(id)
    if (same && known === embedding) return
    file.run(
      "insert into vectors values (?, ?, ?) on conflict (id) do update set embedding = excluded.embedding",
      ...[id, chunk, embedding],
    )
    vectorChange(file, id, "upsert")
  })
  for (const gone of before.keys()) {
    file.run("delete from vectors where id = ?", gone)
    vectorChange(file, gone, "delete")
  }
}

/** What the vector store is to be told after the commit; kept until it was told. */
const vectorChange = (file: StateFile, vector: string, change: "upsert" | "delete"): void => {
  file.run("insert or replace into vector_changes values (?, ?)", vector, change)
}

const bytesOf = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
