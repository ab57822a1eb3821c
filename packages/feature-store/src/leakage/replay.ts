import { createRandom, sampleIndices } from "@roadmap/core/random"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { micros } from "../durations.ts"
import { type Labels, labelsFrom } from "../labels.ts"
import type { FeatureService } from "../services.ts"
import { sqlWords } from "../sql/words.ts"
import { trainingSet } from "../training-set.ts"
import { isNumbers, type Values } from "../values.ts"

/**
 * How a source looked at a past moment: given the moment as SQL, a SELECT of the table's rows as they could be known
 * then, from something other than the view's own known time. For a table of facts a filter; for a derived table the
 * statement that makes it, over filtered facts.
 */
export type Replay = Readonly<Record<string, (at: string) => string>>

export interface ReplayResult {
  readonly moments: number
  readonly compared: number
  readonly different: number
  /** The first difference. */
  readonly example?: {
    readonly at: Date
    readonly served: number | string | null
    readonly known: number | string | null
  }
}

/** Labels asked at each moment: those of the moment itself, then the next ones of the hour, asked as early. */
const labelsEach = 100
const askedAt = "_asked_at"

/**
 * Recomputes the features of labels at sampled past moments twice: from the sources as they are, with everything that
 * came later in them, and from the sources as they could be known then. A feature that keeps to its known time cannot
 * tell the difference.
 */
export const replayFeatures = async (
  engine: SqlEngine,
  service: FeatureService,
  labels: Labels,
  times: Float64Array,
  replay: Replay,
  options: { moments: number; seed: number; signal?: AbortSignal },
): Promise<Map<string, ReplayResult>> => {
  const words = sqlWords(engine.dialect)
  const seen = new Set(times.filter(time => !Number.isNaN(time)))
  const distinct = Float64Array.from(seen).sort()
  const sampled = sampleIndices(distinct.length, options.moments, createRandom(options.seed))
  const results = new Map<string, ReplayResult>()
  for (const index of sampled) {
    const at = words.moment(distinct[index])
    const time = words.name(labels.timestamp)
    const order = [time, ...(labels.order ?? []).map(words.name)].join(", ")
    const some: Labels = {
      ...labels,
      from: {
        sql: `SELECT *, ${at} AS ${askedAt} FROM ${labelsFrom(labels, engine.dialect)}
          WHERE ${time} >= ${at} AND ${time} < ${words.moment(distinct[index] + micros.hour)} ORDER BY ${order} LIMIT ${labelsEach}`,
      },
      timestamp: askedAt,
      order: [labels.timestamp, ...(labels.order ?? [])],
    }
    const signal = options.signal && { signal: options.signal }
    const served = await trainingSet(engine, service, some, { ...signal })
    const instead = Object.fromEntries(Object.entries(replay).map(([table, then]) => [table, then(at)]))
    const known = await trainingSet(engine, service, some, { ...signal, instead })
    for (const name of Object.keys(served.features))
      results.set(
        name,
        add(
          results.get(name),
          compare(served.features[name], known.features[name], served.rows, distinct[index]),
        ),
      )
  }
  return results
}

const compare = (served: Values, known: Values, rows: number, time: number): ReplayResult => {
  let different = 0
  let example: ReplayResult["example"]
  for (let row = 0; row < rows; row++) {
    const [a, b] = [cellOf(served, row), cellOf(known, row)]
    if (Object.is(a, b)) continue
    different++
    example ??= { at: new Date(time / 1_000), served: a, known: b }
  }
  return { moments: 1, compared: rows, different, ...(example && { example }) }
}

const cellOf = (values: Values, row: number): number | string | null => {
  if (isNumbers(values)) return Number.isNaN(values[row]) ? null : values[row] + 0
  return values.codes[row] < 0 ? null : values.categories[values.codes[row]]
}

const add = (before: ReplayResult | undefined, more: ReplayResult): ReplayResult => {
  if (!before) return more
  const example = before.example ?? more.example
  return {
    moments: before.moments + more.moments,
    compared: before.compared + more.compared,
    different: before.different + more.different,
    ...(example && { example }),
  }
}
