import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { isRoadmapError } from "@roadmap/core/errors"
import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { createFeatures } from "@roadmap/ml/features"
import { openRegistry } from "@roadmap/model-registry/open"
import { loadServedModel } from "@roadmap/serving/model/served"
import { collectColumns } from "@roadmap/warehouse/collect"
import { openWarehouse } from "@roadmap/warehouse/open"
import { modelName } from "../models.ts"
import { flightsTable, outFolder, readJob, scoresTable } from "./job.ts"

export interface State {
  flights: number
  /** Rows of the table of scores. */
  scores: number
  /** Flights with no score, and with more than one. */
  without: number
  doubled: number
  /** Scores that are those of this version. */
  ofVersion: Record<string, number>
  /** Whether the job's output folder is there, with its manifest. */
  finished: boolean
  champion: number | null
}

export const observe = async ({ config }: DrillPlace): Promise<State> => {
  await using engine = await openWarehouse(config)
  const flights = await collectColumns(engine, `SELECT * FROM ${flightsTable} ORDER BY flight_id`, {
    columns: { flight_id: "float64", distance: "float64", hour: "float64", weekday: "float64" },
  })
  const scores = await collectColumns(engine, `SELECT flight_id, probability FROM ${scoresTable}`, {
    columns: { flight_id: "float64", probability: "float64" },
  }).catch(error => {
    if (isRoadmapError(error, "TABLE_MISSING"))
      return { flight_id: new Float64Array(0), probability: new Float64Array(0) }
    throw error
  })
  const { distance, hour, weekday } = flights
  const features = createFeatures(
    Object.entries({ distance, hour, weekday }).map(([name, values]) => ({ name, kind: "numeric", values })),
  )
  const times = new Map<number, number>()
  for (const id of scores.flight_id) times.set(id, (times.get(id) ?? 0) + 1)
  const rowOf = new Map(Array.from(flights.flight_id, (id, row) => [id, row]))
  const ofVersion: Record<string, number> = {}
  const registry = await openRegistry(config)
  try {
    for (const version of [1, 2]) {
      const served = await loadServedModel(registry, `${modelName}/${version}`)
      const { columns } = await served.predict(features)
      const { values } = columns.find(({ name }) => name === "probability")!
      await served.close()
      ofVersion[version] = scores.flight_id.filter((id, i) =>
        Object.is(values[rowOf.get(id) ?? -1], scores.probability[i]),
      ).length
    }
    return {
      flights: flights.flight_id.length,
      scores: scores.flight_id.length,
      without: flights.flight_id.filter(id => !times.has(id)).length,
      doubled: [...times.values()].filter(count => count > 1).length,
      ofVersion,
      finished: await isFinished(config),
      champion: (await registry.getModel(modelName)).aliases.champion ?? null,
    }
  } finally {
    await registry.close()
  }
}

const isFinished = async (config: Config): Promise<boolean> =>
  existsSync(join(outFolder(config, await readJob(config)), "manifest.json"))

export const grade = (state: State): readonly Grade[] => {
  const { flights, scores, without, doubled, ofVersion, finished, champion } = state
  return [
    {
      what: "every flight has a score, and has it once",
      passed: without === 0 && doubled === 0 && scores === flights,
      found: `${scores} scores of ${flights} flights; ${without} without, ${doubled} more than once`,
    },
    {
      what: "all scores are of one version",
      passed: scores > 0 && Object.values(ofVersion).includes(scores),
      found: Object.entries(ofVersion)
        .map(([version, count]) => `${count} of version ${version}`)
        .join(", "),
    },
    {
      what: "the job itself says that it is done",
      passed: finished,
      found: finished ? "its folder has the manifest" : "its folder has no manifest",
    },
    {
      what: "the release of the night stands",
      passed: champion === 2,
      found: `champion means version ${champion ?? "none"}`,
    },
  ]
}
