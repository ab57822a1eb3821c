import { RoadmapError } from "@roadmap/core/errors"
import { checkCount, checkKey, checkText, describe, limits } from "./limits.ts"
import type { Batch, DatasetInput, Metric, MetricPoint, ModelOutput } from "./port.ts"

export interface CheckedBatch {
  metrics: Metric[]
  params: [key: string, value: string][]
  tags: [key: string, value: string][]
}

/**
 * Checks a whole batch against the limits before anything of it is written, and fills in defaults
 * (timestamp: `now`; step: 0). Throws INVALID_INPUT or LIMIT_EXCEEDED.
 */
export const checkBatch = (batch: Batch, now: number): CheckedBatch => {
  const metrics = batch.metrics ?? []
  const params = Object.entries(batch.params ?? {})
  const tags = Object.entries(batch.tags ?? {})
  checkCount("metrics", metrics.length, limits.metricsPerBatch)
  checkCount("parameters", params.length, limits.paramsPerBatch)
  checkCount("tags", tags.length, limits.tagsPerBatch)
  checkCount("items", metrics.length + params.length + tags.length, limits.itemsPerBatch)
  return {
    metrics: metrics.map(point => checkMetric(point, now)),
    params: params.map(([key, value]) => [
      checkKey("parameter", key),
      checkText(`Parameter "${key}"`, value, limits.paramValueLength),
    ]),
    tags: tags.map(([key, value]) => checkTag(key, value)),
  }
}

export const checkTag = (key: string, value: string): [key: string, value: string] => [
  checkKey("tag", key),
  checkText(`Tag "${key}"`, value, limits.tagValueLength),
]

/** Checks one point and fills in its defaults. Throws INVALID_INPUT or LIMIT_EXCEEDED. */
export const checkMetric = (point: MetricPoint, now: number): Metric => {
  const { value, timestamp = now, step = 0 } = point
  const key = checkKey("metric", point.key)
  if (typeof value !== "number")
    throw new RoadmapError("INVALID_INPUT", `Metric "${key}" is ${describe(value)}; expected a number.`, {
      hint: "Log text as a tag or a parameter.",
    })
  if (!Number.isSafeInteger(timestamp) || timestamp < 0)
    throw new RoadmapError("INVALID_INPUT", `Metric "${key}" has the timestamp ${describe(timestamp)}.`, {
      hint: "A timestamp is whole milliseconds since 1970.",
    })
  if (!Number.isSafeInteger(step))
    throw new RoadmapError("INVALID_INPUT", `Metric "${key}" has the step ${describe(step)}.`, {
      hint: "A step is a whole number.",
    })
  return { key, value: storable(value), timestamp, step }
}

/** MLflow's rule: NaN is kept (as a flag), an infinite value becomes the largest double of its sign. */
const storable = (value: number): number =>
  value === Infinity ? Number.MAX_VALUE : value === -Infinity ? -Number.MAX_VALUE : value

/** Checks data sets and drops repetitions of the same name and digest. Throws INVALID_INPUT or LIMIT_EXCEEDED. */
export const checkDatasets = (datasets: readonly DatasetInput[]): DatasetInput[] => {
  checkCount("data sets", datasets.length, limits.itemsPerBatch)
  const seen = new Map<string, DatasetInput>()
  for (const dataset of datasets) {
    const what = `of data set "${dataset.name}"`
    checkText("The name of a data set", dataset.name, limits.datasetNameLength)
    checkText(`The digest ${what}`, dataset.digest, limits.datasetDigestLength)
    checkText(`The source type ${what}`, dataset.sourceType, limits.keyLength)
    checkText(`The source ${what}`, dataset.source, limits.datasetSourceLength)
    checkText(`The schema ${what}`, dataset.schema ?? "", limits.datasetSchemaLength)
    checkText(`The profile ${what}`, dataset.profile ?? "", limits.datasetProfileLength)
    checkText(`The context ${what}`, dataset.context ?? "", limits.datasetContextLength)
    const key = JSON.stringify([dataset.name, dataset.digest])
    if (!seen.has(key)) seen.set(key, dataset)
  }
  return [...seen.values()]
}

/** Throws INVALID_INPUT for an id that is not MLflow's `m-<32 hexadecimal digits>` or a step that is not whole. */
export const checkOutputs = (models: readonly ModelOutput[]): void => {
  checkCount("models", models.length, limits.itemsPerBatch)
  for (const { modelId, step } of models) {
    if (typeof modelId !== "string" || !/^m-[0-9a-f]{32}$/.test(modelId))
      throw new RoadmapError("INVALID_INPUT", `${describe(modelId)} is no model id.`, {
        hint: "A model id is 'm-' and 32 hexadecimal digits, as a registered version's modelId.",
      })
    if (!Number.isSafeInteger(step))
      throw new RoadmapError("INVALID_INPUT", `Model ${modelId} has the step ${describe(step)}.`, {
        hint: "A step is a whole number.",
      })
  }
}
