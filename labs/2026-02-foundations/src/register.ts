import { rm } from "node:fs/promises"
import { join } from "node:path"
import { isRoadmapError } from "@roadmap/core/errors"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { encodeModel } from "@roadmap/ml/encoding"
import type { Model } from "@roadmap/ml/model"
import { toOnnx } from "@roadmap/ml/onnx/export"
import { onnxSignature } from "@roadmap/ml/onnx/notes"
import { type ModelContent, roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { withOnnx } from "@roadmap/model-registry/onnx-flavor"
import { openRegistry } from "@roadmap/model-registry/open"
import type { ModelRegistry, ModelVersion } from "@roadmap/model-registry/port"
import { openWarehouse } from "@roadmap/warehouse/open"
import { modelCard } from "./card.ts"
import { compareModels, type Gain, type Score, taskMetrics } from "./compare.ts"
import { type Dataset, loadDataset } from "./dataset.ts"
import { buildFeatures } from "./features.ts"
import { ingestFlights } from "./ingest.ts"
import { exampleRows } from "./model-input.ts"
import type { Task } from "./models.ts"
import { splitByTime } from "./split.ts"
import { loadModel, type TrainedModel, trainModels } from "./train.ts"

export const registeredNames: Record<Task, string> = { delay: "flight-delay", late: "flight-late" }
const month = "2026-02"

export interface Decision {
  task: Task
  /** The best candidate on the validation month. */
  candidate: string
  /** Baseline minus candidate on the test month. */
  gain: Gain
  registered: boolean
  version?: number
  champion?: boolean
  reason: string
}

/** The validation month chooses the candidate; the test month, unseen until then, decides whether it may be registered. */
export const registerBest = defineStep({
  id: "register",
  title: "Register the best model of each task, if it beats the baseline",
  needs: [ingestFlights, splitByTime, buildFeatures, trainModels, compareModels],
  intact: async ({ config }, result: { decisions: Decision[] }) => {
    const registry = await openRegistry(config)
    try {
      for (const { task, version } of result.decisions)
        if (version !== undefined && !(await isWhole(registry, registeredNames[task], version))) return false
      return true
    } finally {
      await registry.close()
    }
  },
  async run(context) {
    const { trained } = context.result(trainModels)
    await using engine = await openWarehouse(context.config)
    const validation = await loadDataset(engine, "validation", { signal: context.signal })
    const registry = await openRegistry(context.config)
    try {
      const decisions: Decision[] = []
      for (const task of ["delay", "late"] as const)
        decisions.push(await decide(context, registry, task, trained, validation))
      const versions = decisions.filter(({ version }) => version !== undefined)
      return {
        decisions,
        artifacts: Object.fromEntries(
          versions.map(({ task, version }) => [
            `model/${registeredNames[task]}`,
            `models:/${registeredNames[task]}/${version}`,
          ]),
        ),
      }
    } finally {
      await registry.close()
    }
  },
})

const decide = async (
  context: StepContext,
  registry: ModelRegistry,
  task: Task,
  trained: readonly TrainedModel[],
  validation: Dataset,
): Promise<Decision> => {
  const { scores, gains } = context.result(compareModels)
  const candidate = bestOnValidation(task, scores)
  const gain = gains.find(each => each.task === task && each.model === candidate && each.split === "test")
  if (!gain) throw new Error(`The ${task} candidate ${candidate} was not compared with the baseline.`)
  const decision = { task, candidate, gain }
  if (!(gain.low > 0))
    return {
      ...decision,
      registered: false,
      reason: "its gain over the baseline on the test month may be nothing",
    }
  const chosen = trained.find(each => each.task === task && each.name === candidate)!
  const model = await loadModel(context, chosen)
  const version = await registerVersion(context, registry, chosen, model, validation)
  const champion = await becomeChampion(registry, version)
  return {
    ...decision,
    registered: true,
    version: version.version,
    champion,
    reason: champion
      ? "better than the baseline beyond the interval; now the champion"
      : "better than the baseline beyond the interval; a later month's champion stays",
  }
}

/** The constant baseline is no candidate. Every deciding metric is a loss: lower is better. */
// #region gate
export const bestOnValidation = (task: Task, scores: readonly Score[]): string => {
  const [metric] = taskMetrics[task]
  const ranked = scores
    .filter(score => score.task === task && score.metric === metric && score.split === "validation")
    .filter(score => score.model !== "constant")
    .sort((a, b) => a.estimate - b.estimate)
  return ranked[0].model
}
// #endregion

const registerVersion = async (
  context: StepContext,
  registry: ModelRegistry,
  trained: TrainedModel,
  model: Model,
  validation: Dataset,
): Promise<ModelVersion> => {
  const { task, name, runId } = trained
  const onnx = toOnnx(model)
  const directory = join(context.config.home, "tmp", `${task}-${name}-${context.key.slice(0, 16)}`)
  await rm(directory, { recursive: true, force: true })
  try {
    const content: ModelContent = {
      flavors: roadmapFlavor("@roadmap/ml", 1),
      files: { "model.bin": encodeModel(model) },
      signature: onnxSignature(onnx),
      inputExample: exampleRows(validation, 5),
      card: modelCard(context, trained),
      metadata: {
        task,
        target: task === "delay" ? "arrival delay, minutes" : "arrival delay of 15 minutes or more",
      },
    }
    // With the ONNX flavor the same directory opens in Python's mlflow.pyfunc and in `mlflow models serve`.
    await writeModel(directory, withOnnx(content, onnx))
    return await registry.register({
      name: registeredNames[task],
      directory,
      tags: {
        "roadmap.month": month,
        algorithm: name,
        ...(context.sample > 1 && { sample: `1/${context.sample}` }),
      },
      lineage: {
        runId,
        datasets: [{ name: "silver.flights", digest: context.result(ingestFlights).contentHash }],
      },
      idempotencyKey: `${month}/${task}/${runId}`,
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** February's model takes the alias from February's models only. */
const becomeChampion = async (registry: ModelRegistry, version: ModelVersion): Promise<boolean> => {
  const current = await registry.getByAlias(version.name, "champion").catch(error => {
    if (isRoadmapError(error, "NOT_FOUND")) return undefined
    throw error
  })
  if (current && current.tags["roadmap.month"] !== month) return false
  if (current?.version !== version.version) await registry.setAlias(version.name, "champion", version.version)
  return true
}

/** The version is there and its files are those that were registered. */
const isWhole = async (registry: ModelRegistry, name: string, version: number): Promise<boolean> =>
  registry.fetchModel(name, version).then(
    () => true,
    error => {
      if (isRoadmapError(error, "NOT_FOUND") || isRoadmapError(error, "MODEL_FORMAT")) return false
      throw error
    },
  )
