import { RoadmapError } from "@roadmap/core/errors"
import { type MonthProgress, progressOf } from "@roadmap/labkit/evidence/progress"
import { formatSeconds } from "@roadmap/report/format"
import { type Cell, textTable } from "@roadmap/report/table"
import type { CommandContext } from "../context.ts"
import { type Learning, openLearning } from "../learning/catalog.ts"
import { writeProgress } from "../learning/progress-files.ts"
import { runAgainByCommand, verifyProgress } from "../learning/progress-verify.ts"
import { shortPath, wrap } from "../learning/text.ts"

/** Shows what has been done; writes docs/progress; or verifies it. Exit code 1 when a claim does not hold. */
export const progress = async (
  context: CommandContext,
  flags: { write?: boolean; verify?: boolean },
): Promise<number> => {
  if (flags.write && flags.verify)
    throw new RoadmapError("USAGE", "--write and --verify are two steps.", {
      hint: "Write first, then verify.",
    })
  const learning = await openLearning(context)
  if (flags.write) return write(context, learning)
  if (flags.verify) return verify(context, learning)
  const { labs, exercises, drills, records } = learning
  const months = await progressOf(labs, exercises, drills, records)
  context.print({ months: months.map(toJson), warnings: learning.warnings }, () =>
    months.map(month => describe(context, month)).join("\n\n"),
  )
  return 0
}

const toJson = ({ lab, run, exercises, drills }: MonthProgress) => ({
  month: lab.month,
  title: lab.title,
  run: run && { at: run.at, seconds: run.seconds, seed: run.seed, sample: run.sample, metrics: run.metrics },
  exercises: exercises.map(({ last: _, ...shown }) => shown),
  drills,
})

const describe = (context: CommandContext, { lab, run, exercises, drills }: MonthProgress): string => {
  const { bold, dim } = context.colors
  const ran = run ? `run ${run.at.slice(0, 10)} in ${formatSeconds(run.seconds)}` : "not run yet"
  const head = `${bold(lab.title)} ${dim(`${lab.month}, ${ran}`)}`
  const rows: Cell[][] = [
    ...exercises.map(one => [
      one.name,
      one.title,
      one.status,
      effort(one.attempts, one.hints, one.solutionShown),
    ]),
    ...drills.map(one => [
      one.name,
      one.title,
      one.status === "solved" ? "scripted recovery" : one.status,
      one.secondsToRecover === undefined ? "" : `recovered after ${formatSeconds(one.secondsToRecover)}`,
    ]),
  ]
  if (rows.length === 0) return `${head}\n${dim("no exercises or drills yet")}`
  const columns = [{ label: "exercise or drill" }, { label: "title" }, { label: "status" }, { label: "how" }]
  return `${head}\n${textTable({ columns, rows }, { width: context.columns })}`
}

const effort = (attempts: number, hints: number, solutionShown: boolean): string =>
  [
    attempts > 0 ? count(attempts, "answer") : "",
    hints > 0 ? count(hints, "hint") : "",
    solutionShown ? "solution shown" : "",
  ]
    .filter(Boolean)
    .join(", ")

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`

const write = async (context: CommandContext, learning: Learning): Promise<number> => {
  const files = await writeProgress(context, learning)
  context.print({ written: files }, () =>
    files.map(file => `${context.colors.green("✔")} ${shortPath(file)}`).join("\n"),
  )
  return 0
}

const verify = async (context: CommandContext, learning: Learning): Promise<number> => {
  const { mismatches, checked } = await verifyProgress(context, learning, runAgainByCommand(context))
  const done = [
    count(checked.pages, "file"),
    count(checked.answers, "answer"),
    count(checked.runs, "run"),
  ].join(", ")
  context.print({ verified: mismatches.length === 0, checked, mismatches }, () => {
    const { green, red } = context.colors
    if (mismatches.length === 0) return `${green("✔")} docs/progress holds: ${done} done again.`
    return mismatches
      .map(({ file, line, what }) =>
        wrap(`${red("✖")} ${file}${line === undefined ? "" : ` line ${line}`} ${what}`, context.columns),
      )
      .join("\n")
  })
  return mismatches.length === 0 ? 0 : 1
}
