import { openOnlineStore } from "@roadmap/feature-store/online/open"
import type { OnlineStore } from "@roadmap/feature-store/online/port"
import { type DrillPlace, defineDrill } from "@roadmap/labkit/drills/drill"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { factsTable } from "../../src/contract.ts"
import { loadFacts } from "../facts.ts"
import { agreedHours, fillStore, now, readSettings, view, writeSettings } from "../store-job.ts"
import { grade, observe, type State } from "./state.ts"

/** The hour of 14 June after which the fault shows: the same for each copy of a seed. */
const lastGoodHour = (place: DrillPlace): Date =>
  new Date(Date.UTC(2001, 5, 14, 14 + place.random.fork("hour").integer(8)))

const using = async <T>(
  { config }: DrillPlace,
  work: (engine: SqlEngine, store: OnlineStore) => Promise<T>,
): Promise<T> => {
  await using engine = await openWarehouse(config)
  await using store = await openOnlineStore(config)
  return await work(engine, store)
}

const fill = async (place: DrillPlace, options?: { rewrite: boolean }): Promise<void> => {
  await using(place, (engine, store) => fillStore(engine, store, place.config, options))
}

const timestamp = (time: Date) => `TIMESTAMP '${time.toISOString().slice(0, 19).replace("T", " ")}'`

export default defineDrill<State>({
  id: "stale-store",
  title: "Every job is green",
  targetMinutes: 15,
  prepare: place =>
    using(place, async (engine, store) => {
      const { config, signal } = place
      await loadFacts(engine, { where: "date >= '2001-06-05' AND date < '2001-06-16'", oneIn: 60, signal })
      await engine.query(`CREATE TABLE gold.arriving AS SELECT * FROM ${factsTable}`)
      await engine.query(`DELETE FROM ${factsTable} WHERE known_at > ${timestamp(lastGoodHour(place))}`)
      await writeSettings(config, {
        loadedTo: lastGoodHour(place).toISOString(),
        timeToLiveHours: agreedHours,
      })
      await fillStore(engine, store, config)
    }),
  // The flights of the night are loaded; the step that says so was lost. The job finds nothing to do, each hour.
  break: place =>
    using(place, async (engine, store) => {
      await engine.query(
        `INSERT INTO ${factsTable} SELECT * FROM gold.arriving
         WHERE known_at > ${timestamp(lastGoodHour(place))} AND known_at <= ${timestamp(now)}`,
      )
      await fillStore(engine, store, place.config)
    }),
  observe,
  grade,
  causes: {
    stopped: "the materialisation has stood still since yesterday",
    keys: "the store writes airports under other keys than the service asks for",
    ttl: "the time to live is too short for the hourly job",
    late: "the flights themselves reach the warehouse late",
  },
  cause: "stopped",
  recoveries: {
    async right(place) {
      await writeSettings(place.config, {
        ...(await readSettings(place.config)),
        loadedTo: now.toISOString(),
      })
      await fill(place)
    },
    wrong: {
      async "raises the time to live"(place) {
        await writeSettings(place.config, { ...(await readSettings(place.config)), timeToLiveHours: 72 })
        await fill(place, { rewrite: true })
      },
      async "raises the time to live, and fills the store"(place) {
        await writeSettings(place.config, { loadedTo: now.toISOString(), timeToLiveHours: 72 })
        await fill(place)
      },
      async "fills the store up to tomorrow, to have peace"(place) {
        await writeSettings(place.config, {
          ...(await readSettings(place.config)),
          loadedTo: "2001-06-16T12:00:00.000Z",
        })
        await fill(place)
      },
      async "empties the store and runs the job again"(place) {
        await using(place, async (engine, store) => {
          await store.drop(view.name)
          await fillStore(engine, store, place.config)
        })
      },
    },
  },
  passed:
    "The job was green because it had nothing to do. A store is watched by the age of what it serves (event times, the share of expired reads), not by the exit code of the job that fills it.",
})
