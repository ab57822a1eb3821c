import type { CommandContext } from "../context.ts"
import { openLearning } from "../learning/catalog.ts"
import { nextExercise } from "../learning/next.ts"

/** Names the next exercise to do. */
export const next = async (context: CommandContext): Promise<undefined> => {
  const learning = await openLearning(context)
  const found = await nextExercise(context, learning)
  const shown = found && { id: found.exercise.id, title: found.title, started: found.started }
  context.print({ next: shown ?? null }, () => {
    const { bold, dim, green } = context.colors
    if (!found)
      return learning.exercises.length === 0
        ? "No month has exercises yet."
        : green("✔ Every exercise is passed.")
    const command = found.started ? "check" : "start"
    return `${bold(found.exercise.id)}  ${found.title}\n${dim(`roadmap ${command} ${found.exercise.id}`)}`
  })
  return undefined
}
