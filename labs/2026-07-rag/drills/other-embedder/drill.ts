import { rm } from "node:fs/promises"
import { writeFileAtomic } from "@roadmap/core/files"
import { defineDrill } from "@roadmap/labkit/drills/drill"
import { copyPinoDocs, documentsFolder, hashesOf } from "../documents.ts"
import { pretendBuiltWith } from "./pretend.ts"
import { indexDocuments, indexFolder, writeSearch } from "./search.ts"
import { decided, documentsPath, grade, observe, type State } from "./state.ts"

export default defineDrill<State>({
  id: "other-embedder",
  title: "Every question is refused since the release",
  targetMinutes: 10,
  async prepare({ config }) {
    await copyPinoDocs(config)
    await writeFileAtomic(documentsPath(config), JSON.stringify(await hashesOf(documentsFolder(config))))
    await writeSearch(config, { ...decided, embedder: "words-1" })
    await indexDocuments(config)
  },
  break: ({ config }) => writeSearch(config, decided),
  observe,
  grade,
  causes: {
    embedder: "the vectors of the index were made by another embedder than the questions' are now",
    damaged: "a file of the index was damaged by the release",
    documents: "the documents changed and the index was not brought up to date",
    dimensions: "the vector store was set up for other dimensions",
  },
  cause: "embedder",
  recoveries: {
    async right({ config }) {
      await indexDocuments(config, { rebuild: true })
    },
    wrong: {
      "goes back to the old embedder": ({ config }) =>
        writeSearch(config, { ...decided, embedder: "words-1" }),
      async "searches by words instead"({ config }) {
        await writeSearch(config, { mode: "lexical", embedder: "words-1" })
      },
      "writes the new embedder's name into the index": ({ config }) =>
        pretendBuiltWith(config, decided.embedder),
      "deletes the index and leaves it empty": ({ config }) =>
        rm(indexFolder(config), { recursive: true, force: true }),
    },
  },
  passed:
    "Vectors of two embedders have the same shape and nothing in common: compared all the same, they give results that look like results. So an index is bound to its embedder, and a new one means all vectors anew. Build beside the old index and switch when it is whole: nobody is refused meanwhile.",
})
