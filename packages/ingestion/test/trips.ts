import { date, integer, text } from "../src/columns.ts"
import { type ContractDefinition, defineContract } from "../src/contract.ts"

/** A small contract; `more` replaces parts of it. */
export const trips = (more: Partial<ContractDefinition> = {}) =>
  defineContract({
    name: "trips",
    columns: {
      day: date().since("2001-01-01").before("2001-02-01"),
      delay: integer().between(-120, 2000).unit("minutes"),
      origin: text().pattern(/^[A-Z]{3}$/),
    },
    maxRejectShare: 0.5,
    ...more,
  })

export const good = ["2001-01-01,5,LAX", "2001-01-02,-3,JFK", "2001-01-03,0,SFO"]
export const csv = (...rows: string[]) => `day,delay,origin\n${rows.join("\n")}\n`
