import { z } from "zod"

const value = z.union([z.string(), z.number(), z.boolean()])
const interval = z.tuple([z.number(), z.number()])
const period = z.object({ from: z.string(), to: z.string() })

/**
 * What a model card says, in the sections of Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019,
 * arXiv:1810.03993). Every number comes from the run that made the model.
 */
export const cardSchema = z.object({
  name: z.string(),
  /** One or two sentences: what it predicts, from what, and when. */
  purpose: z.string(),
  /** Kind of model, for example "histogram gradient boosting". */
  algorithm: z.string(),
  task: z.string(),
  outOfScope: z.array(z.string()).optional(),
  data: z.object({
    table: z.string(),
    rows: z.number(),
    contentHash: z.string(),
    period,
    source: z.string().optional(),
  }),
  split: z.object({
    method: z.string(),
    parts: z.array(z.object({ name: z.string(), rows: z.number(), period: period.optional() })),
  }),
  target: z.string(),
  features: z.array(z.object({ name: z.string(), type: z.string(), description: z.string().optional() })),
  parameters: z.record(z.string(), value),
  metrics: z.array(
    z.object({
      name: z.string(),
      /** For example "validation" or "test". */
      split: z.string(),
      value: z.number(),
      /** Interval at `intervalLevel`. */
      interval: interval.optional(),
      /** The baseline's value of the same metric on the same rows. */
      baseline: z.number().optional(),
    }),
  ),
  /** Default 0.95. */
  intervalLevel: z.number().optional(),
  /** What the baseline is, for example "the mean of the training rows". */
  baseline: z.string().optional(),
  ethical: z.array(z.string()).optional(),
  limits: z.array(z.string()),
  /** Code that loads it. */
  load: z.string(),
})
export type ModelCard = z.infer<typeof cardSchema>

/** Renders a card as Markdown. The same card gives the same text. */
export const renderCard = (card: ModelCard): string => {
  const { data, split, intervalLevel = 0.95 } = card
  return [
    `# Model card: ${inline(card.name)}`,
    "## Model details",
    bullets([`Task: ${inline(card.task)}`, `Algorithm: ${inline(card.algorithm)}`]),
    table(
      ["parameter", "value"],
      Object.entries(card.parameters).map(([name, v]) => [name, String(v)]),
    ),
    "## Intended use",
    card.purpose.trim(),
    card.outOfScope?.length ? `Not meant for:\n\n${bullets(card.outOfScope.map(inline))}` : "",
    "## Factors: the features",
    `Target: ${inline(card.target)}`,
    table(
      ["feature", "type", "meaning"],
      card.features.map(feature => [feature.name, feature.type, feature.description ?? ""]),
    ),
    "## Training and evaluation data",
    bullets([
      `Table: ${inline(data.table)}, ${shown(data.rows)} rows, ${between(data.period)}`,
      `Content hash: \`${inline(data.contentHash)}\``,
      ...(data.source ? [`Source: ${inline(data.source)}`] : []),
      `Split: ${inline(split.method)}`,
    ]),
    table(
      ["part", "rows", "period"],
      split.parts.map(part => [part.name, shown(part.rows), part.period ? between(part.period) : ""]),
    ),
    "## Metrics",
    table(
      ["metric", "split", "value", `${shown(intervalLevel * 100)} % interval`, "baseline"],
      card.metrics.map(metric => [
        metric.name,
        metric.split,
        shown(metric.value),
        metric.interval ? `${shown(metric.interval[0])} to ${shown(metric.interval[1])}` : "",
        metric.baseline === undefined ? "" : shown(metric.baseline),
      ]),
    ),
    card.baseline ? `The baseline is ${inline(card.baseline)}, scored on the same rows.` : "",
    card.ethical?.length ? `## Ethical considerations\n\n${bullets(card.ethical.map(inline))}` : "",
    "## Caveats and known limits",
    card.limits.length ? bullets(card.limits.map(inline)) : "None recorded.",
    "## How to load",
    fenced(card.load.trim()),
  ]
    .filter(part => part !== "")
    .join("\n\n")
    .concat("\n")
}

const bullets = (lines: readonly string[]): string => lines.map(line => `- ${line}`).join("\n")

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  if (rows.length === 0) return ""
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => inline(cell).replaceAll("|", "\\|")).join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")
}

/** One line: a card's field cannot start a section or a table of its own. */
const inline = (text: string): string => text.replace(/\s+/g, " ").trim()

/** A code block whose fence is longer than any run of backticks inside. */
const fenced = (code: string): string => {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(match => match[0].length))
  const fence = "`".repeat(longest + 1)
  return `${fence}ts\n${code}\n${fence}`
}

const between = ({ from, to }: z.infer<typeof period>): string => `${inline(from)} to ${inline(to)}`

/** Integers in groups of three, other numbers with five significant digits. */
const shown = (v: string | number | boolean): string => {
  if (typeof v !== "number") return String(v)
  if (Number.isInteger(v)) return v.toLocaleString("en-US")
  return Number.isFinite(v) ? String(Number(v.toPrecision(5))) : String(v)
}
