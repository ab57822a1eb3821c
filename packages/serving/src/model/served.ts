import type { Features } from "@roadmap/ml/features"
import type { Model } from "@roadmap/ml/model"
import { readModel, type StoredModel } from "@roadmap/model-registry/mlmodel"
import { resolveModel } from "@roadmap/model-registry/model-uri"
import type { ModelRegistry } from "@roadmap/model-registry/port"
import type { DataframeSplit, Signature } from "@roadmap/model-registry/signature"
import { type InputColumn, inputColumnsOf } from "./inputs.ts"
import { openPredictor } from "./predictor.ts"

/** One version of a registered model, loaded and ready to answer. */
export interface ServedModel {
  /** Registered name. */
  readonly name: string
  readonly version: number
  /** The alias it was asked for by; absent when a version was. */
  readonly alias?: string
  /** `models:/name/3`. */
  readonly uri: string
  /** SHA-256 of the model directory. */
  readonly digest: string
  /** The MLmodel directory, so that another thread can load the same model with `openServedModel`. */
  readonly folder: string
  readonly signature: Signature
  /** What `predict` takes, in this order: the signature's inputs as columns of features. */
  readonly inputs: readonly InputColumn[]
  readonly inputExample?: DataframeSplit
  /** Free fields of MLmodel, such as the feature service it was trained on. */
  readonly metadata: Readonly<Record<string, unknown>>
  /** This project's own model, for explanations; absent for a model that is ONNX alone. */
  readonly model?: Model
  /**
   * One value a row and output. Features have one column for each of `inputs`, by name and in that order.
   * This project's own models answer at once; ONNX models, which run on threads of their own, answer with a
   * promise. Throws (or rejects with) INVALID_INPUT for rows that the model refuses.
   */
  predict(features: Features): Predictions | Promise<Predictions>
  /** Gives back what the model holds outside of memory that is collected. Call it when no prediction runs. */
  close(): Promise<void>
}

export interface Predictions {
  readonly rows: number
  /** In the order of the signature's outputs; each `values` has one value a row. */
  readonly columns: readonly PredictionColumn[]
}

export interface PredictionColumn {
  readonly name: string
  readonly values: Float64Array
}

/** Which version a folder holds. */
export interface ModelIdentity {
  readonly name: string
  readonly version: number
  readonly alias?: string
}

/**
 * Loads the version that `flight-late@champion`, `flight-late/3` or `flight-late` (the latest) means now.
 * Throws NOT_FOUND, INVALID_INPUT, and as `openServedModel`.
 */
export const loadServedModel = async (registry: ModelRegistry, reference: string): Promise<ServedModel> => {
  const { name, version } = await resolveModel(registry, reference)
  const [, alias] = /@(.+)$/.exec(reference) ?? []
  const folder = await registry.fetchModel(name, version)
  return openServedModel(folder, { name, version, ...(alias !== undefined && { alias }) })
}

/**
 * Opens a model directory: `model.bin` by this project's own code, else the ONNX file. Every file is
 * checked against the manifest. Throws MODEL_FORMAT for a directory that is no model or a flavor that cannot
 * be served, and PART_MISSING when an ONNX model needs the part onnx.
 */
export const openServedModel = async (folder: string, identity: ModelIdentity): Promise<ServedModel> => {
  const stored: StoredModel = await readModel(folder)
  const { signature, digest, inputExample, metadata } = stored
  const opened = await openPredictor(stored)
  return {
    ...identity,
    uri: `models:/${identity.name}/${identity.version}`,
    digest,
    folder: stored.directory,
    signature,
    inputs: inputColumnsOf(signature, opened.schema),
    ...(inputExample && { inputExample }),
    metadata,
    ...(opened.model && { model: opened.model }),
    predict: opened.predict,
    close: opened.close,
  }
}
