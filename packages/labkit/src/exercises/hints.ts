import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { LearningEntry } from "./catalog.ts"

/** The texts below `## Hint 1`, `## Hint 2`, … of hints.md, in order. */
export const readHints = async (exercise: LearningEntry): Promise<string[]> => {
  const text = await readFile(join(exercise.folder, "hints.md"), "utf8").catch(() => "")
  return text
    .split(/^## Hint \d+.*$/m)
    .slice(1)
    .map(hint => hint.trim())
}
