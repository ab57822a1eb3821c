import { sampleIndices } from "@roadmap/core/random"
import type { FeatureView } from "@roadmap/feature-store/definitions"
import { micros } from "@roadmap/feature-store/durations"
import { materialize } from "@roadmap/feature-store/materialize/materialize"
import { type FeaturePusher, openPusher } from "@roadmap/feature-store/materialize/push"
import { openOnlineStore } from "@roadmap/feature-store/online/open"
import type { EntityKey, OnlineStore } from "@roadmap/feature-store/online/port"
import { type TrainingSet, trainingSet } from "@roadmap/feature-store/training-set"
import { isNumbers } from "@roadmap/feature-store/values"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { asOf, factsTable } from "./contract.ts"
import { flightFeatures, networkOutcomes } from "./definitions.ts"
import { labels } from "./labels.ts"
import { factsKnown, type PastFacts } from "./replay-facts.ts"
import { snapTrainingSet } from "./snapshot.ts"

/** The online store starts at `from`; flights are asked about at random moments until `to`. */
const from = new Date("2001-06-14T10:00:00Z")
const to = new Date("2001-06-15T04:00:00Z")
const askedFlights = 10_000

/** So long values stay right without news. Some airport is always silent for hours, the network as a whole never. */
const horizonOf = (view: FeatureView): number => (view === networkOutcomes ? 3 : 24) * micros.hour

const views = [...new Map(flightFeatures.views.map(({ view }) => [view.name, view])).values()]

/**
 * Serves features as they were served on a past day: materialises to its morning, pushes facts as they become known, and asks
 * at the minute of departure. What comes back must be what training saw, to the last bit.
 */
export const replayOnline = defineStep({
  id: "replay",
  title: "Materialise, then replay a day: online features must equal the training set's",
  needs: [snapTrainingSet],
  async run({ config, random, signal, progress }) {
    await using engine = await openWarehouse(config)
    await using store = await openOnlineStore(config)
    const offline = await trainingSet(engine, flightFeatures, askedLabels, { asOf, signal })
    const chosen = sampleIndices(offline.rows, Math.min(askedFlights, offline.rows), random)
    const pushers = new Map<FeatureView, FeaturePusher>()
    let written = 0
    for (const [done, view] of views.entries()) {
      progress({ label: "materialising", done, total: views.length, unit: "views" })
      await store.drop(view.name)
      const receipt = await materialize(engine, store, view, { to: from, horizon: horizonOf(view), signal })
      written += receipt.keys
      pushers.set(view, await openPusher(engine, store, view, { horizon: horizonOf(view) }))
    }
    const facts = await pastFacts(engine)
    const counts = new Map(
      flightFeatures.views.flatMap(({ features }) =>
        features.map(({ as }) => [as, { compared: 0, different: 0 }]),
      ),
    )
    const departed = offline.labels.departed_at as Float64Array
    const moments = [...Map.groupBy(chosen, row => departed[row])].sort(([a], [b]) => a - b)
    let pushed = 0
    for (const [done, [moment, rows]] of moments.entries()) {
      progress({ label: "replaying", done, total: moments.length, unit: "moments" })
      for (const [view, pusher] of pushers) {
        const news = facts.get(view.source.knownTime)!.until(moment, view.name)
        if (news.rows > 0) pushed += (await pusher.push(news, { signal })).facts
      }
      await compareServed(store, offline, { moment, rows }, counts)
    }
    const features: ReplayedFeature[] = [...counts].map(([name, count]) => ({ name, ...count }))
    const different = features.reduce((sum, each) => sum + each.different, 0)
    return {
      features,
      flights: chosen.length,
      moments: moments.length,
      keys: written,
      pushed,
      from: from.toISOString(),
      to: to.toISOString(),
      metrics: { "replay/online/flights/june": chosen.length, "replay/online/different/june": different },
    }
  },
})

export interface ReplayedFeature {
  name: string
  compared: number
  different: number
}

const askedLabels = {
  ...labels,
  from: {
    sql: `SELECT * FROM ${factsTable} WHERE departed_at >= TIMESTAMP '${from.toISOString().slice(0, 19)}'
      AND departed_at < TIMESTAMP '${to.toISOString().slice(0, 19)}'`,
  },
  columns: [...labels.columns!, "destination", "network"],
}

const pastFacts = async (engine: SqlEngine): Promise<Map<string, PastFacts>> => {
  const known = [...new Set(views.map(view => view.source.knownTime))]
  const entries: [string, PastFacts][] = []
  for (const column of known) entries.push([column, await factsKnown(engine, column, { from, to })])
  return new Map(entries)
}

/** Reads all views for the flights of one moment in one round trip, and compares value by value. */
const compareServed = async (
  store: OnlineStore,
  offline: TrainingSet,
  { moment, rows }: { moment: number; rows: readonly number[] },
  counts: Map<string, { compared: number; different: number }>,
): Promise<void> => {
  const requests = flightFeatures.views.map(({ view, keys, features }) => ({
    view: view.name,
    version: view.version,
    features: features.map(({ feature }) => feature),
    keys: rows.map(row => Object.values(keys).map(column => cellOf(offline, column, row)) as EntityKey),
  }))
  const served = await store.readViews(requests, { asOf: BigInt(moment) })
  for (const [index, { features }] of flightFeatures.views.entries())
    for (const { feature, as } of features) {
      const values = offline.features[as]
      if (!isNumbers(values)) throw new Error(`The feature ${as} is a text.`)
      const count = counts.get(as)!
      for (const [place, row] of rows.entries()) {
        count.compared++
        const online = served[index][place].values[feature] ?? Number.NaN
        if (!Object.is(online, values[row])) count.different++
      }
    }
}

const cellOf = ({ labels: given }: TrainingSet, column: string, row: number): string | number => {
  const values = given[column]
  return isNumbers(values) ? values[row] : values.categories[values.codes[row]]
}
