import { breathe } from "@roadmap/core/async"
import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import { defineStep } from "@roadmap/labkit/lab"
import { gainOf } from "@roadmap/lifecycle/train/compare"
import { partOf, type TrainingData, thin } from "@roadmap/lifecycle/train/data"
import { withParameters } from "@roadmap/lifecycle/train/specification"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { type MetricName, metrics } from "@roadmap/ml/metrics/catalog"
import { responseOf } from "@roadmap/ml/selection/estimator"
import { openWarehouse } from "@roadmap/warehouse/open"
import { loadFlights } from "./data.ts"
import { searchSpace } from "./search.ts"
import { snapTrainingSet } from "./snapshot.ts"
import { trainingOf } from "./training.ts"

/** Groups of features, by the starts of their names. */
export const featureGroups = {
  "inbound aircraft": ["inbound_"],
  destination: ["destination_"],
  origin: ["origin_delay", "origin_late"],
  route: ["route_delay", "route_flights"],
  hour: ["origin_hour_", "route_hour_"],
  network: ["network_"],
  traffic: ["departures_"],
} as const
export type FeatureGroup = keyof typeof featureGroups

export interface Ablation {
  task: Task
  group: FeatureGroup
  metric: MetricName
  /** Of the model without the group, on June. */
  score: number
  /** What the group is worth: how much better the model with it is, above zero is better. */
  worth: { estimate: number; low: number; high: number }
}

/** Flights of an ablation's fits and of their judgement. */
const ablationRows = 300_000

/** Fits each task's model again without one group of features at a time: what is each worth beside the others? */
export const ablateGroups = defineStep({
  id: "ablate",
  title: "What is each group of features worth? The model without it",
  needs: [snapTrainingSet, searchSpace],
  async run(context) {
    const { config, result, seed, signal, progress } = context
    await using engine = await openWarehouse(config)
    const flights = await loadFlights(engine, result(snapTrainingSet).snapshot, signal)
    const ablations: Ablation[] = []
    const complete: Record<string, number> = {}
    for (const { task, parameters } of result(searchSpace).found) {
      const specification = trainingOf(task, { ...result(snapTrainingSet), seed })
      const estimator = withParameters(specification.estimator, parameters)
      if (estimator.kind !== "boosting") throw new Error("The ablation fits boosting.")
      const data = thin(flights.of(task), ablationRows)
      const test = partOf(data, "test")
      const [metric] = specification.metrics
      const respond = async (without: readonly string[]): Promise<Float64Array> => {
        const [train, validation, judged] = (["train", "validation", "test"] as const).map(part =>
          partOf({ ...data, features: omit(data, without) }, part),
        )
        const model = await fitBoosting({
          features: train.features,
          target: train.target,
          validation: { features: validation.features, target: validation.target },
          parameters: estimator.parameters,
          seed,
          signal,
        })
        return responseOf(model, judged.features)
      }
      const groups = Object.keys(featureGroups) as FeatureGroup[]
      const step = (done: number) => progress({ label: task, done, total: groups.length + 1, unit: "models" })
      step(0)
      const all = await respond([])
      for (const [done, group] of groups.entries()) {
        step(done + 1)
        await breathe(signal)
        ablations.push(
          await context.checkpoint(`${task}-${group.replaceAll(" ", "-")}`, async () => {
            const without = await respond(featureGroups[group])
            const gain = gainOf(specification, metric, { ...test, candidate: all, champion: without })
            const { estimate, low, high } = gain
            const score = metrics[metric].compute(test.target, without)
            return { task, group, metric, score, worth: { estimate, low, high } }
          }),
        )
      }
      complete[task] = metrics[metric].compute(test.target, all)
    }
    return { ablations, complete, rows: Math.min(ablationRows, result(snapTrainingSet).rows) }
  },
})

const omit = ({ features }: TrainingData, starts: readonly string[]): TrainingData["features"] => ({
  rows: features.rows,
  columns: features.columns.filter(({ name }) => !starts.some(start => name.startsWith(start))),
})
