import { existsSync } from "node:fs"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { defineStep } from "@roadmap/labkit/lab"
import { indexSources } from "@roadmap/rag/ingest/index-sources"
import { openProjectAssistant } from "./assistant.ts"
import { projectCorpus } from "./corpus.ts"
import { assistantOptions, embedderInputs, prepareEmbedder } from "./neural.ts"
import { readDocuments } from "./read.ts"

export interface Receipt {
  added: number
  changed: number
  deleted: number
  unchanged: number
  embedded: number
  seconds: number
}

/** Brings the project's index to what the documents are, and then once more: the second time there must be nothing to do. */
export const indexDocuments = defineStep({
  id: "index",
  title: "Index the documents, and again: nothing to do",
  needs: [readDocuments, prepareEmbedder],
  inputs: embedderInputs,
  intact: async (_, { folder }: { folder: string }) => existsSync(join(folder, "documents.sqlite")),
  async run(context) {
    const { config, signal, progress, result } = context
    await using project = await rebuiltIfOther(rebuild =>
      openProjectAssistant(config, {
        ...assistantOptions(context),
        rebuild,
        onProgress: ({ what, done }) => progress({ label: what, done, unit: "passages" }),
      }),
    )
    const { index, notes } = project
    const again = await indexSources(index, projectCorpus(config), { signal })
    const stats = await index.stats()
    const first = project.receipt ?? again
    const sources = result(readDocuments).sizes.flatMap(({ source, published }) =>
      published ? [source] : [],
    )
    const published = {
      documents: sources.reduce((sum, source) => sum + stats.bySource[source].documents, 0),
      chunks: sources.reduce((sum, source) => sum + stats.bySource[source].chunks, 0),
    }
    const vectors = (await index.dense?.store.count({ source: { in: sources } })) ?? 0
    return {
      mode: index.dense ? ("hybrid" as const) : ("lexical" as const),
      binding: index.binding,
      folder: index.folder,
      passages: stats.chunks,
      vectors: stats.vectors,
      bySource: stats.bySource,
      first: receiptOf(first),
      again: receiptOf(again),
      notes,
      metrics: {
        "index/packages/documents/all": published.documents,
        "index/packages/passages/all": published.chunks,
        "index/packages/vectors/all": vectors,
        "index/again/changed/all": again.added + again.changed + again.deleted,
        "index/again/embedded/all": again.embedded,
      },
      measurements: {
        "index/first/seconds/all": first.seconds,
        "index/again/seconds/all": again.seconds,
      },
      artifacts: { "index/project-documents": index.folder },
    }
  },
})

/** What another chunker or embedder made is made again: all of an index can be. */
export const rebuiltIfOther = async <T>(open: (rebuild: boolean) => Promise<T>): Promise<T> => {
  try {
    return await open(false)
  } catch (error) {
    if (!isRoadmapError(error, "IMMUTABLE")) throw error
    return open(true)
  }
}

const receiptOf = ({ added, changed, deleted, unchanged, embedded, seconds }: Receipt): Receipt => ({
  added,
  changed,
  deleted,
  unchanged,
  embedded,
  seconds,
})
