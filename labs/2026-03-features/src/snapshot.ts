import { takeSnapshot } from "@roadmap/feature-store/snapshot"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import { asOf } from "./contract.ts"
import { holdFlights } from "./data.ts"
import { defineFeatures } from "./define.ts"
import { flightFeatures } from "./definitions.ts"
import { knowFacts } from "./facts.ts"
import { labels } from "./labels.ts"

/** Builds the training set once, and keeps what is needed to build it again, bit for bit, after any later load. */
export const snapTrainingSet = defineStep({
  id: "snapshot",
  title: "Point-in-time training set of all flights, as a snapshot",
  needs: [knowFacts, defineFeatures],
  async run({ config, signal, progress }) {
    await using engine = await openWarehouse(config)
    progress({ label: "joining features to every flight", done: 0, unit: "rows" })
    // #region snapshot
    const { set, snapshot } = await takeSnapshot(engine, flightFeatures, labels, { asOf, signal })
    // #endregion
    holdFlights(snapshot.contentHash, set)
    return {
      rows: set.rows,
      snapshot,
      joinSeconds: Math.round(set.receipt.seconds * 100) / 100,
      warnings: set.receipt.warnings,
      metrics: { "features/snapshot/rows/all": set.rows },
    }
  },
})
