import { createHash } from "node:crypto"
import { RoadmapError } from "@roadmap/core/errors"
import { checksum } from "@roadmap/warehouse/checksum"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import { type Labels, labelsFrom, labelsText } from "./labels.ts"
import type { JoinPath } from "./receipt.ts"
import type { FeatureService } from "./services.ts"
import { checkView } from "./sources.ts"
import { sqlWords } from "./sql/words.ts"
import { type TrainingOptions, type TrainingSet, trainingSet, viewsOf } from "./training-set.ts"
import { isNumbers, type Values } from "./values.ts"

/** Enough to make a training set again, and to know whether it is the same. Plain data: store it beside the model. */
export interface TrainingSnapshot {
  readonly service: string
  readonly serviceVersion: string
  readonly views: readonly { readonly name: string; readonly version: string }[]
  readonly labels: Labels
  readonly path: JoinPath
  /** ISO 8601. Nothing that was written to the warehouse later is in it. */
  readonly asOf: string
  readonly rows: number
  /** SHA-256 over all columns, value by value in the order of the rows. */
  readonly contentHash: string
  /** SHA-256 of each column: tells which one differs. */
  readonly columns: Readonly<Record<string, string>>
  /** Rows of each source created up to the as-of time, and their fingerprint. */
  readonly sources: Readonly<Record<string, { readonly rows: number; readonly checksum: string }>>
}

/**
 * Makes a training set of what had been written by `asOf`, and the snapshot from which it can be made again.
 * `labels.order` must tell any two rows apart and `labels.createdTime` must be given; every source needs a created
 * time. Throws INVALID_INPUT where one is missing, or the as-of time lies in the future (rows may still come).
 */
export const takeSnapshot = async (
  engine: SqlEngine,
  service: FeatureService,
  labels: Labels,
  options: TrainingOptions & { asOf: Date },
): Promise<{ set: TrainingSet; snapshot: TrainingSnapshot }> => {
  const { asOf, now = new Date() } = options
  if (!(asOf.getTime() <= now.getTime()))
    throw new RoadmapError("INVALID_INPUT", `A snapshot as of ${asOf.toISOString()} lies in the future.`, {
      hint: "Rows may still be written before it: take a moment that has passed.",
    })
  await checkOrder(engine, labels, asOf)
  const set = await trainingSet(engine, service, labels, options)
  const columns = columnHashes(set)
  return {
    set,
    snapshot: {
      service: service.name,
      serviceVersion: service.version,
      views: viewsOf(service),
      labels,
      path: set.receipt.path,
      asOf: asOf.toISOString(),
      rows: set.rows,
      contentHash: contentHash(set.rows, columns),
      columns,
      sources: await sourceChecksums(engine, service, labels, asOf),
    },
  }
}

/**
 * Makes the training set of a snapshot again, bit-equal, whatever was loaded since. Throws SCHEMA_MISMATCH when the
 * service is of another version; HISTORY_CHANGED, with the source or the columns' names, when rows that it had read
 * were changed or deleted.
 */
export const rebuild = async (
  engine: SqlEngine,
  service: FeatureService,
  snapshot: TrainingSnapshot,
  options: Pick<TrainingOptions, "signal" | "now"> = {},
): Promise<TrainingSet> => {
  const { labels, path } = snapshot
  if (service.name !== snapshot.service || service.version !== snapshot.serviceVersion)
    throw otherService(service, snapshot)
  const asOf = new Date(snapshot.asOf)
  const sources = await sourceChecksums(engine, service, labels, asOf)
  const changed = Object.entries(snapshot.sources).filter(
    ([table, then]) => sources[table]?.checksum !== then.checksum,
  )
  if (changed.length > 0)
    throw new RoadmapError(
      "HISTORY_CHANGED",
      `The snapshot of ${snapshot.asOf} cannot be rebuilt: ${changed
        .map(([table, then]) => historyText(table, then.rows, sources[table]?.rows ?? 0))
        .join("; ")}.`,
      {
        hint: "Add corrections as new rows with their own created time instead of overwriting, or restore the rows.",
      },
    )
  const set = await trainingSet(engine, service, labels, { ...options, path, asOf })
  const columns = columnHashes(set)
  if (contentHash(set.rows, columns) === snapshot.contentHash) return set
  const different = Object.keys({ ...snapshot.columns, ...columns }).filter(
    name => columns[name] !== snapshot.columns[name],
  )
  throw new RoadmapError(
    "HISTORY_CHANGED",
    `The snapshot of ${snapshot.asOf} was rebuilt with other values in ${different.join(", ") || "no column, but another number of rows"}.`,
    { hint: "The sources are as they were; an on-demand function that is not pure would do this." },
  )
}

