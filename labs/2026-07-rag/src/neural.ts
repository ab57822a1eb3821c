import { globSync } from "node:fs"
import type { Config } from "@roadmap/core/config"
import { isRoadmapError } from "@roadmap/core/errors"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { setupNeural } from "@roadmap/llm/neural/setup"
import { embedderStatus } from "@roadmap/llm/status"

/**
 * Id of the embedder that this run searches with, or "none". Embedding all documents takes a minute or more, and a sample's
 * run is to be quick: it searches by meaning only where that index is there already (`roadmap ask` makes it).
 */
const embedderOf = (config: Config, sample: number): string => {
  const { id = "none" } = embedderStatus(config)
  return sample === 1 || hasDenseIndex(config) ? id : "none"
}

const hasDenseIndex = ({ home }: Config): boolean =>
  globSync("state/rag/project-*", { cwd: home }).some(path => !path.endsWith("project-lexical"))

/** What steps that search depend on: with another embedder they run again. */
export const embedderInputs = async ({
  config,
  sample,
}: Pick<StepContext, "config" | "sample">): Promise<Record<string, string>> => ({
  embedder: embedderOf(config, sample),
})

/** How a run opens the project's assistant. No chat model: it would cost money and answer otherwise each time. */
export const assistantOptions = ({
  config,
  sample,
  signal,
}: Pick<StepContext, "config" | "sample" | "signal">) =>
  ({
    signal,
    neural: embedderOf(config, sample) === "none" ? "never" : "if-installed",
    chatModel: "never",
  }) as const

/**
 * A run on all rows installs the small embedding model that runs here, where it can be had. A sample's run downloads
 * nothing. Without a model everything is done by words alone, and says so.
 */
export const prepareEmbedder = defineStep({
  id: "neural",
  title: "Get the embedding model, where it can be had",
  intact: async ({ config }, { installed }: { installed: string }) =>
    (embedderStatus(config).id ?? "none") === installed,
  async run({ config, signal, sample, progress, logger }) {
    let refused: string | undefined
    if (!embedderStatus(config).ready && sample === 1) {
      try {
        await setupNeural({ signal, say: label => progress({ label, done: 0, unit: "files" }) })
      } catch (error) {
        if (!isRoadmapError(error, "UNREACHABLE") && !isRoadmapError(error, "PROGRAM_MISSING")) throw error
        refused = error.message
        logger.warn({ code: error.code }, error.message)
      }
    }
    const { id: installed = "none", ready, why } = embedderStatus(config)
    const embedder = embedderOf(config, sample)
    return {
      installed,
      embedder,
      why:
        ready && embedder === "none"
          ? "a run on a sample embeds nothing: it searches by meaning once roadmap ask has made that index"
          : (refused ?? why),
    }
  },
})
