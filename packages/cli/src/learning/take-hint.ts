import { RoadmapError } from "@roadmap/core/errors"
import { recordHint } from "@roadmap/labkit/evidence/learned"
import { readEvidence } from "@roadmap/labkit/evidence/log"
import type { LearningEntry } from "@roadmap/labkit/exercises/catalog"
import { readHints } from "@roadmap/labkit/exercises/hints"
import type { CommandContext } from "../context.ts"

export interface TakenHint {
  hint: number
  of: number
  text: string
  /** True when all had been seen before: this is the last one again. */
  exhausted: boolean
}

/** One hint more than was seen before; that is recorded. */
export const takeHint = async (context: CommandContext, exercise: LearningEntry): Promise<TakenHint> => {
  const hints = await readHints(exercise)
  if (hints.length === 0)
    throw new RoadmapError("EXERCISE_BROKEN", `Exercise ${exercise.id} has no hints.`, {
      hint: "See: roadmap author check",
    })
  const { home } = context.config
  const shown = (await readEvidence(home)).records.filter(
    ({ record }) =>
      record.kind === "hint" && record.month === exercise.lab.month && record.id === exercise.name,
  )
  const seen = Math.max(0, ...shown.map(({ record }) => Number(record.result.hint)))
  const exhausted = seen >= hints.length
  const hint = exhausted ? hints.length : seen + 1
  if (!exhausted) await recordHint(home, exercise, hint, hints.length)
  return { hint, of: hints.length, text: hints[hint - 1], exhausted }
}
