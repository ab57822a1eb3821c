import { dirname, resolve } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { gate } from "../src/author/gate.ts"
import type { GateResult } from "../src/author/result.ts"
import { findLabs } from "../src/catalog.ts"
import { findExercises } from "../src/exercises/catalog.ts"

/** The author's gate over a month's exercises as tests: one for each exercise. `labFolder` is the month's. */
export const describeExercises = async (labFolder: string): Promise<void> => {
  const root = dirname(dirname(resolve(labFolder)))
  const labs = (await findLabs(root)).filter(lab => resolve(lab.folder) === resolve(labFolder))
  const exercises = await findExercises(labs)
  let results: GateResult[] = []
  describe(`exercises of ${labs[0]?.month ?? labFolder}`, () => {
    beforeAll(async () => {
      results = await gate(root, { exercises })
    }, 120_000)

    test("there are some", () => {
      expect(exercises.length).toBeGreaterThan(0)
    })

    for (const { id } of exercises)
      test(`${id}: the starter fails usefully, the solution passes, each mistake is named, the hints do not tell`, () => {
        expect(results.find(result => result.id === id)?.problems).toEqual([])
      })
  })
}
