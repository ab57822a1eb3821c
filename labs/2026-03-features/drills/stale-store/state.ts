import { openOnlineStore } from "@roadmap/feature-store/online/open"
import { defineFeatureService } from "@roadmap/feature-store/services"
import { trainingSet } from "@roadmap/feature-store/training-set"
import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { openWarehouse } from "@roadmap/warehouse/open"
import { factsTable } from "../../src/contract.ts"
import { agreedHours, now, readSettings, view } from "../store-job.ts"

export interface State {
  /** ISO 8601. */
  filledTo: string
  airports: number
  /** Airports by what a read at the drill's time says of them. */
  statuses: Record<string, number>
  /** Airports with a value that a training set of this moment would not have. */
  different: string[]
  /** Airports with flights of the last day that still answer a day later, if nothing is written until then. */
  undead: number
  timeToLiveHours: number
}

const service = defineFeatureService({ name: "now", views: [view] })
const microsOf = (time: Date): bigint => BigInt(time.getTime()) * 1_000n

export const observe = async ({ config }: DrillPlace): Promise<State> => {
  await using engine = await openWarehouse(config)
  await using store = await openOnlineStore(config)
  const at = `TIMESTAMP '${now.toISOString().slice(0, 19).replace("T", " ")}'`
  const offline = await trainingSet(engine, service, {
    from: { sql: `SELECT DISTINCT origin AS airport, ${at} AS moment FROM ${factsTable}` },
    timestamp: "moment",
    order: ["airport"],
    columns: ["airport"],
  })
  const { codes, categories } = offline.labels.airport as { codes: Int32Array; categories: readonly string[] }
  const keys = Array.from(codes, code => [categories[code]])
  const rows = await store.read(view.name, keys, { asOf: microsOf(now) })
  const tomorrow = await store.read(view.name, keys, { asOf: microsOf(now) + 86_400_000_000n })
  const lastDay = offline.features.delay_24h as Float64Array
  const { materializedTo } = await store.progress(view.name)
  const differs = (row: number) =>
    Object.keys(view.features).some(name => {
      const wanted = (offline.features[name] as Float64Array)[row]
      return (
        (rows[row].values[name] ?? Number.NaN) !== wanted &&
        !(Number.isNaN(wanted) && rows[row].values[name] === null)
      )
    })
  return {
    filledTo:
      materializedTo === undefined ? "never" : new Date(Number(materializedTo / 1_000n)).toISOString(),
    airports: keys.length,
    statuses: Object.fromEntries(
      [...Map.groupBy(rows, row => row.status)].map(([status, group]) => [status, group.length]),
    ),
    different: keys.flatMap(([airport], row) => (differs(row) ? [airport] : [])),
    undead: tomorrow.filter((row, i) => row.status === "present" && !Number.isNaN(lastDay[i])).length,
    timeToLiveHours: (await readSettings(config)).timeToLiveHours,
  }
}

export const grade = ({
  filledTo,
  airports,
  statuses,
  different,
  undead,
  timeToLiveHours,
}: State): readonly Grade[] => [
  {
    what: "the store is filled to 12:00, and not beyond what is loaded",
    passed: filledTo === now.toISOString(),
    found: `it is filled to ${filledTo}`,
  },
  {
    what: "every airport has the values that a training set of this moment has",
    passed: different.length === 0,
    found:
      different.length === 0
        ? `all ${airports} airports`
        : `${different.length} of ${airports} airports have others (${different.slice(0, 4).join(", ")}); statuses: ${Object.entries(
            statuses,
          )
            .map(([status, count]) => `${count} ${status}`)
            .join(", ")}`,
  },
  {
    what: "values that nobody writes again die after the agreed time",
    passed: timeToLiveHours === agreedHours && undead === 0,
    found: `the job gives them ${timeToLiveHours} hours (${agreedHours} agreed); ${undead} airports still answer a day later`,
  },
]
