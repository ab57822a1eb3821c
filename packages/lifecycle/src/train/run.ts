import type { Model } from "@roadmap/ml/model"
import type { ModelCard } from "@roadmap/model-registry/card"
import type { ModelRegistry, ModelVersion } from "@roadmap/model-registry/port"
import type { DataframeSplit } from "@roadmap/model-registry/signature"
import type { TrackingStore } from "@roadmap/tracking/port"
import { type Comparison, compareWithChampion } from "./compare.ts"
import { checkData, type TrainingData } from "./data.ts"
import { evaluateModel, type Score } from "./evaluate.ts"
import { fitSpecified } from "./fit.ts"
import { type Decision, registerCandidate } from "./register.ts"
import { type SearchOutcome, searchParameters } from "./search.ts"
import { type EvaluatedResponses, type SliceScore, scoreSlices } from "./slices.ts"
import { defineTraining, type TrainingSpecification } from "./specification.ts"

export interface TrainingRun {
  readonly store: TrackingStore
  readonly registry: ModelRegistry
  readonly temporaryFolder: string
  /** The version in charge and its responses to the same rows. */
  readonly champion: { readonly version: ModelVersion; readonly responses: EvaluatedResponses }
  /** 0 and 1 a row of the data, where a regression is judged by a ranking too. */
  readonly classes?: Float64Array
  readonly tags?: Record<string, string>
  readonly signal?: AbortSignal
  /** Writes the model card and an example from what was found. */
  readonly describe: (found: Found) => { card: ModelCard; example: DataframeSplit }
}

export interface Found {
  readonly search: SearchOutcome
  readonly runId: string
  readonly model: Model
  readonly scores: readonly Score[]
  readonly slices: readonly SliceScore[]
  readonly comparison: Comparison
}

/**
 * The whole way of a specification: search -> fit -> evaluate by slice -> compare with the champion -> register. The
 * stages are functions of their own (search.ts, fit.ts, …) for pipelines that record each. A repeated call finds the
 * trials of an interrupted one. Throws what the stages throw.
 */
export const runTraining = async (
  specification: TrainingSpecification,
  data: TrainingData,
  options: TrainingRun,
): Promise<Found & { decision: Decision }> => {
  defineTraining(specification)
  checkData(data, specification.evaluation.slices)
  const { store, champion, classes, tags, signal } = options
  const search = await searchParameters(specification, data, { store, tags, signal })
  const { runId, model } = await fitSpecified(specification, data, search.parameters, { store, tags, signal })
  const { scores, responses } = await evaluateModel(specification, data, model, { classes, signal })
  const comparison = await compareWithChampion(
    specification,
    data,
    { candidate: responses.test, champion: champion.responses.test },
    { classes, signal },
  )
  const compared = { candidate: responses, champion: champion.responses }
  const slices = await scoreSlices(specification, data, compared, signal)
  const found: Found = { search, runId, model, scores, slices, comparison }
  const decision = await registerCandidate(
    specification,
    { model, runId, comparison, champion: champion.version, ...options.describe(found) },
    options,
  )
  return { ...found, decision }
}
