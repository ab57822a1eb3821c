import type { Config } from "@roadmap/core/config"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import type { Document } from "@roadmap/rag/document"
import type { Skipped } from "@roadmap/rag/load/source"
import { projectCorpus } from "../corpus.ts"

/** All documents as they are now, source by source. */
export const readCorpus = async (
  config: Pick<Config, "home" | "mlflow">,
  signal?: AbortSignal,
): Promise<{ documents: Document[]; skipped: Skipped[] }> => {
  const documents: Document[] = []
  const skipped: Skipped[] = []
  for (const source of projectCorpus(config))
    for await (const document of source.documents({ signal, onSkipped: each => skipped.push(each) }))
      documents.push(document)
  return { documents, skipped }
}

/**
 * Of a package's version, as it was published. Metrics count these alone: pages of this repository and model cards change with every
 * edit and run, and a run done again would seem to give other figures.
 */
export const isPublished = ({ metadata }: Document): boolean => metadata.kind === "documentation"

/** Equal hashes mean equal documents. */
export const corpusHash = (documents: readonly Document[]): string =>
  sha256(canonicalJson(documents.map(({ id, hash }) => [id, hash])))
