import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import type { Section } from "./page/blocks.ts"
import { standaloneSvg } from "./plots/plot.ts"

export interface NotesParts {
  /** Markdown of learnings.md. */
  learnings: string
  sections: readonly Section[]
  /** Plots of the sections that the notes show, by id. */
  plots: readonly string[]
}

/**
 * learnings.md and plots/<id>.svg below the report's folder, from where `pnpm pages` takes them into the repository. Throws
 * INTERNAL for a plot that the report does not have.
 */
export const writeNotesParts = async (
  folder: string,
  { learnings, sections, plots: ids }: NotesParts,
): Promise<void> => {
  await writeFileAtomic(join(folder, "learnings.md"), learnings)
  const plots = sections
    .flatMap(section => section.blocks)
    .flatMap(block => (block.kind === "pair" ? block.plots : block.kind === "plot" ? [block] : []))
  for (const id of ids) {
    const plot = plots.find(each => each.id === id)
    if (!plot)
      throw new RoadmapError(
        "INTERNAL",
        `The report has no plot "${id}"; it has ${plots.map(each => each.id).join(", ")}.`,
      )
    await writeFileAtomic(join(folder, "plots", `${id}.svg`), standaloneSvg(plot))
  }
}
