import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random, sampleIndices } from "@roadmap/core/random"
import { completeNumbers } from "../columns.ts"
import type { Features } from "../features.ts"
import { checkValues, type NumericArray } from "../input.ts"

export interface SilhouetteOptions {
  /** Rows to draw; the cost is the square of it. Default 2,000. */
  readonly sample?: number
  readonly random?: Random
}

/**
 * Mean silhouette of clusters (Rousseeuw, 1987), Euclidean, on a seeded sample of the rows: (b - a) / max(a,
 * b) with a the mean distance to the row's own cluster and b to the nearest other one; a row alone in its
 * cluster counts 0. Throws INVALID_INPUT unless the sample holds at least two clusters and fewer clusters
 * than rows.
 */
export const silhouette = (
  features: Features,
  labels: NumericArray,
  options: SilhouetteOptions = {},
): number => {
  const { sample = 2_000, random = createRandom(0) } = options
  const columns = completeNumbers(features.columns, "The silhouette")
  const clusters = checkValues("labels", labels, features.rows)
  const rows = sampleIndices(features.rows, sample, random)
  const codeOf = new Map<number, number>()
  const cluster = Int32Array.from(rows, row => {
    const label = clusters[row]
    if (!codeOf.has(label)) codeOf.set(label, codeOf.size)
    return codeOf.get(label) as number
  })
  const count = codeOf.size
  if (count < 2 || count >= rows.length)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The silhouette needs 2 to ${Math.max(2, rows.length - 1)} clusters in ${rows.length} rows; there are ${count}.`,
    )
  const width = columns.length
  const points = new Float64Array(rows.length * width)
  columns.forEach(({ values }, c) => {
    for (let i = 0; i < rows.length; i++) points[i * width + c] = values[rows[i]]
  })
  const sizes = new Float64Array(count)
  for (const code of cluster) sizes[code]++
  const sums = new Float64Array(count)
  let total = 0
  for (let i = 0; i < rows.length; i++) {
    sums.fill(0)
    for (let j = 0; j < rows.length; j++) {
      let square = 0
      for (let c = 0; c < width; c++) {
        const difference = points[i * width + c] - points[j * width + c]
        square += difference * difference
      }
      sums[cluster[j]] += Math.sqrt(square)
    }
    total += silhouetteOf(cluster[i], sums, sizes)
  }
  return total / rows.length
}

const silhouetteOf = (own: number, sums: Float64Array, sizes: Float64Array): number => {
  if (sizes[own] === 1) return 0
  const inside = sums[own] / (sizes[own] - 1)
  let outside = Infinity
  for (let other = 0; other < sums.length; other++)
    if (other !== own) outside = Math.min(outside, sums[other] / sizes[other])
  const largest = Math.max(inside, outside)
  return largest === 0 ? 0 : (outside - inside) / largest
}
