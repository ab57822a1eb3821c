import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { isRoadmapError } from "@roadmap/core/errors"
import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { documentsFolder, hashesOf } from "../documents.ts"
import { findDocuments, openSearch, readSearch, type Search } from "./search.ts"

export const decided: Search = { mode: "dense", embedder: "words-2" }

/** What users ask: whole sentences, which are found by their vectors. */
export const queries: readonly (readonly [query: string, document: string])[] = [
  [
    "To redact sensitive information, supply paths to keys that hold sensitive data using the redact option. Note that paths that contain hyphens need to use brackets to access the hyphenated property",
    "documents/pino/redaction.md",
  ],
  [
    "Asynchronous logging enables the minimum overhead of Pino. Asynchronous logging works by buffering log messages and writing them in larger chunks",
    "documents/pino/asynchronous.md",
  ],
  [
    "By default, Pino log lines are newline delimited JSON (NDJSON). This is perfect for production usage and long-term storage. It's not so great for development environments",
    "documents/pino/pretty.md",
  ],
  [
    "Due to its internal architecture based on Worker Threads, it is not possible to bundle Pino without generating additional files",
    "documents/pino/bundling.md",
  ],
  [
    "Pino provides tracing channel events that allow insight into the internal workings of the library. The currently supported events are",
    "documents/pino/diagnostics.md",
  ],
]

export interface State {
  search: Search
  /** Code of the error that users get; null when they are answered. */
  error: string | null
  /** Queries whose document is found first. */
  found: number
  queries: number
  builtWith: string
  vectors: number
  passages: number
  documentsUntouched: boolean
}

export const documentsPath = ({ home }: Pick<Config, "home">) => join(home, ".documents.json")

export const observe = async ({ config }: DrillPlace): Promise<State> => {
  const search = await readSearch(config)
  const untouched: Record<string, string> = JSON.parse(await readFile(documentsPath(config), "utf8"))
  const documentsUntouched =
    JSON.stringify(await hashesOf(documentsFolder(config))) === JSON.stringify(untouched)
  const shared = { search, queries: queries.length, documentsUntouched }
  try {
    const found = await findDocuments(
      config,
      queries.map(([query]) => query),
    )
    await using index = await openSearch(config)
    const { chunks, vectors } = await index.stats()
    return {
      ...shared,
      error: null,
      found: queries.filter(([, document], i) => found[i][0] === document).length,
      builtWith: index.binding.embedder,
      vectors,
      passages: chunks,
    }
  } catch (error) {
    if (!isRoadmapError(error)) throw error
    return { ...shared, error: error.code, found: 0, builtWith: "not opened", vectors: 0, passages: 0 }
  }
}

export const grade = (state: State): readonly Grade[] => [
  {
    what: "questions are answered, not refused",
    passed: state.error === null,
    found: state.error === null ? "they are" : `users get ${state.error}`,
  },
  {
    what: "with the embedder that was decided on, by its vectors",
    passed: state.search.embedder === decided.embedder && state.search.mode === decided.mode,
    found: `search.json says ${state.search.mode}, ${state.search.embedder}`,
  },
  {
    what: "every question finds its document first",
    passed: state.found === state.queries,
    found: `${state.found} of ${state.queries} do`,
  },
  {
    what: "each passage has its vectors, of that embedder",
    passed: state.passages > 0 && state.vectors >= state.passages && state.builtWith === decided.embedder,
    found: `${state.vectors} vectors for ${state.passages} passages, built with ${state.builtWith}`,
  },
  {
    what: "the documents are as they were",
    passed: state.documentsUntouched,
    found: state.documentsUntouched ? "they are" : "the folder documents was changed",
  },
]
