import type { BoostingParameters, Loss } from "./parameters.ts"

/** First and second derivative of the loss by the score, for blocks of rows inside one Float64Array. */
export type GradientFunction = (
  f64: Float64Array,
  scores: number,
  targets: number,
  count: number,
  gradients: Float64Array,
  hessians: Float64Array,
) => void

/** Undefined for logistic loss, whose gradients the kernels write (see logistic.ts). */
export const gradientFunction = ({
  loss,
  quantile,
  huberDelta,
}: BoostingParameters): GradientFunction | undefined => {
  const functions: Record<Exclude<Loss, "logistic">, GradientFunction> = {
    squared: (f64, scores, targets, count, gradients, hessians) => {
      for (let i = 0; i < count; i++) {
        gradients[i] = f64[scores + i] - f64[targets + i]
        hessians[i] = 1
      }
    },
    absolute: (f64, scores, targets, count, gradients, hessians) => {
      for (let i = 0; i < count; i++) {
        const error = f64[scores + i] - f64[targets + i]
        gradients[i] = error > 0 ? 1 : error < 0 ? -1 : 0
        hessians[i] = 1
      }
    },
    quantile: (f64, scores, targets, count, gradients, hessians) => {
      for (let i = 0; i < count; i++) {
        gradients[i] = f64[scores + i] >= f64[targets + i] ? 1 - quantile : -quantile
        hessians[i] = 1
      }
    },
    huber: (f64, scores, targets, count, gradients, hessians) => {
      for (let i = 0; i < count; i++) {
        const error = f64[scores + i] - f64[targets + i]
        gradients[i] = Math.max(-huberDelta, Math.min(huberDelta, error))
        hessians[i] = 1
      }
    },
    poisson: (f64, scores, targets, count, gradients, hessians) => {
      for (let i = 0; i < count; i++) {
        const mean = Math.exp(f64[scores + i])
        gradients[i] = mean - f64[targets + i]
        hessians[i] = mean
      }
    },
  }
  return loss === "logistic" ? undefined : functions[loss]
}

/** Largest absolute gradient and hessian of a row of weight 1, where the loss bounds them. */
export const gradientBounds = ({ loss, quantile, huberDelta }: BoostingParameters) => {
  const bounds: Record<Loss, { gradient: number; hessian: number } | undefined> = {
    squared: undefined,
    absolute: { gradient: 1, hessian: 1 },
    quantile: { gradient: Math.max(quantile, 1 - quantile), hessian: 1 },
    huber: { gradient: huberDelta, hessian: 1 },
    logistic: { gradient: 1, hessian: 0.25 },
    poisson: undefined,
  }
  return bounds[loss]
}

/** Loss of one row, in the usual units: squared error, log loss, half Poisson deviance up to a constant. */
export const lossFunction = ({
  loss,
  quantile,
  huberDelta,
}: BoostingParameters): ((score: number, target: number) => number) => {
  const functions: Record<Loss, (score: number, target: number) => number> = {
    squared: (score, target) => (score - target) ** 2,
    absolute: (score, target) => Math.abs(score - target),
    quantile: (score, target) =>
      score >= target ? (1 - quantile) * (score - target) : quantile * (target - score),
    huber: (score, target) => {
      const error = Math.abs(score - target)
      return error <= huberDelta ? 0.5 * error * error : huberDelta * (error - 0.5 * huberDelta)
    },
    logistic: (score, target) => Math.max(score, 0) - score * target + Math.log1p(Math.exp(-Math.abs(score))),
    poisson: (score, target) => Math.exp(score) - target * score,
  }
  return functions[loss]
}

/** The constant score with the lowest loss, up to what keeps the logarithm finite. */
export const baselineScore = (
  { loss, quantile }: BoostingParameters,
  targets: Float64Array | Float32Array,
  weights: Float64Array | undefined,
): number => {
  if (loss === "absolute" || loss === "huber") return weightedQuantile(targets, weights, 0.5)
  if (loss === "quantile") return weightedQuantile(targets, weights, quantile)
  let sum = 0
  let total = 0
  for (let i = 0; i < targets.length; i++) {
    const weight = weights ? weights[i] : 1
    sum += weight * targets[i]
    total += weight
  }
  const mean = sum / total
  if (loss === "logistic") return Math.log(mean / (1 - mean))
  return loss === "poisson" ? Math.log(Math.max(mean, 1e-12)) : mean
}

/**
 * The least value with more than `share` of the weight at or below it, or the middle between it and the value
 * before when that one has exactly `share` (type 2 of Hyndman and Fan, 1996): whole weights are the same as
 * repeated values. 0 without values. `values` is left as is.
 */
export const weightedQuantile = (
  values: Float64Array | Float32Array,
  weights: Float64Array | undefined,
  share: number,
): number => {
  if (values.length === 0) return 0
  if (!weights) {
    const copy = values.slice()
    const position = copy.length * share
    const high = selectNth(copy, Math.min(Math.floor(position), copy.length - 1))
    if (position !== Math.floor(position) || position === 0) return high
    let low = -Infinity
    for (let i = 0; i < position; i++) low = Math.max(low, copy[i])
    return low + (high - low) / 2
  }
  const order = Uint32Array.from(values, (_, i) => i).filter(i => weights[i] > 0)
  if (order.length === 0) return 0
  order.sort((a, b) => values[a] - values[b])
  const goal = share * weights.reduce((sum, weight) => sum + weight, 0)
  let reached = 0
  for (let k = 0; k < order.length; k++) {
    reached += weights[order[k]]
    if (reached < goal) continue
    const value = values[order[k]]
    return reached > goal || k + 1 === order.length ? value : value + (values[order[k + 1]] - value) / 2
  }
  return values[order[order.length - 1]]
}

/** Quickselect (Hoare's Algorithm 65): afterwards nothing left of n is larger and nothing right is smaller. */
const selectNth = (values: Float64Array | Float32Array, n: number): number => {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const pivot = values[(low + high) >>> 1]
    let i = low
    let j = high
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i > j) break
      const held = values[i]
      values[i++] = values[j]
      values[j--] = held
    }
    if (n <= j) high = j
    else if (n >= i) low = i
    else break
  }
  return values[n]
}
