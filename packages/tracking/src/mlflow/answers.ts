import { z } from "zod"
import { type DatasetInput, type Experiment, type Metric, type Run, runStatuses } from "../port.ts"

/** MLflow's answers about experiments and runs (mlflow/protos/service.proto), as far as they are read, and what they mean here. */

/** Protocol buffers leave out what is empty; 64-bit numbers may come as text. */
const whole = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
])
const double = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)])
const stage = z.enum(["active", "deleted"])
const pairs = z
  .array(z.object({ key: z.string(), value: z.string().default("") }))
  .default([])
  .transform(list => Object.fromEntries(list.map(({ key, value }) => [key, value])))

export const nothing = z.looseObject({}).transform(() => null)

export const experimentAnswer = z
  .object({
    experiment_id: z.string(),
    name: z.string(),
    artifact_location: z.string().default(""),
    lifecycle_stage: stage,
    creation_time: whole.default(0),
    last_update_time: whole.default(0),
    tags: pairs,
  })
  .transform(
    (read): Experiment => ({
      experimentId: read.experiment_id,
      name: read.name,
      artifactLocation: read.artifact_location,
      lifecycleStage: read.lifecycle_stage,
      creationTime: read.creation_time,
      lastUpdateTime: read.last_update_time,
      tags: read.tags,
    }),
  )

const metric = z
  .object({ key: z.string(), value: double.default(0), timestamp: whole.default(0), step: whole.default(0) })
  .transform(({ key, value, timestamp, step }): Metric => ({ key, value, timestamp, step }))

const datasetInput = z
  .object({
    tags: pairs,
    dataset: z.object({
      name: z.string(),
      digest: z.string(),
      source_type: z.string().default(""),
      source: z.string().default(""),
      schema: z.string().optional(),
      profile: z.string().optional(),
    }),
  })
  .transform(({ dataset, tags }): DatasetInput => {
    const { name, digest, source_type, source, schema, profile } = dataset
    const context = tags[contextTag]
    return {
      name,
      digest,
      sourceType: source_type,
      source,
      ...(schema && { schema }),
      ...(profile && { profile }),
      ...(context !== undefined && { context }),
    }
  })

/** MLflow's tag of an input that says what it was for. */
export const contextTag = "mlflow.data.context"

export const runAnswer = z
  .object({
    info: z.object({
      run_id: z.string(),
      experiment_id: z.string(),
      run_name: z.string().default(""),
      status: z.enum(runStatuses),
      start_time: whole.default(0),
      end_time: whole.optional(),
      lifecycle_stage: stage,
      artifact_uri: z.string().default(""),
    }),
    data: z
      .object({ metrics: z.array(metric).default([]), params: pairs, tags: pairs })
      .default({ metrics: [], params: {}, tags: {} }),
    inputs: z.object({ dataset_inputs: z.array(datasetInput).default([]) }).optional(),
    outputs: z
      .object({
        model_outputs: z.array(z.object({ model_id: z.string(), step: whole.default(0) })).default([]),
      })
      .optional(),
  })
  .transform(
    ({ info, data, inputs, outputs }): Run => ({
      runId: info.run_id,
      experimentId: info.experiment_id,
      runName: info.run_name,
      status: info.status,
      startTime: info.start_time,
      // 0 is MLflow's "not ended" in some answers.
      ...(info.end_time && { endTime: info.end_time }),
      lifecycleStage: info.lifecycle_stage,
      artifactUri: info.artifact_uri,
      metrics: Object.fromEntries(data.metrics.map(({ key, value }) => [key, value])),
      params: data.params,
      tags: data.tags,
      inputs: inputs?.dataset_inputs ?? [],
      outputs: (outputs?.model_outputs ?? []).map(({ model_id, step }) => ({ modelId: model_id, step })),
    }),
  )

export const oneExperiment = z.object({ experiment: experimentAnswer })
export const manyExperiments = z.object({
  experiments: z.array(experimentAnswer).default([]),
  next_page_token: z.string().optional(),
})
export const oneRun = z.object({ run: runAnswer })
export const manyRuns = z.object({
  runs: z.array(runAnswer).default([]),
  next_page_token: z.string().optional(),
})
export const metricHistory = z.object({
  metrics: z.array(metric).default([]),
  next_page_token: z.string().optional(),
})
export const artifactList = z.object({
  files: z
    .array(z.object({ path: z.string(), is_dir: z.boolean().default(false), file_size: whole.optional() }))
    .default([]),
  next_page_token: z.string().optional(),
})
