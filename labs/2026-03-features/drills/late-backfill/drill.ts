import { mkdir } from "node:fs/promises"
import { dirname } from "node:path"
import { writeFileAtomic } from "@roadmap/core/files"
import { takeSnapshot } from "@roadmap/feature-store/snapshot"
import { type DrillPlace, defineDrill } from "@roadmap/labkit/drills/drill"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { factsTable } from "../../src/contract.ts"
import { loadFacts } from "../facts.ts"
import { buildSets, labels, type PlannedSet, readPlan, service, snapshotPath, writePlan } from "../sets.ts"
import { backfilledAt, grade, observe, type State, trainedAt, truthTable } from "./state.ts"

const timestamp = (time: Date) => `TIMESTAMP '${time.toISOString().slice(0, 19).replace("T", " ")}'`

/** Which flights come late: ten days of one large airport, the same for each copy of a seed. */
const lateFlights = (place: DrillPlace): string => {
  const random = place.random.fork("late")
  const airport = ["ATL", "DFW", "LAX", "ORD", "PHX"][random.integer(5)]
  const firstDay = 15 + random.integer(6)
  return `origin = '${airport}' AND departed_at >= TIMESTAMP '2001-04-${firstDay}' AND departed_at < TIMESTAMP '2001-04-${firstDay + 10}'`
}

const using = async <T>(place: DrillPlace, work: (engine: SqlEngine) => Promise<T>): Promise<T> => {
  await using engine = await openWarehouse(place.config)
  return await work(engine)
}

const pin = async (place: DrillPlace, asOf: (set: PlannedSet) => string | null): Promise<void> =>
  writePlan(
    place.config,
    (await readPlan(place.config)).map(set => ({ ...set, asOf: asOf(set) })),
  )

const build = (place: DrillPlace) => using(place, engine => buildSets(engine, place.config))

export default defineDrill<State>({
  id: "late-backfill",
  title: "The model that cannot be repeated",
  targetMinutes: 15,
  prepare: place =>
    using(place, async engine => {
      const { config, signal } = place
      await loadFacts(engine, { where: "date >= '2001-04-01' AND date < '2001-05-15'", oneIn: 400, signal })
      await engine.query("CREATE SCHEMA drill")
      await engine.query(
        `CREATE TABLE ${truthTable} AS SELECT * REPLACE (CASE WHEN came_late THEN ${timestamp(backfilledAt)} ELSE created_at END AS created_at)
         FROM (SELECT *, ${lateFlights(place)} AS came_late FROM ${factsTable})`,
      )
      await engine.query(`DELETE FROM ${factsTable} WHERE ${lateFlights(place)}`)
      const { snapshot } = await takeSnapshot(engine, service, labels, { asOf: trainedAt })
      await mkdir(dirname(snapshotPath(config)), { recursive: true })
      await writeFileAtomic(snapshotPath(config), `${JSON.stringify(snapshot, null, 2)}\n`)
      await writePlan(config, [{ table: "training.delay_1", asOf: null }])
      await buildSets(engine, config)
    }),
  break: place =>
    using(place, async engine => {
      await engine.query(
        `INSERT INTO ${factsTable} SELECT * EXCLUDE (came_late) FROM ${truthTable} WHERE came_late`,
      )
      await writePlan(place.config, [
        ...(await readPlan(place.config)),
        { table: "training.delay_2", asOf: null },
      ])
      await buildSets(engine, place.config)
    }),
  observe,
  grade,
  causes: {
    backfill: "flights that came late are read as if they had always been there",
    definition: "a feature's definition was changed after the training",
    order: "the rows of the training set are in another order",
    clock: "the late flights carry times of another zone",
  },
  cause: "backfill",
  recoveries: {
    async right(place) {
      await pin(place, ({ table }) => (table === "training.delay_1" ? trainedAt.toISOString() : null))
      await build(place)
    },
    wrong: {
      async "deletes the late flights"(place) {
        await using(place, engine =>
          engine.query(`DELETE FROM ${factsTable} WHERE created_at >= TIMESTAMP '2001-05-20'`),
        )
        await build(place)
      },
      async "pins every training set"(place) {
        await pin(place, () => trainedAt.toISOString())
        await build(place)
      },
      "takes a new snapshot of what is there now": place =>
        using(place, async engine => {
          const { snapshot } = await takeSnapshot(engine, service, labels, { asOf: backfilledAt })
          await writeFileAtomic(snapshotPath(place.config), JSON.stringify(snapshot))
        }),
      async "restores the table, and leaves the job as it is"(place) {
        await pin(place, ({ table }) => (table === "training.delay_1" ? trainedAt.toISOString() : null))
        await build(place)
        await pin(place, () => null)
      },
      "dates the late flights back to their arrival": place =>
        using(place, async engine => {
          await engine.query(`UPDATE ${factsTable} SET created_at = known_at`)
          await buildSets(engine, place.config)
        }),
    },
  },
  passed:
    "Every fact has the time at which it was written, so what the warehouse said on 16 May can still be asked. A training set that is read as of a moment does not change, whatever comes late; one that is read as of now does, every night.",
})
