import type { CommandContext } from "../context.ts"
import { exerciseOf, openLearning } from "../learning/catalog.ts"
import { takeHint } from "../learning/take-hint.ts"
import { wrapMarkdown } from "../learning/text.ts"

/** Shows one hint more at each call; past the last it shows the last again, which is not recorded. */
export const hint = async (context: CommandContext, word: string): Promise<undefined> => {
  const exercise = exerciseOf(await openLearning(context), word)
  const { hint, of, text, exhausted } = await takeHint(context, exercise)
  context.print({ exercise: exercise.id, hint, of, text }, () => {
    const { bold, dim } = context.colors
    const more = exhausted
      ? dim(`\nThat was the last one. roadmap solution ${exercise.id} shows the solution.`)
      : ""
    return `${bold(`Hint ${hint} of ${of}`)}\n${wrapMarkdown(text, context.columns)}${more}`
  })
  return undefined
}
