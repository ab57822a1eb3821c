import type { BoostingModel } from "./model.ts"

export interface FeatureImportance {
  readonly feature: string
  /** Loss reduction summed over the feature's splits. */
  readonly gain: number
  /** The feature's part of all loss reduction, 0..1. */
  readonly share: number
  readonly splits: number
}

/** Gain importance, largest first (Breiman, 2001: summed loss reduction). Features never used have 0. */
export const gainImportance = (model: BoostingModel): FeatureImportance[] => {
  const gains = new Float64Array(model.features.length)
  const splits = new Int32Array(model.features.length)
  for (let node = 0; node < model.feature.length; node++) {
    const feature = model.feature[node]
    if (feature < 0) continue
    gains[feature] += model.gain[node]
    splits[feature]++
  }
  const total = gains.reduce((sum, gain) => sum + gain, 0)
  return model.features
    .map(({ name }, i) => ({
      feature: name,
      gain: gains[i],
      share: total > 0 ? gains[i] / total : 0,
      splits: splits[i],
    }))
    .sort((a, b) => b.gain - a.gain)
}
