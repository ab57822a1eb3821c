import type { Labels } from "@roadmap/feature-store/labels"
import { factsTable } from "./contract.ts"

/** Every flight, in the order of its local departure: training months first, then May, then June. */
export const labels: Labels = {
  from: factsTable,
  timestamp: "departed_at",
  order: ["date", "flight_id"],
  createdTime: "created_at",
  columns: [
    "flight_id",
    "delay",
    "late",
    "split",
    "day",
    "departed_at",
    "known_at",
    "origin",
    "hour",
    "distance",
  ],
}

/** Every n-th flight asks; all flights answer. */
export const everyLabel = (n: number): Labels => ({
  ...labels,
  from: { sql: `SELECT * FROM ${factsTable} WHERE flight_id % ${n} = 0` },
})
