import { hashAnswer } from "@roadmap/labkit/evidence/learned"
import { titleOf } from "@roadmap/labkit/evidence/progress"
import type { LearningEntry } from "@roadmap/labkit/exercises/catalog"
import { answerPath, isStarted } from "@roadmap/labkit/exercises/workbook"
import type { CommandContext } from "../context.ts"
import type { Learning } from "./catalog.ts"

export interface NextExercise {
  exercise: LearningEntry
  title: string
  started: boolean
}

/** The first exercise whose present answer has not passed. */
export const nextExercise = async (
  context: CommandContext,
  learning: Learning,
): Promise<NextExercise | undefined> => {
  for (const exercise of learning.exercises) {
    const started = await isStarted(context.root, exercise)
    if (started && (await passedAsItIs(context, learning, exercise))) continue
    return { exercise, title: await titleOf(exercise), started }
  }
  return undefined
}

export const passedAsItIs = async (
  context: CommandContext,
  learning: Learning,
  exercise: LearningEntry,
): Promise<boolean> => {
  const last = learning.records.findLast(
    record => record.kind === "check" && record.month === exercise.lab.month && record.id === exercise.name,
  )
  if (last?.result.status !== "passed") return false
  return last.code === (await hashAnswer(answerPath(context.root, exercise)))
}
