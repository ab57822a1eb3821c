import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random } from "@roadmap/core/random"
import { schemaOf } from "../columns.ts"
import { fitPca, type PcaParameters } from "../decomposition/pca.ts"
import type { FitControl } from "../estimator.ts"
import type { Features } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkNotEmpty, type NumericArray } from "../input.ts"
import type { Model } from "../model.ts"
import { fitImputer, type ImputerParameters } from "../preprocessing/imputer.ts"
import { fitOneHot } from "../preprocessing/one-hot.ts"
import { fitStandardScaler } from "../preprocessing/standard-scaler.ts"
import {
  crossFitTarget,
  fitTargetEncoder,
  type TargetEncoderParameters,
} from "../preprocessing/target-encoder.ts"
import { type Transformer, transform } from "../transformer.ts"
import type { PipelineModel, PipelinePolicy } from "./model.ts"

/** A step to fit, as data. `columns` defaults to all columns of the kind it takes that have come so far. */
export type PipelineStep =
  | {
      readonly step: "imputer"
      readonly columns?: readonly string[]
      readonly parameters?: ImputerParameters
    }
  | { readonly step: "standard-scaler"; readonly columns?: readonly string[] }
  | { readonly step: "one-hot"; readonly columns?: readonly string[] }
  | {
      readonly step: "target-encoder"
      readonly columns?: readonly string[]
      readonly parameters?: TargetEncoderParameters
    }
  | { readonly step: "pca"; readonly columns?: readonly string[]; readonly parameters?: PcaParameters }

export interface PipelineInput extends FitControl {
  readonly features: Features
  /** Needed by the target encoder, and passed on to the estimator. */
  readonly target?: NumericArray
  readonly weights?: NumericArray
  readonly steps: readonly PipelineStep[]
  /**
   * Fits the last part on the preprocessed training rows, for example `rows => fitRidge({ ...rows, target
   * })`.
   */
  readonly estimator: (input: FitControl & { readonly features: Features }) => Model | Promise<Model>
  /** Name of the predicted value. Default "prediction". */
  readonly output?: string
  /** Default: unknown categories are accepted, missing columns refused. */
  readonly policy?: Partial<PipelinePolicy>
}

/**
 * Fits the steps in order, each on what the ones before it made of the training rows, then the estimator.
 * Rows that a target encoder passes on while fitting are cross-fitted, so their own targets do not leak into
 * the estimator. Throws INVALID_INPUT.
 */
export const fitPipeline = async (input: PipelineInput): Promise<PipelineModel> => {
  checkNotEmpty(input.features, "A pipeline")
  const random = input.random ?? createRandom(0)
  const steps: Transformer[] = []
  let { features } = input
  for (const [index, spec] of input.steps.entries()) {
    throwIfAborted(input.signal)
    const fitted = fitStep(spec, features, { input, random: random.fork(`step ${index}`) })
    steps.push(fitted.transformer)
    features = fitted.features
  }
  const { onProgress, signal } = input
  const estimator = await input.estimator({ features, random: random.fork("estimator"), onProgress, signal })
  return frozen({
    kind: "pipeline",
    features: schemaOf(input.features),
    output: input.output ?? "prediction",
    policy: { unknownCategories: "accept", missingColumns: "refuse", ...input.policy },
    steps,
    estimator,
  })
}

const fitStep = (
  spec: PipelineStep,
  features: Features,
  { input, random }: { input: PipelineInput; random: Random },
): { transformer: Transformer; features: Features } => {
  if (spec.step !== "target-encoder") {
    const transformer = fitTransformer(spec, features, input.weights)
    return { transformer, features: transform(transformer, features) }
  }
  const { target, weights } = input
  if (target === undefined)
    throw new RoadmapError("INVALID_INPUT", "A pipeline with a target encoder needs a target.")
  const encoder = { features, target, weights, columns: spec.columns, parameters: spec.parameters }
  return { transformer: fitTargetEncoder(encoder), features: crossFitTarget({ ...encoder, random }) }
}

const fitTransformer = (
  spec: Exclude<PipelineStep, { step: "target-encoder" }>,
  features: Features,
  weights: NumericArray | undefined,
): Transformer => {
  const { columns } = spec
  switch (spec.step) {
    case "imputer":
      return fitImputer({ features, weights, columns, parameters: spec.parameters })
    case "standard-scaler":
      return fitStandardScaler({ features, weights, columns })
    case "one-hot":
      return fitOneHot({ features, columns })
    case "pca":
      return fitPca({ features, columns, parameters: spec.parameters })
  }
}
