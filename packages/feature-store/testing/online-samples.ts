import { randomUUID } from "node:crypto"
import type { ErrorCode } from "@roadmap/core/errors"
import { expect } from "vitest"
import type { OnlineStore, OnlineView } from "../src/online/port.ts"

/** Two handles on the same rows. */
export interface OnlineContext {
  store(): OnlineStore
  another(): OnlineStore
}

/** A view of airports with a number and a text, under a name of its own. */
export const airportView = (change: Partial<OnlineView> = {}): OnlineView => ({
  name: `airport-${randomUUID()}`,
  version: "v1",
  keys: [{ name: "airport", type: "string" }],
  features: [
    { name: "mean_delay", type: "float64" },
    { name: "weather", type: "string" },
  ],
  ...change,
})

export const refused = async (code: ErrorCode, work: Promise<unknown>, message = /./): Promise<void> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ name: "RoadmapError", code, message: expect.stringMatching(message) })
}

/** Microseconds of a moment: hour 12 of the first day of 2001 is `at(12)`. */
export const at = (hours: number): bigint =>
  BigInt(Date.UTC(2001, 0, 1)) * 1_000n + BigInt(hours * 3_600_000_000)
