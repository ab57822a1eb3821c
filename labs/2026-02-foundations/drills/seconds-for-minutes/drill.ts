import { type DrillPlace, defineDrill } from "@roadmap/labkit/drills/drill"
import { openWarehouse } from "@roadmap/warehouse/open"
import { flightsContract } from "../../src/contract.ts"
import {
  type Delivered,
  deliveredMonths,
  deliverFaulty,
  faultyMonth,
  gradeLanding,
  type LandingState,
  load,
  observeLanding,
  prepareLanding,
  readDelivery,
  tryLoad,
  writeDelivery,
} from "../landing.ts"

const inMinutes = (row: Delivered): Delivered => ({
  ...row,
  delay: String(Math.round(Number(row.delay) / 60)),
})

const rewrite = async (
  place: DrillPlace,
  month: number,
  change: (rows: Delivered[]) => Delivered[],
): Promise<void> => writeDelivery(place, month, change(await readDelivery(place, month)))

export default defineDrill<LandingState>({
  id: "seconds-for-minutes",
  title: "Storms that nobody saw",
  targetMinutes: 15,
  prepare: prepareLanding,
  break: place => deliverFaulty(place, row => ({ ...row, delay: String(60 * Number(row.delay)) })),
  observe: observeLanding,
  grade: gradeLanding,
  causes: {
    units: "one file gives the delay in seconds",
    renamed: "the file gives the departure delay under the name of the arrival delay",
    storm: "the delays are real: a storm closed the large airports",
    shifted: "the columns of the file are shifted by one",
  },
  cause: "units",
  recoveries: {
    async right(place) {
      await rewrite(place, faultyMonth(place), rows => rows.map(inMinutes))
      await load(place)
    },
    wrong: {
      async "deletes the rows that the contract refuses from the file"(place) {
        await rewrite(place, faultyMonth(place), rows =>
          rows.filter(({ delay }) => Number(delay) >= -120 && Number(delay) <= 2_000),
        )
        await load(place)
      },
      async "converts the refused rows only"(place) {
        await rewrite(place, faultyMonth(place), rows =>
          rows.map(row => (Number(row.delay) < -120 || Number(row.delay) > 2_000 ? inMinutes(row) : row)),
        )
        await load(place)
      },
      async "converts every file"(place) {
        for (const month of await deliveredMonths(place))
          await rewrite(place, month, rows => rows.map(inMinutes))
        await load(place)
      },
      async "widens the contract"(place) {
        const delay = { ...flightsContract.columns.delay, checks: [], expectations: [] }
        await load(place, { ...flightsContract, columns: { ...flightsContract.columns, delay } })
      },
      async "empties the quarantine"(place) {
        {
          await using engine = await openWarehouse(place.config)
          await engine.query("DELETE FROM quarantine.flights")
        }
        await tryLoad(place)
      },
    },
  },
  passed:
    "Two in five of the rows in seconds kept every rule: 600 seconds pass for 600 minutes. The rows in quarantine are the symptom; the repair is for the whole file.",
})
