import { RoadmapError } from "@roadmap/core/errors"
import { checkAnswerTypes } from "@roadmap/labkit/author/typecheck"
import { recordCheck } from "@roadmap/labkit/evidence/learned"
import type { EvidenceRecord } from "@roadmap/labkit/evidence/record"
import type { LearningEntry } from "@roadmap/labkit/exercises/catalog"
import { judge, type Verdict } from "@roadmap/labkit/exercises/verdict"
import { answerPath, isStarted } from "@roadmap/labkit/exercises/workbook"
import { createRecordStore } from "@roadmap/labkit/records"
import type { CommandContext } from "../context.ts"

export interface CheckResult extends Pick<Verdict, "mistake" | "case" | "line"> {
  id: string
  status: "passed" | "failed" | "not-started"
  message: string
  seconds: number
}

export interface CheckOptions {
  types?: boolean
  /** Checks recorded before: an answer checked twice is recorded once. */
  records: readonly EvidenceRecord[]
}

/** Checks the learner's answer and records the result. */
export const checkExercise = async (
  context: CommandContext,
  exercise: LearningEntry,
  { types, records }: CheckOptions,
): Promise<CheckResult> => {
  const { id } = exercise
  if (!(await isStarted(context.root, exercise)))
    return { id, status: "not-started", message: `Not started: roadmap start ${id}`, seconds: 0 }
  const file = answerPath(context.root, exercise)
  const { home } = context.config
  const run = await createRecordStore(home, exercise.lab.month).readOutcome()
  const verdict = await judge(exercise, file, {
    home,
    signal: context.signal,
    ...(run?.status === "done" && { run }),
  })
  if (context.signal.aborted)
    throw new RoadmapError("INTERRUPTED", "Interrupted.", { cause: context.signal.reason })
  if (types) await addTypes(verdict, file)
  await recordCheck(home, exercise, file, verdict, records)
  const { status, message, seconds, mistake, case: caseName, line } = verdict
  return { id, status, message, seconds, mistake, case: caseName, line }
}

const addTypes = async (verdict: Verdict, file: string): Promise<void> => {
  const problems = await checkAnswerTypes(file)
  if (problems.length === 0) return
  verdict.status = "failed"
  verdict.message = [
    "The types do not fit:",
    ...problems.map(problem => `  ${problem.text}`),
    "",
    verdict.message,
  ].join("\n")
}
