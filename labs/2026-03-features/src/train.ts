import { isRoadmapError } from "@roadmap/core/errors"
import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import type { ArtifactRef } from "@roadmap/labkit/artifacts"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { fitSpecified } from "@roadmap/lifecycle/train/fit"
import { decodeModel, encodeModel } from "@roadmap/ml/encoding"
import type { Model } from "@roadmap/ml/model"
import { openTracking } from "@roadmap/tracking/open"
import { openWarehouse } from "@roadmap/warehouse/open"
import { loadFlights } from "./data.ts"
import { monthTags, searchSpace } from "./search.ts"
import { snapTrainingSet } from "./snapshot.ts"
import { trainingOf } from "./training.ts"

export interface FittedModel {
  task: Task
  runId: string
  model: ArtifactRef
  trees: number
  seconds: number
  parameters: Record<string, string | number | boolean>
}

/** Fits each task's model on all training rows with the parameters found. A finished model is a checkpoint. */
export const fitModels = defineStep({
  id: "train",
  title: "Train both models on all training rows",
  needs: [snapTrainingSet, searchSpace],
  intact: async ({ artifacts, config }, { fitted }: { fitted: FittedModel[] }) => {
    const models = await Promise.all(fitted.map(({ model }) => artifacts.has(model)))
    const store = await openTracking(config)
    try {
      for (const { runId } of fitted) await store.getRun(runId)
      return models.every(Boolean)
    } catch (error) {
      if (isRoadmapError(error, "NOT_FOUND")) return false
      throw error
    } finally {
      await store.close()
    }
  },
  async run(context) {
    const { config, result, seed, signal, progress, artifacts } = context
    await using engine = await openWarehouse(config)
    const flights = await loadFlights(engine, result(snapTrainingSet).snapshot, signal)
    const store = await openTracking(config)
    try {
      const fitted: FittedModel[] = []
      for (const { task, parameters } of result(searchSpace).found) {
        const specification = trainingOf(task, { ...result(snapTrainingSet), seed })
        fitted.push(
          await context.checkpoint(task, async () => {
            const { runId, model, trees, seconds } = await fitSpecified(
              specification,
              flights.of(task),
              parameters,
              {
                store,
                tags: { ...monthTags, task },
                signal,
                onProgress: ({ done, total, unit }) => progress({ label: task, done, total, unit }),
              },
            )
            const stored = await artifacts.put(`${task}-march.model`, encodeModel(model))
            return { task, runId, model: stored, trees: trees ?? 0, seconds, parameters }
          }),
        )
      }
      return {
        fitted,
        artifacts: Object.fromEntries(
          fitted.map(({ task, runId }) => [`run/${task}/boosting`, `runs:/${runId}`]),
        ),
      }
    } finally {
      await store.close()
    }
  },
})

/** A fitted model, read back and checked against its digest. */
export const loadFitted = async (
  { artifacts }: Pick<StepContext, "artifacts">,
  { model }: FittedModel,
): Promise<Model> => decodeModel(await artifacts.get(model))
