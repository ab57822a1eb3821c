import { RoadmapError } from "@roadmap/core/errors"
import type { Field, SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import type { FeatureView, WindowFeature } from "./definitions.ts"
import { durationText, micros } from "./durations.ts"
import { checkKey, checkTime, fieldNamed, fieldsOf } from "./labels.ts"
import type { FeaturePick } from "./services.ts"
import { isNumeric, sqlWords } from "./sql/words.ts"

/** Restricts what is read of the sources. */
export interface SourceScope {
  /** Only rows created at or before this moment. */
  readonly asOf?: Date
  /** Table -> SELECT to read in its place: for replays. */
  readonly instead?: Readonly<Record<string, string>>
}

/** A view with the columns of its source as they are now. */
export interface CheckedView {
  readonly view: FeatureView
  /** Its features' columns, by name. */
  readonly fields: ReadonlyMap<string, Field>
  /** What stands behind FROM, the scope applied. */
  readonly from: string
  /** Rows that count at all, in SQL. */
  readonly where: string
}

export interface CheckedPick {
  readonly pick: FeaturePick
  readonly checked: CheckedView
}

/**
 * Looks whether the source still is what the view says. Throws TABLE_MISSING; SCHEMA_MISMATCH for a missing column,
 * a time that is no timestamp, a key of another type, an aggregate of a text; INVALID_INPUT for an as-of time on a
 * source without a created time.
 */
export const checkView = async (
  engine: SqlEngine,
  view: FeatureView,
  scope: SourceScope,
): Promise<CheckedView> => {
  const { source, entity, features } = view
  const words = sqlWords(engine.dialect)
  const instead = scope.instead?.[source.table]
  const from = instead === undefined ? words.table(source.table) : `(${instead}) AS replayed`
  const fields = await fieldsOf(engine, from)
  const where = `${source.table}, the source of view "${view.name}",`
  const find = (name: string) => fieldNamed(fields, name, where)
  for (const time of [source.eventTime, source.knownTime]) checkTime(find(time), where)
  if (source.createdTime !== undefined) checkTime(find(source.createdTime), where)
  for (const [key, column] of Object.entries(source.keys))
    checkKey(find(column), entity.keys[key], entity.name, where)
  const columns = new Map<string, Field>()
  for (const [name, feature] of Object.entries(features)) {
    if (feature.column === undefined) continue
    const field = find(feature.column)
    columns.set(field.name, field)
    if (feature.kind === "window") checkAggregate(name, feature, field, where)
  }
  const conditions = [source.eventTime, source.knownTime].map(time => `${words.name(time)} IS NOT NULL`)
  if (scope.asOf) {
    if (source.createdTime === undefined) throw noCreatedTime(view)
    conditions.push(`${words.name(source.createdTime)} <= ${words.moment(scope.asOf.getTime() * 1_000)}`)
  }
  return { view, fields: columns, from, where: conditions.join(" AND ") }
}

const checkAggregate = (name: string, { aggregate }: WindowFeature, field: Field, where: string): void => {
  const fits =
    aggregate === "count" ||
    aggregate === "distinct" ||
    (aggregate === "share" ? field.type === "boolean" : isNumeric(field))
  if (fits) return
  throw new RoadmapError(
    "SCHEMA_MISMATCH",
    `${where} has "${field.name}" as ${field.type}; the feature "${name}" needs ${aggregate === "share" ? "a boolean" : "a number"} for its ${aggregate}.`,
  )
}

export const noCreatedTime = (view: FeatureView): RoadmapError =>
  new RoadmapError(
    "INVALID_INPUT",
    `The view "${view.name}" cannot be read as of a past moment: its source ${view.source.table} names no created time.`,
    { hint: "Give the source's createdTime: the column with the moment in which each row was written." },
  )

/** What was seen of a source. Counts are of rows. */
export interface SourceFigures {
  readonly view: string
  readonly table: string
  readonly facts: number
  /** Without a known time, an event time or a key: never known to anyone. */
  readonly unusable: number
  /** Known before it happened. */
  readonly knownBeforeEvent: number
  /** Known in the very moment it happened: a label of that moment sees its own fact. */
  readonly knownAtEvent: number
  /** Known, or happened, after now. */
  readonly future: number
  /** Microseconds since 1970; absent without facts. */
  readonly firstKnown?: number
  readonly lastKnown?: number
}

/** One pass over a source. `now` in microseconds. */
export const sourceFigures = async (
  engine: SqlEngine,
  { view, from, where }: CheckedView,
  now: number,
): Promise<SourceFigures> => {
  const words = sqlWords(engine.dialect)
  const { source } = view
  const [event, known] = [words.name(source.eventTime), words.name(source.knownTime)]
  const keyed = Object.values(source.keys).map(column => `${words.name(column)} IS NOT NULL`)
  const usable = [where, ...keyed].join(" AND ")
  const counted = (condition: string) => `count(CASE WHEN ${usable} AND ${condition} THEN 1 END)`
  const limit = words.moment(now)
  const table = await engine.query(
    `SELECT count(*) AS all_rows, ${counted("TRUE")} AS facts, ${counted(`${known} < ${event}`)} AS before_event,
      ${counted(`${known} = ${event}`)} AS at_event, ${counted(`(${known} > ${limit} OR ${event} > ${limit})`)} AS future,
      min(CASE WHEN ${usable} THEN ${words.micros(known)} END) AS first_known,
      max(CASE WHEN ${usable} THEN ${words.micros(known)} END) AS last_known
    FROM ${from}`,
  )
  const [row] = rowsOf<Record<string, number | null>>(table)
  return {
    view: view.name,
    table: source.table,
    facts: row.facts!,
    unusable: row.all_rows! - row.facts!,
    knownBeforeEvent: row.before_event!,
    knownAtEvent: row.at_event!,
    future: row.future!,
    ...(row.first_known !== null && { firstKnown: row.first_known }),
    ...(row.last_known !== null && { lastKnown: row.last_known }),
  }
}

/** What somebody should look at, in sentences. Nothing here stops a training set. */
export const sourceWarnings = (picks: readonly FeaturePick[], figures: readonly SourceFigures[]): string[] =>
  figures.flatMap(figure => {
    const { view, table, facts, firstKnown, lastKnown } = figure
    const of = (count: number) =>
      `${count.toLocaleString("en")} of ${facts.toLocaleString("en")} facts of ${table}`
    const warnings: string[] = []
    if (facts === 0) warnings.push(`${table} has no usable fact: every feature of view "${view}" is empty.`)
    if (figure.unusable > 0)
      warnings.push(
        `${figure.unusable.toLocaleString("en")} rows of ${table} have no key, event time or known time, or were created later; they never count.`,
      )
    if (figure.knownBeforeEvent > 0)
      warnings.push(
        `${of(figure.knownBeforeEvent)} are known before they happen: is one clock in another zone, or the wrong column the known time?`,
      )
    if (figure.knownAtEvent > 0 && hasWindows(picks, view))
      warnings.push(
        `${of(figure.knownAtEvent)} are known in the moment they happen: a label of that moment sees its own fact.`,
      )
    if (figure.future > 0) warnings.push(`${of(figure.future)} lie in the future.`)
    if (firstKnown !== undefined && lastKnown !== undefined) {
      const longest = longestWindow(picks, view)
      if (longest > lastKnown - firstKnown)
        warnings.push(
          `View "${view}" has a window of ${durationText(longest)}, longer than the ${((lastKnown - firstKnown) / micros.day).toFixed(1)} days of history in ${table}: it is never full.`,
        )
    }
    return warnings
  })

const windowsOf = (picks: readonly FeaturePick[], view: string): WindowFeature[] =>
  picks
    .filter(pick => pick.view.name === view)
    .flatMap(pick => pick.features.map(({ feature }) => pick.view.features[feature]))
    .filter(feature => feature.kind === "window")

const hasWindows = (picks: readonly FeaturePick[], view: string): boolean => windowsOf(picks, view).length > 0

const longestWindow = (picks: readonly FeaturePick[], view: string): number =>
  Math.max(0, ...windowsOf(picks, view).map(({ window }) => window))
