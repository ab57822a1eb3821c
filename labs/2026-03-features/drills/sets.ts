import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import type { Labels } from "@roadmap/feature-store/labels"
import { defineFeatureService } from "@roadmap/feature-store/services"
import type { TrainingSnapshot } from "@roadmap/feature-store/snapshot"
import { writeTrainingSet } from "@roadmap/feature-store/written-set"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { factsTable } from "../src/contract.ts"
import { departed } from "../src/definitions.ts"

/** A line of `training-sets.json`: a table that the night's job writes anew. */
export interface PlannedSet {
  table: string
  /** Only rows written to the warehouse up to this moment are read. Null: all that are there. */
  asOf: string | null
}

/** What both versions of the model are trained on: the flights of five weeks, with their origins' delays before. */
export const service = defineFeatureService({
  name: "delay_training",
  views: [{ view: departed, keys: { airport: "origin" }, prefix: "origin_" }],
})
export const labelsFrom = (flights: string): Labels => ({
  from: {
    sql: `SELECT flight_id, origin, departed_at, delay, created_at FROM ${flights}
          WHERE departed_at >= TIMESTAMP '2001-04-09' AND departed_at < TIMESTAMP '2001-05-14'`,
  },
  timestamp: "departed_at",
  order: ["flight_id"],
  createdTime: "created_at",
  columns: ["flight_id", "delay"],
})
export const labels = labelsFrom(factsTable)

type Home = Pick<Config, "home">
const planPath = ({ home }: Home) => join(home, "training-sets.json")
export const snapshotPath = ({ home }: Home) => join(home, "models", "delay-1", "snapshot.json")

export const readPlan = async (config: Home): Promise<PlannedSet[]> =>
  JSON.parse(await readFile(planPath(config), "utf8"))
export const writePlan = (config: Home, plan: readonly PlannedSet[]): Promise<void> =>
  writeFileAtomic(planPath(config), `${JSON.stringify(plan, null, 2)}\n`)

export const readSnapshot = async (config: Home): Promise<TrainingSnapshot> =>
  JSON.parse(await readFile(snapshotPath(config), "utf8"))

/** The night's job: writes every planned training set. Returns table -> rows. */
export const buildSets = async (engine: SqlEngine, config: Home): Promise<Record<string, number>> => {
  const rows: Record<string, number> = {}
  for (const { table, asOf } of await readPlan(config)) {
    const receipt = await writeTrainingSet(
      engine,
      service,
      labels,
      table,
      asOf === null ? {} : { asOf: new Date(asOf) },
    )
    rows[table] = receipt.rows
  }
  return rows
}
