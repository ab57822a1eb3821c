import type { Random } from "@roadmap/core/random"
import { assign } from "./lloyd.ts"
import type { Points } from "./points.ts"

/**
 * Mini-batch k-means (Sculley, 2010): each step draws a batch of rows and moves every center towards its rows
 * of the batch by 1 / (weight the center has seen). Changes `centers` in place; `seen` is the weight seen so
 * far.
 */
export const miniBatchStep = (
  points: Points,
  weights: Float64Array | undefined,
  state: { centers: Float64Array; seen: Float64Array; batchSize: number; random: Random },
): void => {
  const { width, values } = points
  const { centers, seen, batchSize, random } = state
  const batch = new Float64Array(batchSize * width)
  const batchWeights = new Float64Array(batchSize).fill(1)
  for (let i = 0; i < batchSize; i++) {
    const row = Math.floor(random.next() * points.rows)
    batch.set(values.subarray(row * width, (row + 1) * width), i * width)
    if (weights !== undefined) batchWeights[i] = weights[row]
  }
  const labels = new Int32Array(batchSize)
  assign({ rows: batchSize, width, values: batch }, centers, labels)
  for (let i = 0; i < batchSize; i++) {
    const cluster = labels[i]
    if (batchWeights[i] === 0) continue
    seen[cluster] += batchWeights[i]
    const rate = batchWeights[i] / seen[cluster]
    for (let c = 0; c < width; c++)
      centers[cluster * width + c] += rate * (batch[i * width + c] - centers[cluster * width + c])
  }
}
