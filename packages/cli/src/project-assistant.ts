import type { ProjectAssistant } from "@roadmap/lab-2026-07-rag/assistant"
import { formatCount } from "@roadmap/report/format"
import type { CommandContext } from "./context.ts"
import { createLiveLine } from "./live-line.ts"

export interface ProjectFlags {
  lexical?: boolean
  rebuild?: boolean
}

/** Opens the assistant over the project's documents, with a line that shows how far its index is. */
export const openProject = async (
  { config, signal }: CommandContext,
  { lexical, rebuild }: ProjectFlags,
): Promise<ProjectAssistant> => {
  const { openProjectAssistant } = await import("@roadmap/lab-2026-07-rag/assistant")
  const line = createLiveLine({ config })
  try {
    return await openProjectAssistant(config, {
      signal,
      rebuild,
      neural: lexical ? "never" : "if-installed",
      onProgress: ({ what, done }) => line.show(`${formatCount(done)} ${what}`),
    })
  } finally {
    line.end()
  }
}
