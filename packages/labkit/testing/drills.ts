import { dirname, resolve } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { gate } from "../src/author/gate.ts"
import type { GateResult } from "../src/author/result.ts"
import { findLabs } from "../src/catalog.ts"
import { findDrills } from "../src/exercises/catalog.ts"

/** The author's gate over a month's drills as tests: one for each drill. `labFolder` is the month's. */
export const describeDrills = async (labFolder: string): Promise<void> => {
  const root = dirname(dirname(resolve(labFolder)))
  const labs = (await findLabs(root)).filter(lab => resolve(lab.folder) === resolve(labFolder))
  const drills = await findDrills(labs)
  let results: GateResult[] = []
  describe(`drills of ${labs[0]?.month ?? labFolder}`, () => {
    beforeAll(async () => {
      results = await gate(root, { drills })
    }, 240_000)

    test("there are some", () => {
      expect(drills.length).toBeGreaterThan(0)
    })

    for (const { id } of drills)
      test(`${id}: the fault shows and is repeatable, the right recovery passes, no wrong one does`, () => {
        expect(results.find(result => result.id === id)?.problems).toEqual([])
      })
  })
}
