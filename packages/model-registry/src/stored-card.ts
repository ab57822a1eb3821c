import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import type { ModelCard } from "./card.ts"
import { readModel } from "./mlmodel.ts"

/** The card of a version whose model directory is here. Throws NOT_FOUND when it has none. */
export const storedCard = async (
  directory: string,
  name: string,
  version: number,
): Promise<{ markdown: string; card?: ModelCard }> => {
  const model = await readModel(directory)
  if (!model.card) throw new RoadmapError("NOT_FOUND", `Version ${version} of "${name}" has no model card.`)
  return { markdown: await readFile(join(model.directory, "model_card.md"), "utf8"), card: model.card }
}
