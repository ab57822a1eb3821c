import { RoadmapError } from "@roadmap/core/errors"
import { collectColumns } from "@roadmap/warehouse/collect"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import { durationMicros } from "../durations.ts"
import { type Labels, labelsFrom } from "../labels.ts"
import { defineFeatureService, type FeaturePick, type FeatureService } from "../services.ts"
import { sqlWords } from "../sql/words.ts"
import { type TrainingSet, trainingSet } from "../training-set.ts"
import { isNumbers, type Values } from "../values.ts"
import { type Replay, replayFeatures } from "./replay.ts"
import { equalShare, isBinary, skillOf } from "./skill.ts"
import { type Evidence, judge, type Verdict } from "./verdict.ts"

export interface LeakageOptions {
  /** Numeric or boolean label column. */
  readonly target: string
  /** How each source looked at a past moment; sources left out are not replayed, and the report says so. */
  readonly replay?: Replay
  /** Which labels train and which test, by a text column. */
  readonly split?: { readonly column: string; readonly train: string; readonly test: string }
  /** How much earlier the control takes the features. Default "10m": short beside honest windows. */
  readonly shift?: string
  /** Past moments to replay. Default 6. */
  readonly moments?: number
  readonly seed?: number
  readonly signal?: AbortSignal
}

export interface LeakageReport {
  readonly verdict: Verdict
  readonly features: readonly ({
    readonly name: string
    readonly verdict: Verdict
    readonly reason: string
  } & Evidence)[]
  /** For each pick: how many test rows there are, and in how many the entity was in the training rows. No verdict. */
  readonly entities: readonly {
    readonly keys: readonly string[]
    readonly testRows: number
    readonly seenShare: number
  }[]
  /** Test rows with the keys and the time of a training row: the same event on both sides. */
  readonly repeatedRows?: number
}

/** Skill is measured on at most so many rows, evenly spread. */
const skillRows = 200_000

/**
 * Looks for features that know what could not be known: skill against a control taken a little earlier, replay from
 * what was known at past moments, copies of the target, statistics that contain their own row. Early signs accuse only
 * as far as verdict.ts says. Throws INVALID_INPUT for a target that is a text, and as trainingSet does.
 */
export const leakageReport = async (
  engine: SqlEngine,
  service: FeatureService,
  labels: Labels,
  options: LeakageOptions,
): Promise<LeakageReport> => {
  const { target: targetName, replay = {}, shift = "10m", moments = 6, seed = 1, split, signal } = options
  const aborting = signal && { signal }
  const asked: Labels = { ...labels, columns: [targetName, labels.timestamp] }
  const set = await trainingSet(engine, service, asked, { ...aborting })
  const target = set.labels[targetName]
  if (!isNumbers(target))
    throw new RoadmapError("INVALID_INPUT", `The target "${targetName}" is a text.`, {
      hint: "Give a number or a boolean.",
    })
  const earlier = await trainingSet(engine, service, shifted(engine, asked, durationMicros(shift)), {
    ...aborting,
  })
  const replayed = service.views.some(({ view }) => replay[view.source.table])
    ? await replayFeatures(
        engine,
        replayable(service, replay),
        labels,
        set.labels[labels.timestamp] as Float64Array,
        replay,
        {
          moments,
          seed,
          ...aborting,
        },
      )
    : new Map<string, never>()

  const rows = spread(set.rows, skillRows)
  const binary = isBinary(target)
  const frequencies = new Map<FeaturePick, Frequencies>()
  for (const pick of service.views)
    frequencies.set(pick, await frequenciesOf(engine, asked, Object.values(pick.keys)))
  const features = Object.keys(set.features).map(name => {
    const pick = service.views.find(({ features }) => features.some(({ as }) => as === name))
    const source = pick?.view.source.table
    const evidence: Evidence = {
      ...numbersOf(set, earlier, name, target, rows, binary),
      ...(pick && skillByFrequency(set.features[name], target, frequencies.get(pick)!, binary)),
      binaryTarget: binary,
      earlyFacts: pick ? earlyFacts(set, pick, name) : 0,
      ...(replayed.has(name) ? { replay: replayed.get(name)! } : { notReplayed: whyNot(source) }),
    }
    return { name, ...judge(evidence), ...evidence }
  })
  const worst = (["leak", "suspect"] as const).find(verdict =>
    features.some(feature => feature.verdict === verdict),
  )
  return {
    verdict: worst ?? "clean",
    features,
    entities: split ? await entityOverlap(engine, service.views, labels, split) : [],
    ...(split && { repeatedRows: await repeatedRows(engine, service.views, labels, split) }),
  }
}

const whyNot = (source: string | undefined): string =>
  source === undefined
    ? "it is computed on demand from others"
    : `nothing says how ${source} looked in the past`

/** The service without the views whose past is not known, and without what is computed from them. */
const replayable = (service: FeatureService, replay: Replay): FeatureService => {
  const views = service.views.filter(({ view }) => replay[view.source.table])
  if (views.length === service.views.length) return service
  const kept = views.map(({ view, keys, features }) => ({
    view,
    keys,
    features: features.map(({ feature }) => feature),
    rename: Object.fromEntries(features.map(({ feature, as }) => [feature, as])),
  }))
  return defineFeatureService({ name: service.name, views: kept })
}

