import { RoadmapError } from "@roadmap/core/errors"
import { mapPool } from "@roadmap/labkit/pool"
import { formatSeconds } from "@roadmap/report/format"
import type { CommandContext } from "../context.ts"
import { openLearning, select } from "../learning/catalog.ts"
import { type CheckResult, checkExercise } from "../learning/check-exercise.ts"
import { indent, wrap } from "../learning/text.ts"

/** Checks one exercise, a month's, or all. Exit code 1 when an answer fails; an exercise not started is no failure. */
export const check = async (
  context: CommandContext,
  word: string | undefined,
  flags: { types?: boolean },
): Promise<number> => {
  const learning = await openLearning(context)
  const { exercises, single } = select(learning, word, "exercises")
  if (exercises.length === 0)
    throw new RoadmapError("NOT_FOUND", "There are no exercises there.", { hint: "See: roadmap list" })
  const results = await mapPool(exercises, 2, exercise =>
    checkExercise(context, exercise, { types: flags.types, records: learning.records }),
  )
  if (single && results[0].status === "not-started")
    throw new RoadmapError("NOT_FOUND", `Exercise ${results[0].id} has not been started.`, {
      hint: `Start it with: roadmap start ${results[0].id}`,
    })
  context.print({ exercises: results }, () =>
    results.map(result => describeResult(context, result, single)).join("\n"),
  )
  return results.some(result => result.status === "failed") ? 1 : 0
}

/** A line, and below it the message when it failed or was asked for alone. */
export const describeResult = (context: CommandContext, result: CheckResult, full: boolean): string => {
  const { bold, dim, green, red } = context.colors
  const mark = { passed: green("✔"), failed: red("✖"), "not-started": dim("·") }[result.status]
  const how = result.status === "not-started" ? dim("not started") : dim(formatSeconds(result.seconds))
  const line = `${mark} ${bold(result.id)} ${how}`
  if (result.status === "not-started" || (result.status === "passed" && !full)) return line
  return `${line}\n${indent(wrap(result.message, context.columns - 4), 2)}\n`
}
