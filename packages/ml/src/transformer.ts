import { type PcaModel, project } from "./decomposition/pca.ts"
import type { Features } from "./features.ts"
import { type ImputerModel, impute } from "./preprocessing/imputer.ts"
import { type OneHotModel, oneHot } from "./preprocessing/one-hot.ts"
import { type StandardScalerModel, scale } from "./preprocessing/standard-scaler.ts"
import { encodeTarget, type TargetEncoderModel } from "./preprocessing/target-encoder.ts"

/** Every fitted preprocessing step: features in, features out. */
export type Transformer = ImputerModel | StandardScalerModel | OneHotModel | TargetEncoderModel | PcaModel

export const transformerKinds = ["imputer", "standard-scaler", "one-hot", "target-encoder", "pca"] as const

/**
 * Applies a fitted step. It finds its columns by name and lets the others pass through.
 * Throws INVALID_INPUT when a column is missing or of the wrong kind.
 */
export const transform = (transformer: Transformer, features: Features): Features => {
  switch (transformer.kind) {
    case "imputer":
      return impute(transformer, features)
    case "standard-scaler":
      return scale(transformer, features)
    case "one-hot":
      return oneHot(transformer, features)
    case "target-encoder":
      return encodeTarget(transformer, features)
    case "pca":
      return project(transformer, features)
  }
}
