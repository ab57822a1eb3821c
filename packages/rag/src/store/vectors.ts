import { throwIfAborted } from "@roadmap/core/async"
import type { StateFile } from "@roadmap/tracking/state-file"
import type { Metadata } from "../document.ts"
import { filterableOf } from "../lexical/build.ts"
import type { VectorRecord, VectorStore } from "../vector-store.ts"

const pageSize = 500

/**
 * Tells the vector store what commits have left for it. Each change is forgotten only after the store has it; upserts and
 * deletes are idempotent, so that a kill between the two repeats one page and harms nothing.
 */
export const sendVectors = async (
  file: StateFile,
  store: VectorStore,
  signal?: AbortSignal,
): Promise<void> => {
  for (;;) {
    throwIfAborted(signal)
    const changes = file.all<{ vector: string; change: string }>(
      "select vector, change from vector_changes order by vector limit ?",
      pageSize,
    )
    if (changes.length === 0) return
    const upserts = changes
      .filter(each => each.change === "upsert")
      .flatMap(each => recordsOf(file, each.vector))
    const deletes = changes.filter(each => each.change === "delete").map(each => each.vector)
    if (upserts.length > 0) await store.upsert(upserts, signal)
    if (deletes.length > 0) await store.delete(deletes, signal)
    file.write(() => {
      for (const { vector, change } of changes)
        file.run("delete from vector_changes where vector = ? and change = ?", vector, change)
    })
  }
}

/**
 * Makes the store hold exactly the index's vectors: a store that lost records is refilled from the embeddings that the
 * index has kept, and records of no window are deleted. Returns how many were put back and taken out.
 */
export const healVectors = async (
  file: StateFile,
  store: VectorStore,
  signal?: AbortSignal,
): Promise<{ refilled: number; removed: number }> => {
  const expected = file.get<{ n: number }>("select count(*) as n from vectors")!.n
  if ((await store.count()) === expected) return { refilled: 0, removed: 0 }
  const there = new Set<string>()
  const strangers: string[] = []
  for await (const id of store.ids(signal)) {
    if (file.get("select 1 from vectors where id = ?", id)) there.add(id)
    else strangers.push(id)
  }
  let refilled = 0
  for (let after = ""; ; ) {
    const page = file.all<{ id: string }>(
      "select id from vectors where id > ? order by id limit ?",
      after,
      pageSize,
    )
    const missing = page.filter(({ id }) => !there.has(id))
    if (missing.length > 0)
      await store.upsert(
        missing.flatMap(({ id }) => recordsOf(file, id)),
        signal,
      )
    refilled += missing.length
    if (page.length < pageSize) break
    after = page[page.length - 1].id
  }
  for (let at = 0; at < strangers.length; at += pageSize)
    await store.delete(strangers.slice(at, at + pageSize), signal)
  return { refilled, removed: strangers.length }
}

/** Forgets the embeddings that no window has any more. */
export const forgetEmbeddings = (file: StateFile): void => {
  file.write(() =>
    file.run(
      "delete from embeddings where not exists (select 1 from vectors where vectors.embedding = embeddings.hash)",
    ),
  )
}

export const hasEmbedding = (file: StateFile, hash: string): boolean =>
  file.get("select 1 from embeddings where hash = ?", hash) !== undefined

const recordsOf = (file: StateFile, id: string): VectorRecord[] => {
  const row = file.get<{ vector: Uint8Array; metadata: string; source: string; document: string }>(
    `select vector, chunks.metadata, source, document from vectors join embeddings on embeddings.hash = embedding
       join chunks on chunks.id = chunk join documents on documents.id = document where vectors.id = ?`,
    id,
  )
  if (!row) return []
  const metadata: Metadata = JSON.parse(row.metadata)
  return [
    {
      id,
      vector: new Float32Array(row.vector.slice().buffer),
      metadata: filterableOf({ metadata, source: row.source, documentId: row.document }),
    },
  ]
}
