import type { SqlEngine } from "@roadmap/warehouse/port"
import fc from "fast-check"
import { expect } from "vitest"
import type { Feature, FeatureView } from "../src/definitions.ts"
import { pointInTimeJoin } from "../src/point-in-time-join.ts"
import type { JoinPath } from "../src/receipt.ts"
import { pickFeatures } from "../src/services.ts"
import { aCase, answerAt, type Case, labelKeys, loadWorlds, someViews, worldsOf } from "./cases.ts"
import { type Answer, featureByDefinition } from "./oracle.ts"

/**
 * Draws definitions and many cases for each, and compares every value of the join with the oracle's: exactly, but for
 * sums of doubles in SQL, which engines add in an order of their own. Returns how many cases were compared.
 */
export const compareWithOracle = async (
  engine: SqlEngine,
  paths: readonly JoinPath[],
  { definitions, casesEach, seed }: { definitions: number; casesEach: number; seed: number },
): Promise<number> => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(
      someViews,
      fc.array(aCase, { minLength: casesEach, maxLength: casesEach }),
      async (views, cases) => {
        await compareCases(engine, paths, views, cases)
        compared += cases.length
      },
    ),
    { numRuns: definitions, seed, endOnFailure: true },
  )
  return compared
}

const compareCases = async (
  engine: SqlEngine,
  paths: readonly JoinPath[],
  views: readonly FeatureView[],
  cases: readonly Case[],
): Promise<void> => {
  const worlds = worldsOf(cases)
  await loadWorlds(engine, worlds)
  const factsOf = Map.groupBy(worlds.facts, fact => fact.world)
  const picks = views.map(view =>
    pickFeatures({
      view,
      keys: Object.fromEntries(Object.keys(view.entity.keys).map(key => [key, labelKeys[key as "world"]])),
    }),
  )
  const labels = {
    from: "cases.labels",
    timestamp: "asked_at",
    order: ["row_number"],
    columns: ["row_number"],
  }
  for (const path of paths) {
    const joined = await pointInTimeJoin(engine, picks, labels, { path })
    expect(joined.rows).toBe(worlds.labels.length)
    expect([...(joined.labels.row_number as Float64Array)]).toEqual(worlds.labels.map((_, row) => row))
    for (const { view, keys, features } of picks)
      for (const { feature, as } of features)
        for (const [row, label] of worlds.labels.entries()) {
          const found = answerAt(joined.features[as], row)
          const expected = featureByDefinition(
            view,
            feature,
            factsOf.get(label.world) ?? [],
            Object.values(keys).map(key => label[key] as Answer),
            label.asked_at as number | null,
          )
          if (same(found, expected, path === "sql" ? toleranceOf(view.features[feature]) : 0)) continue
          expect(
            found,
            `${path}: ${as} = ${JSON.stringify(view.features[feature])} of ${JSON.stringify(label)}`,
          ).toBe(expected)
        }
  }
}

/** An engine's own order of adding 14 doubles of up to 1e16: a few units in the last place of the largest. */
const toleranceOf = (feature: Feature): number =>
  feature.kind === "window" && feature.column === "cost" && ["sum", "mean"].includes(feature.aggregate)
    ? 256
    : 0

const same = (found: Answer, expected: Answer, tolerance: number): boolean =>
  Object.is(found, expected) ||
  (typeof found === "number" && typeof expected === "number" && Math.abs(found - expected) <= tolerance)
