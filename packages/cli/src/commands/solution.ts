import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { recordSolution } from "@roadmap/labkit/evidence/learned"
import { askFirst } from "../ask.ts"
import type { CommandContext } from "../context.ts"
import { exerciseOf, openLearning } from "../learning/catalog.ts"

/** Shows the solution, after asking; that it was shown is recorded. */
export const solution = async (
  context: CommandContext,
  word: string,
  flags: { yes?: boolean },
): Promise<number> => {
  const exercise = exerciseOf(await openLearning(context), word)
  if (
    !(await askFirst(context, `Show the solution of ${exercise.id}? Your progress will say so.`, flags.yes))
  )
    return 1
  const source = await readFile(join(exercise.folder, "solution.ts"), "utf8")
  await recordSolution(context.config.home, exercise)
  context.print({ exercise: exercise.id, solution: source }, () => source)
  return 0
}
