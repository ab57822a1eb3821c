import type { Random } from "@roadmap/core/random"
import type { Points } from "../clustering/points.ts"

/**
 * Nodes of a growing forest. A row goes left when its value of `feature` is <= `threshold`; -1 marks a leaf.
 */
export interface GrowingNodes {
  readonly feature: number[]
  readonly threshold: number[]
  readonly left: number[]
  readonly right: number[]
  /** At a leaf: its depth plus the expected depth of an unbuilt tree over its rows. */
  readonly pathLength: number[]
}

/**
 * Expected path length of an unsuccessful search in a binary tree of `rows` rows: 2 H(n - 1) - 2 (n - 1) / n,
 * with the harmonic number H(i) = ln i + 0.5772… (Liu, Ting and Zhou, 2008, equation 1).
 */
export const expectedPathLength = (rows: number): number => {
  if (rows <= 1) return 0
  if (rows === 2) return 1
  return 2 * (Math.log(rows - 1) + 0.5772156649015329) - (2 * (rows - 1)) / rows
}

/** Grows one tree over the sampled rows (algorithm 2 of the paper) and returns its root's number. */
export const growIsolationTree = (
  nodes: GrowingNodes,
  sample: Points,
  { heightLimit, random }: { heightLimit: number; random: Random },
): number => {
  const rows = Int32Array.from({ length: sample.rows }, (_, row) => row)
  const root = nodes.feature.length
  const pending = [{ node: addNode(nodes), first: 0, end: sample.rows, depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, first, end, depth } = next
    const split =
      depth < heightLimit && end - first > 1
        ? drawSplit(sample, rows.subarray(first, end), random)
        : undefined
    if (split === undefined) {
      nodes.pathLength[node] = depth + expectedPathLength(end - first)
      continue
    }
    const middle = first + partition(sample, rows.subarray(first, end), split)
    nodes.feature[node] = split.feature
    nodes.threshold[node] = split.threshold
    nodes.left[node] = addNode(nodes)
    nodes.right[node] = addNode(nodes)
    pending.push({ node: nodes.right[node], first: middle, end, depth: depth + 1 })
    pending.push({ node: nodes.left[node], first, end: middle, depth: depth + 1 })
  }
  return root
}

interface Split {
  readonly feature: number
  readonly threshold: number
}

const addNode = (nodes: GrowingNodes): number => {
  nodes.feature.push(-1)
  nodes.threshold.push(0)
  nodes.left.push(-1)
  nodes.right.push(-1)
  return nodes.pathLength.push(0) - 1
}

/** A random feature among those that vary in the node, and a uniform cut in [least, greatest). */
const drawSplit = ({ width, values }: Points, rows: Int32Array, random: Random): Split | undefined => {
  const untried = Array.from({ length: width }, (_, feature) => feature)
  while (untried.length > 0) {
    const [feature] = untried.splice(Math.floor(random.next() * untried.length), 1)
    let least = Infinity
    let greatest = -Infinity
    for (const row of rows) {
      const value = values[row * width + feature]
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
    if (least === greatest) continue
    const share = random.next()
    // A weighted mean cannot overflow, as greatest - least could. Rounding must not reach the greatest.
    const threshold = least * (1 - share) + greatest * share
    return { feature, threshold: threshold < greatest ? Math.max(threshold, least) : least }
  }
  return undefined
}

/** Rows that go left first; returns how many they are. */
const partition = ({ width, values }: Points, rows: Int32Array, split: Split): number => {
  let left = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]
    if (values[row * width + split.feature] > split.threshold) continue
    rows[i] = rows[left]
    rows[left++] = row
  }
  return left
}
