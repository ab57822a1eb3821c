import type { LabOutcome } from "@roadmap/labkit/run"
import { formatCount, formatSeconds } from "@roadmap/report/format"
import { type Cell, textTable } from "@roadmap/report/table"
import type { CommandContext } from "./context.ts"
import { shortPath, wrap } from "./learning/text.ts"

/**
 * One screen of a month that ran: what was measured, what was registered, where the report lies. Small measurements are
 * one line each, so that the tables of models fit a terminal of 30 lines. All the rest is in `run --json`.
 */
export const summary = (
  context: CommandContext,
  title: string,
  outcome: LabOutcome,
  sample: number,
): string => {
  const { bold, green, red, yellow } = context.colors
  const mark = { done: green("✔"), failed: red("✖"), interrupted: yellow("■") }[outcome.status]
  const head = [
    `${title} ${outcome.status} in ${formatSeconds(outcome.seconds)}`,
    sample > 1 && `on one row in ${formatCount(sample)}`,
    skippedNote(outcome),
  ]
  const parts = [`${mark} ${bold(head.filter(Boolean).join(", "))}`]
  if (outcome.status === "done") {
    const tasks = tasksOf(outcome.metrics)
    const lines = tasks.filter(isSmall).flatMap(asLines)
    if (lines.length > 0) parts.push(lines.map(line => wrap(line, context.columns)).join("\n"))
    for (const task of tasks.filter(each => !isSmall(each))) parts.push(asTable(task, context.columns))
    parts.push(
      madeLines(outcome.artifacts)
        .map(line => wrap(line, context.columns))
        .join("\n"),
    )
  }
  return parts.filter(Boolean).join("\n\n")
}

const skippedNote = ({ steps }: LabOutcome): string => {
  const skipped = steps.filter(step => step.status === "skipped").length
  if (skipped === 0) return ""
  if (skipped === steps.length) return "nothing changed"
  return skipped === 1 ? "1 step was up to date" : `${skipped} steps were up to date`
}

/** The numbers `task/model/metric/split` of one task: a row a model and split, a column a metric. */
interface Task {
  name: string
  rows: Map<string, { model: string; split: string; values: Map<string, number> }>
  metrics: Set<string>
}

const tasksOf = (metrics: Record<string, number>): Task[] => {
  const tasks = new Map<string, Task>()
  for (const [name, value] of Object.entries(metrics)) {
    const [taskName, model, metric, split] = name.split("/")
    if (split === undefined) continue
    const task = tasks.get(taskName) ?? { name: taskName, rows: new Map(), metrics: new Set() }
    tasks.set(taskName, task)
    task.metrics.add(metric)
    const row = task.rows.get(`${model}/${split}`) ?? { model, split, values: new Map() }
    row.values.set(metric, value)
    task.rows.set(`${model}/${split}`, row)
  }
  return [...tasks.values()]
}

const isSmall = ({ metrics }: Task) => metrics.size === 1

/** `flights: 30,000 accepted, 0 rejected rows`: one line a model. */
const asLines = ({ name, rows, metrics }: Task): string[] => {
  const [metric] = metrics
  const models = new Set([...rows.values()].map(row => row.model))
  return [...models].map(model => {
    const values = [...rows.values()]
      .filter(row => row.model === model)
      .map(row => `${shownNumber(row.values.get(metric))} ${row.split}`)
    return `${name}, ${model}, ${metric}: ${values.join(", ")}`
  })
}

const asTable = ({ name, rows, metrics }: Task, width: number): string => {
  const shown = [...metrics]
  return textTable(
    {
      columns: [
        { label: name },
        { label: "on" },
        ...shown.map(label => ({ label, align: "right" as const })),
      ],
      rows: [...rows.values()].map(({ model, split, values }): Cell[] => [
        model,
        split,
        ...shown.map(metric => shownNumber(values.get(metric))),
      ]),
    },
    { width },
  )
}

const shownNumber = (value: number | undefined): string | null =>
  value === undefined ? null : Number.isInteger(value) ? formatCount(value) : value.toFixed(4)

/** Where to look next. Tables and runs are many: their commands and JSON name them. */
const madeLines = (artifacts: Record<string, string>): string[] => {
  const named = (kind: string) => Object.entries(artifacts).filter(([name]) => name.startsWith(`${kind}/`))
  const models = named("model").map(([, uri]) => uri.replace(/^models:\//, ""))
  const runs = named("run").length
  const lines: string[] = []
  if (models.length > 0) lines.push(`registered: ${models.join(", ")} (card: roadmap models ${models[0]})`)
  if (runs > 0) lines.push(`tracked: ${runs} run${runs === 1 ? "" : "s"} (roadmap runs)`)
  if (artifacts.report) lines.push(`report: ${shortPath(artifacts.report)}`)
  return lines
}
