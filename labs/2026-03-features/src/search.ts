import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import { defineStep } from "@roadmap/labkit/lab"
import { searchParameters } from "@roadmap/lifecycle/train/search"
import { openTracking } from "@roadmap/tracking/open"
import { openWarehouse } from "@roadmap/warehouse/open"
import { loadFlights } from "./data.ts"
import { searchLeaks } from "./leakage.ts"
import { snapTrainingSet } from "./snapshot.ts"
import { tasks, trainingOf } from "./training.ts"

export const monthTags = { "roadmap.month": "2026-03" }

export interface FoundParameters {
  task: Task
  runId: string
  parameters: Record<string, string | number | boolean>
  trials: {
    number: number
    state: "complete" | "pruned" | "failed"
    value: number | null
    best: number | null
  }[]
  rows: number
}

/** Looks for each task's parameters inside the training months; May and June stay unseen. */
export const searchSpace = defineStep({
  id: "search",
  title: "Search parameters by purged time-series folds, with pruning",
  needs: [snapTrainingSet, searchLeaks],
  async run(context) {
    const { config, result, seed, signal, progress } = context
    await using engine = await openWarehouse(config)
    const flights = await loadFlights(engine, result(snapTrainingSet).snapshot, signal)
    const store = await openTracking(config)
    try {
      const found: FoundParameters[] = []
      for (const task of tasks) {
        const specification = trainingOf(task, { ...result(snapTrainingSet), seed })
        found.push(
          await context.checkpoint(task, async () => {
            const total = specification.search.budget.trials
            const outcome = await searchParameters(specification, flights.of(task), {
              store,
              tags: { ...monthTags, task },
              signal,
              onTrial: ({ number }) => progress({ label: task, done: number + 1, total, unit: "trials" }),
            })
            return {
              task,
              runId: outcome.runId,
              parameters: { ...outcome.parameters },
              trials: outcome.trials.map(({ number, state, value }, i) => ({
                number,
                state,
                value: value ?? null,
                best: outcome.history[i].best ?? null,
              })),
              rows: outcome.rows,
            }
          }),
        )
      }
      return {
        found,
        metrics: Object.fromEntries(
          found.flatMap(({ task, trials }) => [
            [`${task}/search/trials/folds`, trials.length],
            [`${task}/search/pruned/folds`, trials.filter(({ state }) => state === "pruned").length],
          ]),
        ),
        artifacts: Object.fromEntries(
          found.map(({ task, runId }) => [`run/${task}/search`, `runs:/${runId}`]),
        ),
      }
    } finally {
      await store.close()
    }
  },
})
