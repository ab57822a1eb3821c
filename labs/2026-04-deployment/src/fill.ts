import { materialize } from "@roadmap/feature-store/materialize/materialize"
import { openOnlineStore } from "@roadmap/feature-store/online/open"
import { flightFeatures } from "@roadmap/lab-2026-03-features/definitions"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import { gatherFlights } from "./gather.ts"
import { askedMoment, microsOf } from "./moment.ts"

const views = [...new Map(flightFeatures.views.map(({ view }) => [view.name, view])).values()]

/** Fills the online store up to the moment at which the server is asked: what it joins to a request's keys. */
export const fillOnlineStore = defineStep({
  id: "fill",
  title: "Materialise the features that the server joins by key",
  needs: [gatherFlights],
  intact: async ({ config }) => {
    await using store = await openOnlineStore(config)
    for (const { name } of views) {
      if ((await store.view(name)) === undefined) return false
      if ((await store.progress(name)).materializedTo !== microsOf(askedMoment)) return false
    }
    return true
  },
  async run({ config, signal, progress }) {
    await using engine = await openWarehouse(config)
    await using store = await openOnlineStore(config)
    let keys = 0
    for (const [done, view] of views.entries()) {
      progress({ label: view.name, done, total: views.length, unit: "views" })
      await store.drop(view.name)
      keys += (await materialize(engine, store, view, { to: askedMoment, signal })).keys
    }
    return { moment: askedMoment.toISOString(), views: views.length, keys }
  },
})
