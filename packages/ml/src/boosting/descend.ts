import type { TreeNode } from "./grow.ts"
import { type BinAddress, binGoesLeft } from "./partition.ts"

/** Index of the leaf that a binned row ends in. */
export const leafOfRow = (
  nodes: readonly TreeNode[],
  features: readonly BinAddress[],
  u8: Uint8Array,
  row: number,
): number => {
  let index = 0
  for (;;) {
    const node = nodes[index]
    if (node.feature < 0) return index
    const { pointer, stride, bins } = features[node.feature]
    index = binGoesLeft(node, u8[pointer + row * stride], bins) ? node.left : node.right
  }
}
