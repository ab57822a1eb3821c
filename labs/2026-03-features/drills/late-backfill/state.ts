import { takeSnapshot } from "@roadmap/feature-store/snapshot"
import { type TrainingSet, trainingSet } from "@roadmap/feature-store/training-set"
import { isNumbers } from "@roadmap/feature-store/values"
import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import { factsTable } from "../../src/contract.ts"
import { labels, labelsFrom, readPlan, readSnapshot, service } from "../sets.ts"

/** Model 1 was trained then; the late rows were written four days later. */
export const trainedAt = new Date("2001-05-16T06:00:00Z")
export const backfilledAt = new Date("2001-05-20T09:00:00Z")

/** All flights as they should be in the facts; `came_late` says which of them the backfill brought. For the grade alone. */
export const truthTable = "drill.flights"

export interface State {
  first: Comparison
  second: Comparison
  /** What the next run of the job would write to training.delay_1. */
  nextNight: Comparison
  /** True when the snapshot is the one that was taken with model 1. */
  snapshotKept: boolean
  facts: number
  /** Flights that are missing among the facts, were altered, or do not belong there. */
  alteredFacts: number
}

/** A training set as found, and as it should be. */
export interface Comparison {
  rows: number
  wanted: number
  /** Rows that are too many, too few, or other ones. */
  different: number
}

export const observe = async ({ config }: DrillPlace): Promise<State> => {
  await using engine = await openWarehouse(config)
  const truth = (which: string) => {
    const flights = `SELECT * FROM ${truthTable} WHERE ${which}`
    return { labels: labelsFrom(`(${flights})`), options: { instead: { [factsTable]: flights } } }
  }
  const then = truth("NOT came_late")
  const { set: original, snapshot } = await takeSnapshot(engine, service, then.labels, {
    ...then.options,
    asOf: trainedAt,
  })
  const all = truth("TRUE")
  const complete = await trainingSet(engine, service, all.labels, all.options)
  const planned = (await readPlan(config)).find(({ table }) => table === "training.delay_1")
  const next =
    planned &&
    (await trainingSet(
      engine,
      service,
      labels,
      planned.asOf === null ? {} : { asOf: new Date(planned.asOf) },
    ))
  const kept = await readSnapshot(config)
  const columns = "flight_id, origin, departed_at, delay, known_at, created_at"
  const [{ facts, altered }] = rowsOf<{ facts: number; altered: number }>(
    await engine.query(
      `WITH facts AS (SELECT ${columns} FROM ${factsTable}), truth AS (SELECT ${columns} FROM ${truthTable})
       SELECT (SELECT count(*) FROM facts) AS facts,
         (SELECT count(*) FROM (FROM facts EXCEPT ALL FROM truth)) + (SELECT count(*) FROM (FROM truth EXCEPT ALL FROM facts)) AS altered`,
    ),
  )
  return {
    first: await differenceFrom(engine, "training.delay_1", original),
    second: await differenceFrom(engine, "training.delay_2", complete),
    nextNight: compareRows(next ? rowsIn(next) : [], rowsIn(original)),
    snapshotKept: kept.contentHash === snapshot.contentHash && kept.asOf === snapshot.asOf,
    facts,
    alteredFacts: altered,
  }
}

/** How a written training set differs from one in memory. */
export const differenceFrom = async (
  engine: SqlEngine,
  table: string,
  set: TrainingSet,
): Promise<Comparison> => {
  const names = columnsOf(set)
  const rows = rowsOf<Record<string, Cell>>(
    await engine.query(`SELECT ${names.join(", ")} FROM ${table} ORDER BY flight_id`),
  )
  return compareRows(
    rows.map(row => names.map(name => row[name] ?? null).join()),
    rowsIn(set),
  )
}

const columnsOf = (set: TrainingSet): string[] => Object.keys({ ...set.labels, ...set.features })

/** Each row as a text that tells it from others; the first value is the flight's id. */
const rowsIn = (set: TrainingSet): string[] => {
  const columns = Object.values({ ...set.labels, ...set.features }).filter(isNumbers)
  return Array.from({ length: set.rows }, (_, row) =>
    columns.map(values => (Number.isNaN(values[row]) ? "" : values[row])).join(),
  )
}

const compareRows = (rows: readonly string[], wanted: readonly string[]): Comparison => {
  const found = new Set(rows)
  const asked = new Set(wanted)
  const strange = rows.filter(row => !asked.has(row)).length
  const absent = wanted.filter(row => !found.has(row)).length
  return { rows: rows.length, wanted: wanted.length, different: Math.max(strange, absent) }
}

export const grade = (state: State): readonly Grade[] => {
  const { first, second, nextNight, snapshotKept, facts, alteredFacts } = state
  const compared = (what: string, { rows, wanted, different }: Comparison): Grade => ({
    what,
    passed: different === 0,
    found:
      different === 0
        ? `${rows} rows, all as wanted`
        : `${rows} rows (${wanted} wanted), ${different} differ`,
  })
  return [
    compared("training.delay_1 holds what model 1 was trained on", first),
    compared("the next run of the night's job writes the same again", nextNight),
    compared("training.delay_2 knows every flight, the late ones included", second),
    {
      what: "no fact is lost or altered, and the late ones say when they were written",
      passed: alteredFacts === 0,
      found: alteredFacts === 0 ? `${facts} facts` : `${facts} facts, ${alteredFacts} differences`,
    },
    {
      what: "the snapshot of model 1 is the one taken when it was trained",
      passed: snapshotKept,
      found: snapshotKept ? "it is" : "its hash or its time is another one",
    },
  ]
}
