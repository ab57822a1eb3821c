import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import type { DrillDefinition } from "@roadmap/labkit/drills/drill"
import {
  checkDrill,
  type DrillOptions,
  type DrillReport,
  drillHome,
  loadDrill,
  nameCause,
  readDrillState,
  resetDrill,
  solveDrill,
  startDrill,
} from "@roadmap/labkit/drills/session"
import { progressOf } from "@roadmap/labkit/evidence/progress"
import type { LearningEntry } from "@roadmap/labkit/exercises/catalog"
import { formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import { askFirst } from "../ask.ts"
import type { CommandContext } from "../context.ts"
import { drillOf, type Learning, openLearning } from "../learning/catalog.ts"
import { shortPath, wrap, wrapMarkdown } from "../learning/text.ts"

interface DrillFlags {
  start?: boolean
  found?: string
  check?: boolean
  solve?: boolean
  reset?: boolean
  yes?: boolean
}

/** Lists the drills, or works on one: its brief, start, cause, grade, scripted recovery, reset. */
export const drill = async (
  context: CommandContext,
  word: string | undefined,
  flags: DrillFlags,
): Promise<number> => {
  const learning = await openLearning(context)
  const asked = ["start", "found", "check", "solve", "reset"].filter(
    name => flags[name as keyof DrillFlags] !== undefined,
  )
  if (asked.length > 1)
    throw new RoadmapError("USAGE", `Give one of --${asked.join(", --")} at a time.`, {
      hint: "See: roadmap drill --help",
    })
  if (word === undefined) {
    if (asked.length > 0)
      throw new RoadmapError("USAGE", `--${asked[0]} needs the name of a drill.`, {
        hint: "See: roadmap drill",
      })
    return list(context, learning)
  }
  const entry = drillOf(learning, word)
  const options: DrillOptions = { root: context.root, home: context.config.home, signal: context.signal }
  if (flags.reset) return reset(context, entry, options)
  if (flags.check) return grade(context, entry, await checkDrill(entry, options))
  if (flags.found !== undefined) return found(context, entry, options, flags.found)
  if (flags.solve) {
    const question = `Run the scripted recovery of ${entry.id}? Your progress will say so.`
    if (!(await askFirst(context, question, flags.yes))) return 1
    return grade(context, entry, await solveDrill(entry, options))
  }
  if (flags.start) {
    if (!context.json) process.stderr.write(`Building a small copy of ${entry.lab.title} and breaking it …\n`)
    await startDrill(entry, options)
  }
  return show(context, entry)
}

const list = async (context: CommandContext, learning: Learning): Promise<number> => {
  const months = await progressOf(learning.labs, [], learning.drills, learning.records)
  const drills = months.flatMap(month => month.drills)
  context.print({ drills }, () =>
    drills.length === 0
      ? "No month has drills yet."
      : textTable(
          {
            columns: [
              { label: "drill" },
              { label: "title" },
              { label: "status" },
              { label: "detected" },
              { label: "recovered" },
              { label: "target" },
            ],
            rows: drills.map(one => [
              one.id,
              one.title,
              one.status,
              one.secondsToDetect === undefined ? null : formatSeconds(one.secondsToDetect),
              one.secondsToRecover === undefined ? null : formatSeconds(one.secondsToRecover),
              `${one.targetMinutes} min`,
            ]),
          },
          { width: context.columns },
        ),
  )
  return 0
}

const show = async (context: CommandContext, entry: LearningEntry): Promise<number> => {
  const definition = await loadDrill(entry)
  const brief = await readFile(join(entry.folder, "brief.md"), "utf8")
  const { home } = context.config
  const state = await readDrillState(home, entry)
  const status = state === undefined ? "not-started" : state.passedAt ? "passed" : "started"
  const place = state && drillHome(home, entry)
  context.print({ drill: entry.id, status, home: place ?? null, causes: definition.causes, brief }, () =>
    [
      wrapMarkdown(brief, context.columns),
      "",
      ...(place ? running(context, entry, definition, place) : notStarted(context, entry, definition)),
    ].join("\n"),
  )
  return 0
}

const notStarted = (
  context: CommandContext,
  entry: LearningEntry,
  { targetMinutes }: DrillDefinition<unknown>,
): string[] => [
  context.colors.dim(
    `A good operator recovers within ${targetMinutes} minutes. The clock runs from: roadmap drill ${entry.id} --start`,
  ),
]

const running = (
  context: CommandContext,
  entry: LearningEntry,
  { causes }: DrillDefinition<unknown>,
  place: string,
): string[] => {
  const { bold, dim } = context.colors
  return [
    bold("The broken copy"),
    `  export ROADMAP_HOME=${place}`,
    dim("  In a terminal of its own: every roadmap command then works on the copy."),
    "",
    bold("What is the cause?"),
    ...Object.entries(causes).map(([id, text]) => wrap(`  --found ${id}: ${text}`, context.columns)),
    "",
    dim(`roadmap drill ${entry.id} --found <cause> stops the time to detect, --check grades the repair.`),
  ]
}

const found = async (
  context: CommandContext,
  entry: LearningEntry,
  options: DrillOptions,
  cause: string,
): Promise<number> => {
  const right = await nameCause(entry, options, cause)
  context.print({ drill: entry.id, cause, right }, () =>
    right
      ? `${context.colors.green("✔")} That is the cause. Now repair the copy: roadmap drill ${entry.id} --check`
      : `${context.colors.red("✖")} That is not the cause. What did you see that speaks for it, and what against?`,
  )
  return right ? 0 : 1
}

const grade = async (context: CommandContext, entry: LearningEntry, report: DrillReport): Promise<number> => {
  const { passed, grades, secondsToDetect, secondsToRecover, state } = report
  const { passed: afterword, targetMinutes } = await loadDrill(entry)
  const times = { secondsToDetect: secondsToDetect ?? null, secondsToRecover: secondsToRecover ?? null }
  context.print({ drill: entry.id, passed, solved: state.solved, ...times, grades }, () => {
    const { bold, dim, green, red } = context.colors
    const lines = grades.map(({ what, passed, found }) =>
      wrap(`${passed ? green("✔") : red("✖")} ${what}: ${found}`, context.columns),
    )
    if (!passed) return [bold(`${entry.id} is not repaired yet`), ...lines].join("\n")
    const detected =
      secondsToDetect === undefined
        ? "the cause was not named"
        : `cause named after ${formatSeconds(secondsToDetect)}`
    const recovered = `recovered after ${formatSeconds(secondsToRecover ?? 0)} (target ${targetMinutes} min)`
    const how = state.solved ? "by the scripted recovery" : `${recovered}, ${detected}`
    return [
      bold(`${entry.id} is repaired, ${how}`),
      ...lines,
      ...(afterword ? ["", wrap(afterword, context.columns)] : []),
      dim(""),
    ].join("\n")
  })
  return passed ? 0 : 1
}

const reset = async (
  context: CommandContext,
  entry: LearningEntry,
  options: DrillOptions,
): Promise<number> => {
  const deleted = await resetDrill(entry, options)
  context.print({ drill: entry.id, deleted }, () =>
    deleted
      ? `The copy of ${entry.id} is deleted: ${shortPath(drillHome(options.home, entry))}`
      : `${entry.id} was not started.`,
  )
  return 0
}