const historyText = (table: string, then: number, now: number): string =>
  then === now
    ? `rows of ${table} were changed`
    : `${table} had ${then.toLocaleString("en")} rows created until then and has ${now.toLocaleString("en")} of them now`

const otherService = (service: FeatureService, snapshot: TrainingSnapshot): RoadmapError => {
  const now = new Map(viewsOf(service).map(({ name, version }) => [name, version]))
  const changed = snapshot.views
    .filter(({ name, version }) => now.get(name) !== version)
    .map(({ name }) => name)
  return new RoadmapError(
    "SCHEMA_MISMATCH",
    `The snapshot was made by service "${snapshot.service}" version ${snapshot.serviceVersion}; this is "${service.name}" version ${service.version}${changed.length > 0 ? ` (${changed.join(", ")} changed)` : ""}.`,
    { hint: "Rebuild it with the definitions of that version; the feature registry has them." },
  )
}

/** Two rows that cannot be told apart could change places between two builds. */
const checkOrder = async (engine: SqlEngine, labels: Labels, asOf: Date): Promise<void> => {
  const words = sqlWords(engine.dialect)
  const order = labels.order ?? []
  if (order.length === 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${labelsText(labels)} says no order, so its rows cannot be put back.`,
      {
        hint: "Name columns that tell any two rows apart: labels.order.",
      },
    )
  const columns = order.map(words.name).join(", ")
  const repeated = await engine.query(
    `SELECT count(*) AS n FROM (SELECT ${columns} FROM ${labelsFrom(labels, engine.dialect, asOf)} GROUP BY ${columns} HAVING count(*) > 1) AS repeated`,
  )
  const [{ n }] = rowsOf<{ n: number }>(repeated)
  if (n > 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${labelsText(labels)} has ${n.toLocaleString("en")} groups of rows alike in ${order.join(", ")}: their order is not certain.`,
      { hint: "Name columns that tell any two rows apart: labels.order." },
    )
}

const sourceChecksums = async (
  engine: SqlEngine,
  service: FeatureService,
  labels: Labels,
  asOf: Date,
): Promise<TrainingSnapshot["sources"]> => {
  const words = sqlWords(engine.dialect)
  const sources: Record<string, { rows: number; checksum: string }> = {}
  for (const view of new Map(service.views.map(({ view }) => [view.version, view])).values()) {
    const { source } = view
    const { from, where, fields } = await checkView(engine, view, { asOf })
    const read = [
      ...new Set([
        ...Object.values(source.keys),
        source.eventTime,
        source.knownTime,
        ...(source.createdTime ? [source.createdTime] : []),
        ...fields.keys(),
      ]),
    ]
    sources[`${source.table} (${view.name})`] = await checksum(
      engine,
      `SELECT ${read.map(words.name).join(", ")} FROM ${from} WHERE ${where}`,
    )
  }
  const asked = [
    ...new Set([
      labels.timestamp,
      ...(labels.order ?? []),
      ...(labels.columns ?? []),
      ...service.views.flatMap(({ keys }) => Object.values(keys)),
      ...service.onDemand.flatMap(({ request }) => request),
    ]),
  ]
  sources[labelsText(labels)] = await checksum(
    engine,
    `SELECT ${asked.map(words.name).join(", ")} FROM ${labelsFrom(labels, engine.dialect, asOf)}`,
  )
  return sources
}

const columnHashes = (set: TrainingSet): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...set.labels, ...set.features }).map(([name, values]) => [name, valuesHash(values)]),
  )

/** Of the values, not of how they are coded: texts count by their text. */
const valuesHash = (values: Values): string => {
  const hash = createHash("sha256")
  if (isNumbers(values)) {
    // One bit pattern for every NaN, and for zero.
    const canonical = values.map(value => (Number.isNaN(value) ? Number.NaN : value + 0))
    return hash.update(new Uint8Array(canonical.buffer)).digest("hex")
  }
  const used = [...new Set(values.codes)].filter(code => code >= 0).map(code => values.categories[code])
  used.sort()
  const position = new Map(used.map((text, code) => [text, code]))
  const codeOf = Int32Array.from(values.categories, text => position.get(text) ?? -1)
  const codes = values.codes.map(code => (code < 0 ? -1 : codeOf[code]))
  return hash.update(JSON.stringify(used)).update(new Uint8Array(codes.buffer)).digest("hex")
}

const contentHash = (rows: number, columns: Readonly<Record<string, string>>): string =>
  createHash("sha256")
    .update(JSON.stringify([rows, Object.entries(columns)]))
    .digest("hex")
