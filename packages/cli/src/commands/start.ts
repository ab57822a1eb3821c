import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { startExercise } from "@roadmap/labkit/exercises/workbook"
import type { CommandContext } from "../context.ts"
import { exerciseOf, openLearning } from "../learning/catalog.ts"
import { shortPath, wrapMarkdown } from "../learning/text.ts"

/** Copies an exercise's starter into the workbook and shows its task. */
export const start = async (
  context: CommandContext,
  word: string,
  flags: { again?: boolean },
): Promise<undefined> => {
  const exercise = exerciseOf(await openLearning(context), word)
  const { path, created } = await startExercise(context.root, exercise, flags.again)
  const task = await readFile(join(exercise.folder, "task.md"), "utf8")
  context.print({ exercise: exercise.id, path, created, task }, () => {
    const { bold, dim, green } = context.colors
    const done = created
      ? `${green("✔")} ${bold(shortPath(path))}`
      : `${dim("=")} ${bold(shortPath(path))} ${dim("is there already; --again begins anew")}`
    return [
      done,
      "",
      wrapMarkdown(task, context.columns),
      "",
      dim(`Write your answer there, then: roadmap check ${exercise.id}   (or roadmap watch)`),
    ].join("\n")
  })
  return undefined
}
