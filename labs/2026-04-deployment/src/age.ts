import { toFeatures, trainingSet } from "@roadmap/feature-store/training-set"
import { isNumbers } from "@roadmap/feature-store/values"
import { asOf, factsTable } from "@roadmap/lab-2026-03-features/contract"
import { flightFeatures } from "@roadmap/lab-2026-03-features/definitions"
import { labels } from "@roadmap/lab-2026-03-features/labels"
import { defineStep } from "@roadmap/labkit/lab"
import { logLoss } from "@roadmap/ml/metrics/classification"
import { rocAuc } from "@roadmap/ml/metrics/ranking"
import { rmse } from "@roadmap/ml/metrics/regression"
import { openRegistry } from "@roadmap/model-registry/open"
import { loadServedModel } from "@roadmap/serving/model/served"
import { openWarehouse } from "@roadmap/warehouse/open"
import { gatherFlights } from "./gather.ts"
import { chooseModels, type Task } from "./models.ts"

/** How old the features are when the model meets them: asked at the gate, or computed hours before by a batch. */
const agesInHours = [0, 1, 3, 8, 24] as const

/** At most so many of June's flights are asked, evenly spread. */
const askedFlights = 60_000

export interface Aged {
  hours: number
  /** On June's flights: rmse of delay; log loss and ROC AUC of late. */
  scores: Record<Task, Record<string, number>>
}

/**
 * What a batch costs in accuracy: the same models and flights, with the features as they were known so many hours before
 * departure. Calendar and distance do not age.
 */
export const ageFeatures = defineStep({
  id: "age",
  title: "How much do features lose by the hour?",
  needs: [chooseModels, gatherFlights],
  async run({ config, result, signal, progress }) {
    await using engine = await openWarehouse(config)
    const registry = await openRegistry(config)
    const every = Math.max(1, Math.ceil(result(gatherFlights).june / askedFlights))
    try {
      const ages: Aged[] = []
      let rows = 0
      for (const [done, hours] of agesInHours.entries()) {
        progress({ label: `features of ${hours} h before`, done, total: agesInHours.length, unit: "ages" })
        const set = await trainingSet(
          engine,
          flightFeatures,
          {
            ...labels,
            columns: ["flight_id", "delay", "late"],
            // #region age
            timestamp: "asked_at",
            from: {
              sql: `SELECT *, departed_at - to_hours(${hours}) AS asked_at FROM ${factsTable}
                    WHERE split = 'test' AND flight_id % ${every} = 0`,
            },
            // #endregion
          },
          { asOf, signal },
        )
        rows = set.rows
        const features = toFeatures(set)
        const numbers = (name: "delay" | "late"): Float64Array => {
          const values = set.labels[name]
          if (!isNumbers(values)) throw new Error(`The column ${name} is a text.`)
          return values
        }
        const scores: Record<string, Record<string, number>> = {}
        for (const { task, reference, output } of result(chooseModels).models) {
          const served = await loadServedModel(registry, reference)
          const { columns } = await served.predict(features)
          const { values } = columns.find(({ name }) => name === output)!
          await served.close()
          scores[task] =
            task === "delay"
              ? { rmse: rmse(numbers("delay"), values) }
              : { log_loss: logLoss(numbers("late"), values), roc_auc: rocAuc(numbers("late"), values) }
        }
        ages.push({ hours, scores: scores as Aged["scores"] })
      }
      return {
        rows,
        ages,
        metrics: Object.fromEntries(
          ages.flatMap(({ hours, scores }) =>
            Object.entries(scores).flatMap(([task, metrics]) =>
              Object.entries(metrics).map(([metric, value]) => [
                `${task}/age-${hours}h/${metric}/test`,
                value,
              ]),
            ),
          ),
        ),
      }
    } finally {
      await registry.close()
    }
  },
})
