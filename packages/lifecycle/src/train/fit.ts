import { createRandom } from "@roadmap/core/random"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { encodeModel } from "@roadmap/ml/encoding"
import type { Model } from "@roadmap/ml/model"
import { fitEstimator, treesOf } from "@roadmap/ml/selection/estimator"
import type { Configuration } from "@roadmap/ml/selection/space"
import type { TrackingStore } from "@roadmap/tracking/port"
import { withRun } from "@roadmap/tracking/run-recorder"
import { partOf, type TrainingData } from "./data.ts"
import { fitSeed } from "./search.ts"
import { specificationKey, type TrainingSpecification, withParameters } from "./specification.ts"

export interface FitOutcome {
  readonly runId: string
  readonly model: Model
  readonly trees: number | undefined
  readonly seconds: number
}

export interface FitContext {
  readonly store: TrackingStore
  readonly tags?: Record<string, string>
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { done: number; total: number; unit: string }) => void
}

/**
 * Fits the estimator with these parameters on all training rows, in a tracked run that holds the specification and the
 * model's bytes. Boosting measures its trees on the validation rows: they may say when to stop, never what to learn.
 */
export const fitSpecified = async (
  specification: TrainingSpecification,
  data: TrainingData,
  parameters: Configuration,
  { store, tags, signal, onProgress }: FitContext,
): Promise<FitOutcome> => {
  const { model: name, experiment, data: source } = specification
  const started = performance.now()
  const { run, result } = await withRun(
    store,
    {
      experiment,
      runName: `${name}-fit`,
      tags: { ...tags, "training.fit": specificationKey(specification) },
      signal,
    },
    async recorder => {
      const estimator = withParameters(specification.estimator, parameters)
      const fixed = "parameters" in estimator ? estimator.parameters : {}
      await recorder.params({
        ...plain(fixed ?? {}),
        rows: data.validationFrom,
        seed: specification.seed,
        service: `${source.service}@${source.serviceVersion}`,
      })
      await recorder.inputs([
        {
          name: source.service,
          digest: source.snapshot.slice(0, 32),
          sourceType: "local",
          source: `${source.service}@${source.serviceVersion}`,
          context: "training",
        },
      ])
      await recorder.artifact("specification.json", { text: JSON.stringify(specification, null, 2) })
      const model = await fitOn(specification, data, estimator, { signal, onProgress })
      await recorder.artifact("model.bin", { bytes: encodeModel(model) })
      return model
    },
  )
  const seconds = Math.round(performance.now() - started) / 1000
  return { runId: run.runId, model: result, trees: treesOf(result), seconds }
}

const fitOn = async (
  specification: TrainingSpecification,
  data: TrainingData,
  estimator: ReturnType<typeof withParameters>,
  { signal, onProgress }: Pick<FitContext, "signal" | "onProgress">,
): Promise<Model> => {
  const train = partOf(data, "train")
  const seed = fitSeed(specification)
  if (estimator.kind !== "boosting")
    return fitEstimator({
      features: train.features,
      target: train.target,
      estimator,
      random: createRandom(seed),
      signal,
      onProgress: ({ done, total, unit }) => onProgress?.({ done, total: total ?? done, unit }),
    })
  const validation = partOf(data, "validation")
  return fitBoosting({
    features: train.features,
    target: train.target,
    validation: { features: validation.features, target: validation.target },
    parameters: estimator.parameters,
    seed,
    signal,
    onProgress: ({ tree, trees }) => onProgress?.({ done: tree, total: trees, unit: "trees" }),
  })
}

const plain = (parameters: object): Record<string, string | number | boolean> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === "object" ? JSON.stringify(value) : value,
    ]),
  )
