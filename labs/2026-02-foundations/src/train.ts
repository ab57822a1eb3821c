import { breathe } from "@roadmap/core/async"
import type { Config } from "@roadmap/core/config"
import { isRoadmapError } from "@roadmap/core/errors"
import type { Random } from "@roadmap/core/random"
import type { ArtifactRef } from "@roadmap/labkit/artifacts"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { decodeModel, encodeModel } from "@roadmap/ml/encoding"
import { logLoss } from "@roadmap/ml/metrics/classification"
import { rmse } from "@roadmap/ml/metrics/regression"
import type { Model } from "@roadmap/ml/model"
import { openTracking } from "@roadmap/tracking/open"
import type { TrackingStore } from "@roadmap/tracking/port"
import { withRun } from "@roadmap/tracking/run-recorder"
import { openWarehouse } from "@roadmap/warehouse/open"
import { type Dataset, loadDataset } from "./dataset.ts"
import { buildFeatures } from "./features.ts"
import { ingestFlights } from "./ingest.ts"
import { type Candidate, candidates, respond, type Task, targetOf } from "./models.ts"

export const experiment = "feb-foundations"

export interface TrainedModel {
  task: Task
  name: string
  runId: string
  model: ArtifactRef
  seconds: number
  parameters: Record<string, string | number>
}

/** Fits every candidate in a tracked run of its own. Each finished model is a checkpoint: a killed run resumes at the next. */
export const trainModels = defineStep({
  id: "train",
  title: "Train and track the candidates for both tasks",
  needs: [buildFeatures, ingestFlights],
  intact: async ({ artifacts, config }, { trained }: { trained: TrainedModel[] }) => {
    const models = await Promise.all(trained.map(({ model }) => artifacts.has(model)))
    return models.every(Boolean) && (await runsAreThere(config, trained))
  },
  async run(context) {
    const { config, signal, progress } = context
    await using engine = await openWarehouse(config)
    const loading = (split: "train" | "validation") =>
      loadDataset(engine, split, {
        signal,
        onProgress: done => progress({ label: `loading ${split} rows`, done, unit: "rows" }),
      })
    const train = await loading("train")
    const validation = await loading("validation")
    const store = await openTracking(config)
    try {
      const trained: TrainedModel[] = []
      for (const candidate of candidates) {
        const { task, name } = candidate
        trained.push(
          await context.checkpoint(`${task}-${name}`, () =>
            trainOne(context, store, candidate, { train, validation }),
          ),
        )
      }
      return {
        trained,
        rows: train.features.rows,
        artifacts: Object.fromEntries(
          trained.map(({ task, name, runId }) => [`run/${task}/${name}`, `runs:/${runId}`]),
        ),
      }
    } finally {
      await store.close()
    }
  },
})

const runsAreThere = async (config: Config, trained: readonly TrainedModel[]): Promise<boolean> => {
  const store = await openTracking(config)
  try {
    for (const { runId } of trained) await store.getRun(runId)
    return true
  } catch (error) {
    if (isRoadmapError(error, "NOT_FOUND")) return false
    throw error
  } finally {
    await store.close()
  }
}

const trainOne = async (
  context: StepContext,
  store: TrackingStore,
  candidate: Candidate,
  data: { train: Dataset; validation: Dataset },
): Promise<TrainedModel> => {
  const { task, name, parameters } = candidate
  const started = performance.now()
  const source = context.result(ingestFlights)
  const { run, result } = await withRun(
    store,
    {
      experiment,
      runName: `${task}-${name}`,
      tags: { "roadmap.month": "2026-02", "roadmap.step_key": context.key, task, model: name },
      signal: context.signal,
    },
    async recorder => {
      await recorder.params({
        ...parameters,
        rows: data.train.features.rows,
        seed: context.seed,
        sample: context.sample,
      })
      await recorder.inputs([
        {
          name: "gold.flight_features",
          digest: source.contentHash.slice(0, 32),
          sourceType: "local",
          source: source.sourceName,
          context: "training",
        },
      ])
      const model = await fit(context, candidate, data, context.random.fork(`${task}/${name}`))
      const bytes = encodeModel(model)
      const stored = await context.artifacts.put(`${task}-${name}.model`, bytes)
      await recorder.artifact("model.bin", { bytes })
      const seconds = Math.round(performance.now() - started) / 1000
      await recorder.metrics({ fit_seconds: seconds, ...quickScores(task, model, data.validation) })
      return { stored, seconds }
    },
  )
  return { task, name, runId: run.runId, model: result.stored, seconds: result.seconds, parameters }
}

const fit = async (
  { progress, signal }: StepContext,
  { task, name, fit: fitModel }: Candidate,
  { train, validation }: { train: Dataset; validation: Dataset },
  random: Random,
): Promise<Model> => {
  await breathe(signal)
  return fitModel(train, validation, {
    random,
    signal,
    onProgress: ({ done, total, unit }) => progress({ label: `${task} ${name}`, done, total, unit }),
  })
}

const quickScores = (task: Task, model: Model, validation: Dataset): Record<string, number> => {
  const target = targetOf(task, validation)
  const response = respond(task, model, validation)
  return task === "delay"
    ? { "rmse.validation": rmse(target, response) }
    : { "log_loss.validation": logLoss(target, response) }
}

/** A trained model, read back and checked against its digest. */
export const loadModel = async (
  context: Pick<StepContext, "artifacts">,
  trained: TrainedModel,
): Promise<Model> => decodeModel(await context.artifacts.get(trained.model))
