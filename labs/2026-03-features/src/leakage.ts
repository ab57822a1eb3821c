import { RoadmapError } from "@roadmap/core/errors"
import { defineFeatureView } from "@roadmap/feature-store/definitions"
import { type LeakageReport, leakageReport } from "@roadmap/feature-store/leakage/report"
import { defineFeatureService } from "@roadmap/feature-store/services"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import { factsTable } from "./contract.ts"
import { arrivals, flightFeatures, origin } from "./definitions.ts"
import { everyLabel } from "./labels.ts"
import { snapTrainingSet } from "./snapshot.ts"

/** Flights that the report asks about, about so many. */
const askedLabels = 60_000

/** Past moments to replay: enough for a verdict though few of the asked flights left in the same minute. */
const replayedMoments = 24

/** How the table looked at a past moment: flights that had left, with an outcome where they had arrived. */
const pastFacts = {
  [factsTable]: (at: string) =>
    `SELECT * REPLACE (
       CASE WHEN known_at <= ${at} THEN delay END AS delay, CASE WHEN known_at <= ${at} THEN is_late END AS is_late,
       CASE WHEN known_at <= ${at} THEN known_at END AS known_at)
     FROM ${factsTable} WHERE departure_known_at <= ${at}`,
}

/** The mistake everybody makes once: a flight's delay taken as known when it leaves. */
// #region planted
const planted = defineFeatureView({
  name: "planted_leak",
  entity: arrivals.entity,
  source: { ...arrivals.source, keys: { airport: "origin" }, knownTime: "departed_at" },
  features: { delay_1h: { aggregate: "mean", column: "delay", window: "1h" } },
})
// #endregion

export interface FeatureFinding {
  name: string
  verdict: "clean" | "suspect" | "leak"
  reason: string
  skill?: number
  control?: number
}

/** Asks of every feature whether it knows what nobody knew; then plants a leak and checks that it is found. */
export const searchLeaks = defineStep({
  id: "leakage",
  title: "Leakage report, and a planted leak that it must find",
  needs: [snapTrainingSet],
  async run({ config, result, seed, signal, progress }) {
    await using engine = await openWarehouse(config)
    const { rows } = result(snapTrainingSet)
    const asked = everyLabel(Math.max(1, Math.floor(rows / askedLabels)))
    const options = {
      target: "late",
      replay: pastFacts,
      split: { column: "split", train: "train", test: "test" },
      seed,
      signal,
    }
    progress({ label: "looking at every feature", done: 0, total: 2, unit: "reports" })
    const report = await leakageReport(engine, flightFeatures, asked, {
      ...options,
      moments: replayedMoments,
    })
    progress({ label: "looking at the planted leak", done: 1, total: 2, unit: "reports" })
    const plant = defineFeatureService({
      name: "planted",
      views: [{ view: planted, keys: origin, prefix: "planted_" }],
    })
    const caught = await leakageReport(engine, plant, asked, options)
    const accused = report.features.filter(({ verdict }) => verdict === "leak")
    if (accused.length > 0)
      throw new RoadmapError(
        "DATA_CONTRACT",
        `The features ${accused.map(({ name }) => name).join(", ")} leak: ${accused[0].reason}`,
        { hint: "Nothing is trained on them: repair their known times." },
      )
    return {
      features: report.features.map(finding),
      planted: caught.features.map(finding),
      entities: report.entities,
      repeatedRows: report.repeatedRows ?? 0,
      metrics: {
        "leakage/planted/found/all": caught.verdict === "leak" ? 1 : 0,
        "leakage/features/leaks/all": accused.length,
        "leakage/features/suspects/all": report.features.filter(({ verdict }) => verdict === "suspect")
          .length,
      },
    }
  },
})

const finding = ({
  name,
  verdict,
  reason,
  skill,
  control,
}: LeakageReport["features"][number]): FeatureFinding => ({
  name,
  verdict,
  reason,
  ...(skill !== undefined && { skill }),
  ...(control !== undefined && { control }),
})
