import { breathe } from "@roadmap/core/async"
import type { Field, SqlEngine } from "@roadmap/warehouse/port"
import type { Labels } from "../labels.ts"
import type { CheckedPick } from "../sources.ts"
import { keySql } from "../sql/expressions.ts"
import { sqlWords } from "../sql/words.ts"
import type { Values } from "../values.ts"
import { readFacts, sourceKey } from "./facts.ts"
import { fillFeatures } from "./features.ts"
import { matchKeys, numberKeys } from "./keys.ts"
import { readLabels, type SweepOptions } from "./labels.ts"
import { groupByKey } from "./sort.ts"
import type { FactColumn } from "./windows.ts"

export interface JoinedColumns {
  readonly rows: number
  /** By the names of the service, in its order. */
  readonly features: Record<string, Values>
  /** The label columns that were asked for. */
  readonly labels: Record<string, Values>
}

/**
 * The point-in-time join in memory: labels and facts are read once as typed arrays, grouped by key, ordered by time
 * and swept with two pointers. Costs time in proportion to rows x features, and memory for one view's facts at a time.
 */
export const sweepJoin = async (
  engine: SqlEngine,
  picks: readonly CheckedPick[],
  labels: Labels,
  fields: readonly Field[],
  options: SweepOptions,
): Promise<JoinedColumns> => {
  const { signal } = options
  const words = sqlWords(engine.dialect)
  const table = await readLabels(engine, picks, labels, fields, options)
  const features: Record<string, Values> = {}
  for (const { pick } of picks) for (const { as } of pick.features) features[as] = new Float64Array(0)

  const sources = Map.groupBy(picks, ({ checked }) => sourceKey(checked))
  for (const ofSource of sources.values()) {
    const facts = await readFacts(
      engine,
      ofSource.map(({ checked }) => checked),
      table,
      signal,
    )
    const groupings = Map.groupBy(ofSource, ({ pick }) =>
      JSON.stringify(Object.values(pick.view.source.keys)),
    )
    for (const ofGrouping of groupings.values()) {
      const roles = Map.groupBy(ofGrouping, ({ pick }) => JSON.stringify(Object.values(pick.keys)))
      const numbers = numberKeys(
        Object.values(ofGrouping[0].pick.view.source.keys).map(column => facts.text(keySql(column, words))),
      )
      const grouped = groupByKey(numbers.codes, numbers.size, facts.known, facts.byTime)
      const columns = new Map<string, FactColumn>()
      for (const ofRole of roles.values()) {
        await breathe(signal)
        const keys = Object.values(ofRole[0].pick.keys).map(column => table.keys.get(column)!)
        const asked = {
          times: table.times,
          byTime: table.byTime,
          keys: matchKeys(keys, numbers, table.times),
        }
        fillFeatures({ facts, grouped, asked, columns, words }, ofRole, features)
      }
    }
  }
  return { rows: table.rows, features, labels: table.columns }
}
