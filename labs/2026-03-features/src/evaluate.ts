import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { type Comparison, compareWithChampion } from "@roadmap/lifecycle/train/compare"
import { type Part, parts, rangeOf } from "@roadmap/lifecycle/train/data"
import { evaluateModel, type Score, scoresOf } from "@roadmap/lifecycle/train/evaluate"
import { type SliceScore, scoreSlices } from "@roadmap/lifecycle/train/slices"
import { openTracking } from "@roadmap/tracking/open"
import { openWarehouse } from "@roadmap/warehouse/open"
import { februaryResponses } from "./champion.ts"
import { loadFlights } from "./data.ts"
import { snapTrainingSet } from "./snapshot.ts"
import { fitModels, loadFitted } from "./train.ts"
import { trainingOf } from "./training.ts"

export interface TaskEvaluation {
  task: Task
  /** February's version, measured on the same rows. */
  championVersion: number
  rows: Record<Part, number>
  scores: (Score & { model: "boosting" | "february" })[]
  comparison: Comparison
  slices: SliceScore[]
}

/** Judges March's models and February's champions on the same rows of May and June. */
export const evaluateModels = defineStep({
  id: "evaluate",
  title: "Evaluate by slice, and against February's champions on the same rows",
  needs: [snapTrainingSet, fitModels],
  async run(context) {
    const { config, result, seed, signal, progress } = context
    await using engine = await openWarehouse(config)
    const flights = await loadFlights(engine, result(snapTrainingSet).snapshot, signal)
    const evaluated: TaskEvaluation[] = []
    for (const [done, fitted] of result(fitModels).fitted.entries()) {
      const { task } = fitted
      progress({ label: `judging ${task}`, done, total: 2, unit: "models" })
      const specification = trainingOf(task, { ...result(snapTrainingSet), seed })
      const data = flights.of(task)
      const judging = { classes: flights.late, signal }
      const own = await evaluateModel(specification, data, await loadFitted(context, fitted), judging)
      const scores: TaskEvaluation["scores"] = own.scores.map(score => ({ ...score, model: "boosting" }))
      const champion: Record<"validation" | "test", Float64Array> = {
        validation: new Float64Array(0),
        test: new Float64Array(0),
      }
      let championVersion = 0
      for (const split of ["validation", "test"] as const) {
        const flightIds = flights.flightId.subarray(...rangeOf(data, split))
        const { version, predicted } = await februaryResponses(engine, config, task, { split, flightIds })
        championVersion = version.version
        champion[split] = predicted
        const theirs = await scoresOf(specification, data, split, predicted, judging)
        scores.push(...theirs.map(score => ({ ...score, model: "february" as const })))
      }
      evaluated.push({
        task,
        championVersion,
        rows: Object.fromEntries(parts.map(part => [part, sizeOf(rangeOf(data, part))])) as Record<
          Part,
          number
        >,
        scores,
        comparison: await compareWithChampion(
          specification,
          data,
          { candidate: own.responses.test, champion: champion.test },
          judging,
        ),
        slices: await scoreSlices(specification, data, { candidate: own.responses, champion }, signal),
      })
      await trackScores(context, fitted.runId, own.scores)
    }
    return { evaluated, metrics: metricsOf(evaluated) }
  },
})

/** `delay/boosting/rmse/test`, and `delay/gain/rmse/test` with its interval: above zero is better than February. */
const metricsOf = (evaluated: readonly TaskEvaluation[]): Record<string, number> =>
  Object.fromEntries(
    evaluated.flatMap(({ task, scores, comparison }) => [
      ...scores.map(({ model, metric, part, estimate }) => [`${task}/${model}/${metric}/${part}`, estimate]),
      ...comparison.gains.flatMap(({ metric, estimate, low, high }) => [
        [`${task}/gain/${metric}/test`, estimate],
        [`${task}/gain/${metric}/test/low`, low],
        [`${task}/gain/${metric}/test/high`, high],
      ]),
    ]),
  )

const sizeOf = ([from, to]: readonly [number, number]): number => to - from

const trackScores = async (
  { config }: StepContext,
  runId: string,
  scores: readonly Score[],
): Promise<void> => {
  const store = await openTracking(config)
  try {
    const { startTime } = await store.getRun(runId)
    await store.logBatch(runId, {
      metrics: scores.map(({ metric, part, estimate }) => ({
        key: `${metric}.${part}`,
        value: estimate,
        // The run's own time, so that repeating this step adds no second point.
        timestamp: startTime,
      })),
    })
  } finally {
    await store.close()
  }
}
