import { parentIds } from "../chunk/parent-child.ts"
import { windowsOf } from "../chunk/windows.ts"
import type { Chunk } from "../chunk.ts"
import type { Document } from "../document.ts"
import { type Batch, embeddingHash } from "../store/commit.ts"
import type { WritableIndex } from "../store/open.ts"
import { hasEmbedding } from "../store/vectors.ts"

/** Enough for an embedder to put texts of one length together, few enough to see it get on. */
const textsACall = 256

/** The batch with the embeddings that the index lacks. Texts that it has, or that occur twice, are not embedded again. */
export const embedMissing = async (
  index: WritableIndex,
  documents: readonly { document: Document; chunks: Chunk[] }[],
  options: { signal?: AbortSignal; onEmbedded: (texts: number) => void },
): Promise<{ batch: Batch; embedded: number; reused: number }> => {
  if (!index.dense) return { batch: { documents }, embedded: 0, reused: 0 }
  const texts = new Map<string, string>()
  let reused = 0
  for (const { chunks } of documents) {
    const parents = parentIds(chunks)
    for (const chunk of chunks) {
      if (parents.has(chunk.id)) continue
      for (const text of windowsOf(chunk)) {
        const hash = embeddingHash(text)
        if (texts.has(hash) || hasEmbedding(index.parts.file, hash)) reused++
        else texts.set(hash, text)
      }
    }
  }
  const embeddings = new Map<string, Float32Array>()
  const hashes = [...texts.keys()]
  for (let at = 0; at < hashes.length; at += textsACall) {
    const call = hashes.slice(at, at + textsACall)
    const vectors = await index.dense.embedder.embed(
      call.map(hash => texts.get(hash)!),
      options.signal,
    )
    call.forEach((hash, i) => {
      embeddings.set(hash, vectors[i])
    })
    options.onEmbedded(call.length)
  }
  return { batch: { documents, embeddings }, embedded: texts.size, reused }
}
