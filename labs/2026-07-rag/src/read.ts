import { defineStep } from "@roadmap/labkit/lab"
import { corpusHash, isPublished, readCorpus } from "./corpus/read.ts"
import { describeScores } from "./scores.ts"

export interface SourceSize {
  source: string
  documents: number
  characters: number
  /** Part of an npm package, and the same until its version changes. */
  published: boolean
}

/** Reads every source once: what there is to ask, and the hash on which all later steps depend. */
export const readDocuments = defineStep({
  id: "read",
  title: "Read the documents: the stack's, this repository's, and those of the months before",
  needs: [describeScores],
  inputs: async ({ config, signal }) => ({
    corpus: corpusHash((await readCorpus(config, signal)).documents),
  }),
  async run({ config, signal }) {
    const { documents, skipped } = await readCorpus(config, signal)
    const sizes = [...Map.groupBy(documents, ({ source }) => source)].map(
      ([source, group]): SourceSize => ({
        source,
        documents: group.length,
        characters: group.reduce((sum, { text }) => sum + text.length, 0),
        published: group.every(isPublished),
      }),
    )
    return {
      hash: corpusHash(documents),
      sizes,
      cards: documents.filter(({ metadata }) => metadata.kind === "model-card").map(({ id }) => id),
      evaluations: documents.filter(({ metadata }) => metadata.kind === "evaluation").map(({ id }) => id),
      skipped: skipped.map(({ name, reason }) => ({ name, reason })),
      metrics: Object.fromEntries([
        ...sizes
          .filter(({ published }) => published)
          .map(({ source, documents: count }) => [`corpus/${source}/documents/all`, count]),
        [
          "corpus/packages/characters/all",
          documents.filter(isPublished).reduce((sum, { text }) => sum + text.length, 0),
        ],
        ["corpus/all/skipped/all", skipped.length],
      ]),
    }
  },
})
