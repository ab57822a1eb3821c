import type { SqlEngine } from "@roadmap/warehouse/port"
import fc from "fast-check"
import { expect } from "vitest"
import type { FeatureView } from "../src/definitions.ts"
import { micros } from "../src/durations.ts"
import { materialize } from "../src/materialize/materialize.ts"
import { openPusher } from "../src/materialize/push.ts"
import type { EntityKey, OnlineStore } from "../src/online/port.ts"
import { aCase, batchOf, type Case, factFields, labelKeys, loadWorlds, someViews, worldsOf } from "./cases.ts"
import { type Answer, type Fact, featureByDefinition } from "./oracle.ts"

const horizon = 7 * micros.hour

/**
 * Draws definitions and cases, materialises up to rising moments, pushes what becomes known after the last of them, and
 * compares each value read online, at the moment of the writing and up to the horizon after it, with the definition's
 * value over the facts known at the writing. Returns how many values were compared.
 */
export const compareOnlineWithOracle = async (
  engine: SqlEngine,
  store: OnlineStore,
  { definitions, casesEach, seed }: { definitions: number; casesEach: number; seed: number },
): Promise<number> => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(
      someViews,
      fc.array(aCase, { minLength: casesEach, maxLength: casesEach }),
      fc.array(fc.integer({ min: -10, max: 400 }), { minLength: 3, maxLength: 3 }),
      async (views, cases, steps) => {
        for (const view of views) {
          await store.drop(view.name)
          compared += await compareView(
            { engine, store, view },
            cases,
            steps.sort((a, b) => a - b),
          )
        }
      },
    ),
    { numRuns: definitions, seed, endOnFailure: true },
  )
  return compared
}

interface Compared {
  engine: SqlEngine
  store: OnlineStore
  view: FeatureView
}

const compareView = async ({ engine, store, view }: Compared, cases: readonly Case[], steps: number[]) => {
  const worlds = worldsOf(cases)
  await loadWorlds(engine, worlds)
  const start = Math.min(
    Number.MAX_SAFE_INTEGER,
    ...worlds.facts.map(fact => (fact.known_at as number) ?? Number.MAX_SAFE_INTEGER),
  )
  if (start === Number.MAX_SAFE_INTEGER) return 0
  const [first, second, third] = steps.map(step => start + step * 10 * micros.minute)
  let compared = 0
  const compareAt = async (now: number) => {
    const known = worlds.facts.filter(fact => fact.known_at !== null && (fact.known_at as number) <= now)
    for (const later of [0, 50, 60, 90, 110, 170, 360].map(minutes => minutes * micros.minute))
      for (const at of [now + later, now + later + 1])
        compared += await compareMoment({ engine, store, view }, worlds.labels, known, at)
    compared += await compareMoment({ engine, store, view }, worlds.labels, known, now + horizon)
    // After the horizon values are expired, or do not change any more.
    for (const at of [now + horizon + 1, now + 1.5 * horizon, now + 4 * horizon])
      compared += await compareMoment({ engine, store, view }, worlds.labels, known, at, true)
  }
  for (const now of [first, second]) {
    await materialize(engine, store, view, { to: new Date(now / 1_000), horizon })
    await compareAt(now)
  }
  const pusher = await openPusher(engine, store, view, { horizon })
  const later = worlds.facts.filter(
    fact =>
      fact.known_at !== null && (fact.known_at as number) > second && (fact.known_at as number) <= third,
  )
  // Newest first: the order in which facts are pushed must not matter.
  for (const fact of later.toSorted((a, b) => (b.known_at as number) - (a.known_at as number)))
    for (const batch of batchOf(factFields, [fact]).batches) await pusher.push(batch)
  const pushedTo = Number((await store.progress(view.name)).pushedTo ?? second)
  const usable = later.filter(fact => fact[view.source.eventTime] !== null)
  const touched = new Set(usable.map(fact => keyText(Object.values(view.source.keys).map(key => fact[key]))))
  const labels = worlds.labels.filter(label => touched.has(keyText(keysOf(view, label))))
  compared += await compareMoment({ engine, store, view }, labels, factsTo(worlds.facts, third), pushedTo)
  return compared
}

const factsTo = (facts: readonly Fact[], now: number): Fact[] =>
  facts.filter(fact => fact.known_at !== null && (fact.known_at as number) <= now)

const keyText = (key: readonly unknown[]): string => JSON.stringify(key)
const keysOf = (view: FeatureView, label: Fact): Answer[] =>
  Object.keys(view.entity.keys).map(key => label[labelKeys[key as "world"]] as Answer)

const compareMoment = async (
  { store, view }: Compared,
  labels: readonly Fact[],
  facts: readonly Fact[],
  at: number,
  mayExpire = false,
): Promise<number> => {
  const found = await store.read(
    view.name,
    labels.map(label => keysOf(view, label) as EntityKey),
    { asOf: BigInt(at), version: view.version },
  )
  for (const [row, label] of labels.entries()) {
    if (mayExpire && found[row].status === "expired") continue
    for (const name of Object.keys(view.features)) {
      const own = facts.filter(fact => fact.world === label.world)
      const expected = featureByDefinition(view, name, own, keysOf(view, label), at)
      expect(
        found[row].values[name],
        `${name} = ${JSON.stringify(view.features[name])} of ${JSON.stringify(label)} at ${at}, ${found[row].status}`,
      ).toBe(expected)
    }
  }
  return labels.length * Object.keys(view.features).length
}
