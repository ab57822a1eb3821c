import { defineDrill } from "@roadmap/labkit/drills/drill"
import {
  type Delivered,
  deliverFaulty,
  faultyMonth,
  gradeLanding,
  type LandingState,
  load,
  observeLanding,
  prepareLanding,
  readDelivery,
  removeDelivery,
  writeDelivery,
} from "../landing.ts"

/** The row under the agreed names, with its delay from elsewhere. */
const agreed = ({ date, distance, origin, destination }: Delivered, delay: string): Delivered => ({
  date,
  delay,
  distance,
  origin,
  destination,
})

export default defineDrill<LandingState>({
  id: "renamed-column",
  title: "The file that changed overnight",
  targetMinutes: 15,
  prepare: prepareLanding,
  async break(place) {
    const random = place.random.fork("departures")
    await deliverFaulty(place, row => ({
      date: row.date,
      // How late it left: some minutes were made up, or lost, in the air.
      dep_delay: String(Number(row.delay) + random.integer(21) - 8),
      arr_delay: row.delay,
      distance: row.distance,
      origin: row.origin,
      destination: row.destination,
    }))
  },
  observe: observeLanding,
  grade: gradeLanding,
  causes: {
    renamed: "a column of the contract arrives under another name",
    units: "a column arrives in another unit",
    truncated: "the file is cut short",
    repeated: "the file holds the flights of another month again",
  },
  cause: "renamed",
  recoveries: {
    async right(place) {
      const month = faultyMonth(place)
      const rows = await readDelivery(place, month)
      await writeDelivery(
        place,
        month,
        rows.map(row => agreed(row, row.arr_delay)),
      )
      await load(place)
    },
    wrong: {
      async "takes the first column with delay in its name"(place) {
        const month = faultyMonth(place)
        const rows = await readDelivery(place, month)
        await writeDelivery(
          place,
          month,
          rows.map(row => agreed(row, row.dep_delay)),
        )
        await load(place)
      },
      async "puts the file away so that the load goes through"(place) {
        await removeDelivery(place, faultyMonth(place))
        await load(place)
      },
      async "adds the missing column with zeros"(place) {
        const month = faultyMonth(place)
        const rows = await readDelivery(place, month)
        await writeDelivery(
          place,
          month,
          rows.map(row => ({ ...row, delay: "0" })),
        )
        await load(place)
      },
    },
  },
  passed:
    "Nothing was lost: a load whose columns do not fit stops before any table changes. Now tell the sender, and keep the mapping where deliveries arrive, not in the contract.",
})
