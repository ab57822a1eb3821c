import { breathe, throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { Chunk } from "../chunk.ts"
import type { Document } from "../document.ts"
import type { Skipped, Source } from "../load/source.ts"
import { type Batch, commitBatch, deleteDocuments } from "../store/commit.ts"
import { lockIndex, type WritableIndex } from "../store/open.ts"
import { countChunks, documentIds, isUnchanged } from "../store/records.ts"
import { forgetEmbeddings, healVectors, sendVectors } from "../store/vectors.ts"
import { embedMissing } from "./embed.ts"

export interface IndexOptions {
  signal?: AbortSignal
  onProgress?: (progress: IndexProgress) => void
  /** Batches that are embedded at once, while the next ones are read and cut. Default 2. */
  concurrency?: number
  /** Chunks a commit. Default 512 with an embedder, else 2,000: what a kill can cost. */
  batchChunks?: number
}

export interface IndexProgress {
  /** Documents looked at. */
  documents: number
  /** Chunks written. */
  chunks: number
  embedded: number
  seconds: number
  chunksPerSecond: number
}

export interface IndexReceipt {
  /** Documents. */
  added: number
  changed: number
  deleted: number
  unchanged: number
  /** Chunks in the index now. */
  chunks: number
  /** Texts that the embedder was given. */
  embedded: number
  /** Texts of new or changed documents whose embedding was there already. */
  reused: number
  /** Vectors that the store had lost and was given again. */
  refilled: number
  skipped: Skipped[]
  seconds: number
}

interface Work {
  documents: { document: Document; chunks: Chunk[] }[]
  chunks: number
}

/**
 * Brings the index to what the sources have now: new and changed documents are written, documents that a source no longer
 * has are deleted, all else is left alone; no text is embedded twice. Sources that are not given are not touched. Each
 * commit is whole, so that after a kill the next call goes on where this one was, and readers never see half a document.
 * Throws STATE_LOCKED when another process is indexing, INVALID_INPUT for two sources of one name, and what a source, the
 * embedder or the vector store throws; what was committed before stays.
 */
export const indexSources = async (
  index: WritableIndex,
  sources: readonly Source[],
  options: IndexOptions = {},
): Promise<IndexReceipt> => {
  const { signal, onProgress, concurrency = 2, batchChunks = index.dense ? 512 : 2_000 } = options
  checkNames(sources)
  using _ = lockIndex(index.folder, index.name)
  const { file, lexical } = index.parts
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1_000
  const receipt = { added: 0, changed: 0, deleted: 0, unchanged: 0, embedded: 0, reused: 0, refilled: 0 }
  const skipped: Skipped[] = []
  let written = 0
  let seenDocuments = 0
  let embeddedSoFar = 0
  const report = () =>
    onProgress?.({
      documents: seenDocuments,
      chunks: written,
      embedded: embeddedSoFar,
      seconds: seconds(),
      chunksPerSecond: written / Math.max(seconds(), 1e-9),
    })

  if (index.dense) receipt.refilled += await mend(index, signal)

  /** Batches being embedded, oldest first; they are committed in this order. */
  const underWay: Promise<{ work: Work; batch: Batch; embedded: number; reused: number }>[] = []
  const commitOldest = async () => {
    const { work, batch, embedded, reused } = await underWay.shift()!
    throwIfAborted(signal)
    commitBatch(file, lexical, batch)
    written += work.chunks
    receipt.embedded += embedded
    receipt.reused += reused
    if (index.dense) await sendVectors(file, index.dense.store, signal)
    report()
  }
  const start = async (work: Work) => {
    while (underWay.length >= concurrency) await commitOldest()
    const onEmbedded = (texts: number) => {
      embeddedSoFar += texts
      report()
    }
    const embedding = embedMissing(index, work.documents, { signal, onEmbedded })
    const running = embedding.then(result => ({ work, ...result }))
    // Its failure is met when its turn to be committed comes.
    running.catch(() => undefined)
    underWay.push(running)
    if (!index.dense) await commitOldest()
  }

  try {
    for (const source of sources) {
      const seen = new Set<string>()
      let work: Work = { documents: [], chunks: 0 }
      for await (const document of source.documents({ signal, onSkipped: each => skipped.push(each) })) {
        seenDocuments++
        if (seenDocuments % 64 === 0) await breathe(signal)
        const refused = refusalOf(index, source, document, seen)
        if (refused) {
          skipped.push(refused)
          continue
        }
        seen.add(document.id)
        if (isUnchanged(file, document)) {
          receipt.unchanged++
          continue
        }
        receipt[file.get("select 1 from documents where id = ?", document.id) ? "changed" : "added"]++
        const chunks = index.chunker.chunk(document)
        work.documents.push({ document, chunks })
        work.chunks += chunks.length
        if (work.chunks < batchChunks) continue
        await start(work)
        work = { documents: [], chunks: 0 }
      }
      if (work.documents.length > 0) await start(work)
      while (underWay.length > 0) await commitOldest()
      const gone = [...documentIds(file, source.name)].filter(id => !seen.has(id))
      for (let at = 0; at < gone.length; at += 500) {
        throwIfAborted(signal)
        deleteDocuments(file, lexical, gone.slice(at, at + 500))
      }
      receipt.deleted += gone.length
    }
  } finally {
    await Promise.allSettled(underWay)
  }

  if (receipt.added + receipt.changed + receipt.deleted > 0) {
    lexical.write(() => lexical.merge({ all: true }))
    if (index.dense) forgetEmbeddings(file)
  }
  if (index.dense) receipt.refilled += await mend(index, signal)
  report()
  return { ...receipt, chunks: countChunks(file), skipped, seconds: seconds() }
}

/** Deletes every document of a source, by its name. Returns how many there were. */
export const deleteSource = async (index: WritableIndex, name: string): Promise<number> => {
  const receipt = await indexSources(index, [{ name, async *documents() {} }])
  return receipt.deleted
}

/** What a crash may have left between this index and its vector store. */
const mend = async (index: WritableIndex, signal?: AbortSignal): Promise<number> => {
  const { store } = index.dense!
  await sendVectors(index.parts.file, store, signal)
  return (await healVectors(index.parts.file, store, signal)).refilled
}

const checkNames = (sources: readonly Source[]): void => {
  const names = sources.map(source => source.name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new RoadmapError("INVALID_INPUT", `Two sources have the name "${twice}".`, {
      hint: "Give each a name of its own: it is the first part of its documents' ids.",
    })
}

/** A document that cannot be taken, though its source could read it. */
const refusalOf = (
  index: WritableIndex,
  source: Source,
  document: Document,
  seen: ReadonlySet<string>,
): Skipped | undefined => {
  const skipped = (reason: string): Skipped => ({
    source: source.name,
    name: document.id,
    code: "ALREADY_EXISTS",
    reason,
  })
  if (seen.has(document.id)) return skipped(`${source.name} has two documents with the id ${document.id}.`)
  if (document.source !== source.name)
    return skipped(`${document.id} belongs to the source "${document.source}", not to "${source.name}".`)
  const owner = index.parts.file.get<{ source: string }>(
    "select source from documents where id = ?",
    document.id,
  )
  return owner && owner.source !== source.name
    ? skipped(`${document.id} is there already, from the source "${owner.source}".`)
    : undefined
}
