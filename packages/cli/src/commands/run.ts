import { join } from "node:path"
import { exitCodes, type RoadmapError } from "@roadmap/core/errors"
import { createLogger } from "@roadmap/core/logger"
import { findLabs, type LabEntry, loadLab, resolveMonth } from "@roadmap/labkit/catalog"
import { hashLabCode } from "@roadmap/labkit/code-hash"
import { recordRun } from "@roadmap/labkit/evidence/learned"
import type { Lab } from "@roadmap/labkit/lab"
import { lockHome } from "@roadmap/labkit/lock"
import { planMonths } from "@roadmap/labkit/plan"
import { type LabOutcome, runLab } from "@roadmap/labkit/run"
import { formatCount, formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import { type CommandContext, describeError } from "../context.ts"
import { createRunView } from "../run-view.ts"

interface RunFlags {
  sample: number
  seed: number
  source?: string
  force?: boolean
}

/** Runs the asked months, and first the months they consume. Exit code 0, or that of the first error. */
export const run = async (context: CommandContext, words: string[], flags: RunFlags): Promise<number> => {
  const entries = await findLabs(context.root)
  const wanted = words.map(word => resolveMonth(entries, word))
  const labs = new Map(await Promise.all(entries.map(async entry => [entry, await loadLab(entry)] as const)))
  const planned = planMonths([...labs], wanted)

  using _lock = lockHome(context.config.home)
  const logger = createLogger(context.config.logLevel)
  const view = createRunView(context)
  const outcomes: LabOutcome[] = []
  const keys = new Map<string, string>()
  for (const { entry, lab, upstream } of planned) {
    const facts = {
      codeHash: await hashLabCode(context.root, entry.folder),
      upstream: upstream.map(month => keys.get(month) ?? ""),
      sample: flags.sample,
      seed: flags.seed,
    }
    const outcome = await runLab(lab, {
      ...facts,
      config: context.config,
      logger,
      source: flags.source,
      force: flags.force === true && wanted.includes(entry),
      signal: context.signal,
      onEvent: view.onEvent,
    })
    // A run on other data is no claim about the month's own.
    if (flags.source === undefined) recordRun(context.config.home, outcome, facts)
    outcomes.push(outcome)
    if (outcome.key === undefined) break
    keys.set(lab.month, outcome.key)
  }
  view.close()

  const error = outcomes.find(outcome => outcome.error)?.error
  context.print({ labs: outcomes.map(toJson) }, () =>
    outcomes.map(outcome => summary(context, outcome, planned)).join("\n\n"),
  )
  if (!error) return 0
  if (!context.json) process.stderr.write(`${describeError(error)}\n`)
  return exitCodes[error.code]
}

const toJson = ({ key: _key, error, ...outcome }: LabOutcome) => ({
  ...outcome,
  ...(error && { error: errorJson(error) }),
})

const errorJson = ({ code, message, hint, retryable }: RoadmapError) => ({ code, message, hint, retryable })

/** One screen: what was measured, where it lies, what to do next. */
const summary = (
  context: CommandContext,
  outcome: LabOutcome,
  planned: readonly { entry: LabEntry; lab: Lab }[],
): string => {
  const { bold, green, red, yellow } = context.colors
  const { entry } = planned.find(({ lab }) => lab.month === outcome.month)!
  const mark = { done: green("✔"), failed: red("✖"), interrupted: yellow("■") }[outcome.status]
  const skipped = outcome.steps.filter(step => step.status === "skipped").length
  const how =
    skipped === outcome.steps.length
      ? "nothing changed"
      : skipped > 0
        ? `${skipped} steps were up to date`
        : ""
  const head = [`${entry.title} ${outcome.status} in ${formatSeconds(outcome.seconds)}`, how]
    .filter(Boolean)
    .join(", ")
  const parts = [`${mark} ${bold(head)}`]
  if (outcome.status === "done") {
    for (const table of metricTables(outcome.metrics, context.columns)) parts.push(table)
    parts.push(
      textTable(
        {
          columns: [{ label: "made" }, { label: "where" }],
          rows: Object.entries(outcome.artifacts).map(([name, place]) => [name, shorten(place)]),
        },
        { width: context.columns },
      ),
    )
  }
  return parts.join("\n\n")
}

/** `task/model/metric/split` as one table a task: a row a model and split, a column a metric. */
const metricTables = (metrics: Record<string, number>, width: number): string[] => {
  const tasks = new Map<string, { rows: Map<string, Map<string, number>>; columns: Set<string> }>()
  for (const [name, value] of Object.entries(metrics)) {
    const [task, model, metric, split] = name.split("/")
    if (split === undefined) continue
    const entry = tasks.get(task) ?? { rows: new Map(), columns: new Set() }
    tasks.set(task, entry)
    entry.columns.add(metric)
    const row = entry.rows.get(`${model}/${split}`) ?? new Map<string, number>()
    entry.rows.set(`${model}/${split}`, row.set(metric, value))
  }
  return [...tasks].map(([task, { rows, columns }]) => {
    const shown = [...columns]
    return textTable(
      {
        columns: [
          { label: task },
          { label: "on" },
          ...shown.map(label => ({ label, align: "right" as const })),
        ],
        rows: [...rows].map(([key, values]) => [
          ...key.split("/"),
          ...shown.map(metric => shownNumber(values.get(metric))),
        ]),
      },
      { width },
    )
  })
}

const shownNumber = (value: number | undefined): string | null =>
  value === undefined ? null : Number.isInteger(value) ? formatCount(value) : value.toFixed(4)

const shorten = (place: string): string =>
  place.startsWith(join(process.cwd(), "/")) ? place.slice(process.cwd().length + 1) : place
