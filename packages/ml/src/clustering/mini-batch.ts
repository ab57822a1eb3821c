import type { Random } from "@roadmap/core/random"
import type { Engine } from "../kernels/memory.ts"
import { nearestCenters } from "./lloyd.ts"
import { type ClusterWorkspace, createClusterWorkspace } from "./workspace.ts"

/**
 * Mini-batch k-means (Sculley, 2010): each step draws a batch of rows and moves every center towards its rows
 * of the batch by 1 / (weight the center has seen).
 */
export const createMiniBatches = (
  { f64, rows, width, values, clusters, weights }: ClusterWorkspace,
  { batchSize, random, engine }: { batchSize: number; random: Random; engine?: Engine },
): ((centers: Float64Array) => Float64Array) => {
  const batch = createClusterWorkspace({ rows: batchSize, width, clusters, engine })
  const labels = batch.i32.subarray(batch.labels / 4, batch.labels / 4 + batchSize)
  const batchWeights = new Float64Array(batchSize).fill(1)
  const seen = new Float64Array(clusters)
  return before => {
    const centers = before.slice()
    for (let i = 0; i < batchSize; i++) {
      const row = Math.floor(random.next() * rows)
      batch.values.set(values.subarray(row * width, (row + 1) * width), i * width)
      if (weights !== 0) batchWeights[i] = f64[weights / 8 + row]
    }
    nearestCenters(batch, centers)
    for (let i = 0; i < batchSize; i++) {
      const cluster = labels[i]
      if (batchWeights[i] === 0) continue
      seen[cluster] += batchWeights[i]
      const rate = batchWeights[i] / seen[cluster]
      for (let c = 0; c < width; c++)
        centers[cluster * width + c] += rate * (batch.values[i * width + c] - centers[cluster * width + c])
    }
    return centers
  }
}
