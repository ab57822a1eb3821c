import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { type DrillPlace, defineDrill } from "@roadmap/labkit/drills/drill"
import { scoreBatch } from "@roadmap/serving/batch/score"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import { mayFlights, modelName, moveAlias, registerModel } from "../models.ts"
import {
  champion,
  flightsTable,
  outFolder,
  readJob,
  scoreFlights,
  scoresTable,
  writeFlights,
  writeJob,
} from "./job.ts"
import { grade, observe, type State } from "./state.ts"

/** How many rows the night had scored: the same for each copy of a seed. */
const killedAfter = (place: DrillPlace): number => 1_000 + 500 * place.random.fork("rows").integer(4)

/** The finished partitions of the cut-short job, put into the table of scores by hand. */
const publishParts = async ({ config }: DrillPlace): Promise<void> => {
  const parts = `${outFolder(config, await readJob(config))}.partial`
  await using engine = await openWarehouse(config)
  await engine.query(
    `CREATE OR REPLACE TABLE ${scoresTable} AS SELECT * FROM read_parquet(${quoteText(join(parts, "part-*.parquet"))})`,
  )
}

/** Scores these flights with the champion of the morning, and adds them to the table of scores. */
const addScores = async ({ config }: DrillPlace, flights: string): Promise<void> => {
  await scoreBatch(config, {
    model: champion,
    source: { sql: flights },
    out: join(config.home, "by-hand"),
    keep: ["flight_id"],
    table: "gold.by_hand",
    workers: 1,
  })
  await using engine = await openWarehouse(config)
  await engine.query(`INSERT INTO ${scoresTable} SELECT * FROM gold.by_hand`)
}

export default defineDrill<State>({
  id: "killed-batch",
  title: "Half of a night",
  targetMinutes: 15,
  async prepare({ config }) {
    const { distance, hour, weekday, late } = (await mayFlights(config, 400)).columns
    await registerModel(config, { distance, hour, weekday }, late)
    await moveAlias(config, "champion", 1)
    await writeFlights(config)
    await writeJob(config, { model: champion, out: "scores/2001-06" })
  },
  // Killed at two, a new champion at three, started again at four: the job refuses to mix two versions.
  async break(place) {
    const { config, home, signal } = place
    const night = spawn(
      process.execPath,
      [join(import.meta.dirname, "night.ts"), String(killedAfter(place))],
      { env: { ROADMAP_HOME: home }, stdio: "ignore", signal },
    )
    await once(night, "exit")
    const { distance, hour, weekday, late } = (await mayFlights(config, 400)).columns
    await moveAlias(
      config,
      "champion",
      await registerModel(config, { distance, hour, weekday }, late, { trees: 40 }),
    )
    await scoreFlights(config, { signal }).catch(error => {
      if (!isRoadmapError(error, "IMMUTABLE")) throw error
    })
  },
  observe,
  grade,
  causes: {
    moved: "the job was killed, and when it was started again its alias meant another version",
    source: "the flights to score changed after the job had begun",
    damaged: "a finished part of the output was damaged by the kill",
    locked: "a process of the night still holds the job's lock",
  },
  cause: "moved",
  recoveries: {
    async right({ config, signal }) {
      await writeJob(config, { ...(await readJob(config)), model: `${modelName}/1` })
      await scoreFlights(config, { signal })
    },
    wrong: {
      async "moves the alias back, and starts the job again"({ config, signal }) {
        await moveAlias(config, "champion", 1)
        await scoreFlights(config, { signal })
      },
      "publishes what is there": publishParts,
      async "scores the rest with the new champion, by hand"(place) {
        await publishParts(place)
        await addScores(
          place,
          `SELECT * FROM ${flightsTable} WHERE flight_id NOT IN (SELECT flight_id FROM ${scoresTable}) ORDER BY flight_id`,
        )
      },
      async "publishes what is there, and adds a whole run"(place) {
        await publishParts(place)
        await addScores(place, `SELECT * FROM ${flightsTable} ORDER BY flight_id`)
      },
    },
  },
  passed:
    "An alias is for whoever starts something; a job that has begun belongs to the version it began with, and writes that down. Then it can refuse to go on with another, and one word in its settings lets it end as it began.",
})