const shifted = (engine: SqlEngine, labels: Labels, shift: number): Labels => {
  const words = sqlWords(engine.dialect)
  const time = words.name(labels.timestamp)
  const earlier = words.momentOf(`${words.micros(time)} - ${shift}`)
  return {
    ...labels,
    from: { sql: `SELECT *, ${earlier} AS _earlier FROM ${labelsFrom(labels, engine.dialect)}` },
    timestamp: "_earlier",
  }
}

const spread = (rows: number, most: number): Int32Array => {
  const count = Math.min(rows, most)
  return Int32Array.from({ length: count }, (_, index) => Math.floor((index * rows) / count))
}

const numbersOf = (
  set: TrainingSet,
  earlier: TrainingSet,
  name: string,
  target: Float64Array,
  rows: Int32Array,
  binary: boolean,
): Pick<Evidence, "skill" | "control" | "rows" | "equal" | "equalControl"> => {
  const [now, before] = [set.features[name], earlier.features[name]]
  if (!isNumbers(now) || !isNumbers(before)) return { rows: 0, equal: 0, equalControl: 0 }
  const skill = skillOf(now, target, rows, binary)
  return {
    skill: skill.value,
    control: skillOf(before, target, rows, binary).value,
    rows: skill.rows,
    equal: equalShare(now, target, rows),
    equalControl: equalShare(before, target, rows),
  }
}

/** Facts of a windowed feature that are known no later than they happen. */
const earlyFacts = (set: TrainingSet, { view, features }: FeaturePick, name: string): number => {
  const feature = view.features[features.find(({ as }) => as === name)!.feature]
  const figures = set.receipt.sources.find(source => source.view === view.name)!
  return figures.knownBeforeEvent + (feature.kind === "window" ? figures.knownAtEvent : 0)
}

/** Rows of entities with at most three labels, and of the others; at most `skillRows` of each. */
interface Frequencies {
  readonly rare: Int32Array
  readonly common: Int32Array
}

const frequenciesOf = async (
  engine: SqlEngine,
  labels: Labels,
  keys: readonly string[],
): Promise<Frequencies> => {
  const words = sqlWords(engine.dialect)
  const columns = keys.map(words.name).join(", ")
  const order = labels.order?.length ? `ORDER BY ${labels.order.map(words.name).join(", ")}` : ""
  // Counting may reorder rows: the label's own number goes with it.
  const numbered = `SELECT *, row_number() OVER (${order}) - 1 AS _row FROM ${labelsFrom(labels, engine.dialect)}`
  const counted = `SELECT _row, count(*) OVER (PARTITION BY ${columns}) <= 3 AS rare FROM (${numbered}) AS numbered`
  const read = await collectColumns(engine, counted, { columns: { _row: "int32", rare: "int32" } })
  const rowsWith = (rare: number) => {
    const rows = read._row.filter((_, at) => read.rare[at] === rare).sort()
    return spread(rows.length, skillRows).map(at => rows[at])
  }
  return { rare: rowsWith(1), common: rowsWith(0) }
}

/** Fewer rows than this say nothing about a group of entities. */
const fewestRows = 50

const skillByFrequency = (
  values: Values,
  target: Float64Array,
  { rare, common }: Frequencies,
  binary: boolean,
): Pick<Evidence, "rareSkill" | "commonSkill"> =>
  !isNumbers(values) || rare.length < fewestRows || common.length < fewestRows
    ? {}
    : {
        rareSkill: skillOf(values, target, rare, binary).value,
        commonSkill: skillOf(values, target, common, binary).value,
      }

const entityOverlap = async (
  engine: SqlEngine,
  picks: readonly FeaturePick[],
  labels: Labels,
  split: NonNullable<LeakageOptions["split"]>,
): Promise<LeakageReport["entities"]> => {
  const keySets = new Map(picks.map(({ keys }) => [JSON.stringify(Object.values(keys)), Object.values(keys)]))
  const overlaps = []
  for (const keys of keySets.values()) {
    const [{ test_rows, seen }] = rowsOf<{ test_rows: number; seen: number }>(
      await engine.query(overlapSql(engine, labels, keys, split)),
    )
    overlaps.push({ keys, testRows: test_rows, seenShare: test_rows === 0 ? 0 : seen / test_rows })
  }
  return overlaps
}

const repeatedRows = async (
  engine: SqlEngine,
  picks: readonly FeaturePick[],
  labels: Labels,
  split: NonNullable<LeakageOptions["split"]>,
): Promise<number> => {
  const columns = [...new Set([labels.timestamp, ...picks.flatMap(({ keys }) => Object.values(keys))])]
  const [{ seen }] = rowsOf<{ seen: number }>(await engine.query(overlapSql(engine, labels, columns, split)))
  return seen
}

const overlapSql = (
  engine: SqlEngine,
  labels: Labels,
  columns: readonly string[],
  split: NonNullable<LeakageOptions["split"]>,
): string => {
  const words = sqlWords(engine.dialect)
  const names = columns.map(words.name)
  const part = (value: string) =>
    `SELECT ${names.join(", ")} FROM ${labelsFrom(labels, engine.dialect)} WHERE ${words.name(split.column)} = ${words.text(value)}`
  return `SELECT count(*) AS test_rows, count(train._seen) AS seen FROM (${part(split.test)}) AS test
    LEFT JOIN (SELECT DISTINCT ${names.join(", ")}, 1 AS _seen FROM (${part(split.train)}) AS trained) AS train
    ON ${names.map(name => `train.${name} = test.${name}`).join(" AND ")}`
}
