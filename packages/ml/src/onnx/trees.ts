import { bytesAttribute, doublesAttribute, type Graph, int, ints, mlNode } from "./graph.ts"

/** Trees whose nodes lie in one set of arrays, as boosting and the isolation forest keep them. */
export interface TreeArrays {
  readonly roots: Int32Array
  /** Column of the matrix that a node looks at; -1 at a leaf. */
  readonly feature: Int32Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** Number that a leaf adds. */
  readonly value: Float64Array
  /** Which rows go left at a node. */
  readonly test: (node: number) => TreeTest
}

/** Left go values <= threshold, or whole numbers among `members`; NaN goes left when `missingLeft`. */
export interface TreeTest {
  readonly rule: { readonly threshold: number } | { readonly members: readonly number[]; readonly of: number }
  readonly missingLeft: boolean
}

/** nodes_modes of ai.onnx.ml TreeEnsemble. */
const modes = { lessOrEqual: 0, equal: 4, member: 6 } as const

interface Ensemble {
  readonly roots: number[]
  readonly features: number[]
  readonly modes: number[]
  readonly splits: number[]
  readonly members: number[]
  readonly missingTrue: number[]
  readonly trueIds: number[]
  readonly trueLeaves: number[]
  readonly falseIds: number[]
  readonly falseLeaves: number[]
  readonly weights: number[]
}

/**
 * Sum of one leaf of every tree for each row of a matrix of doubles: [N, 1]. A TreeEnsemble
 * (https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html) of doubles: thresholds are kept to the
 * last bit, so a row takes the branch it takes in `predict`.
 */
export const addTrees = (graph: Graph, matrix: string, trees: TreeArrays): string => {
  const ensemble: Ensemble = {
    roots: [],
    features: [],
    modes: [],
    splits: [],
    members: [],
    missingTrue: [],
    trueIds: [],
    trueLeaves: [],
    falseIds: [],
    falseLeaves: [],
    weights: [],
  }
  for (const root of trees.roots) {
    ensemble.roots.push(ensemble.features.length)
    // A tree always begins with a node: one that is a leaf gets a node with the leaf on both sides.
    if (trees.feature[root] < 0) addNode(ensemble, { feature: 0, test: everyNumber })
    appendTree(ensemble, trees, root)
  }
  const hasMembers = ensemble.members.length > 0
  return mlNode(graph, "TreeEnsemble", [matrix], {
    aggregate_function: int(1),
    n_targets: int(1),
    post_transform: int(0),
    tree_roots: ints(ensemble.roots),
    nodes_featureids: ints(ensemble.features),
    nodes_modes: bytesAttribute(ensemble.modes),
    nodes_splits: doublesAttribute(ensemble.splits),
    ...(hasMembers && { membership_values: doublesAttribute(ensemble.members) }),
    nodes_missing_value_tracks_true: ints(ensemble.missingTrue),
    nodes_truenodeids: ints(ensemble.trueIds),
    nodes_trueleafs: ints(ensemble.trueLeaves),
    nodes_falsenodeids: ints(ensemble.falseIds),
    nodes_falseleafs: ints(ensemble.falseLeaves),
    leaf_targetids: ints(ensemble.weights.map(() => 0)),
    leaf_weights: doublesAttribute(ensemble.weights),
  })
}

const everyNumber: TreeTest = { rule: { threshold: Number.POSITIVE_INFINITY }, missingLeft: true }

/** Appends the nodes below `root`, parents before children, and joins each child to its parent. */
const appendTree = (ensemble: Ensemble, trees: TreeArrays, root: number): void => {
  const pending = [{ node: root, parent: ensemble.features.length - 1, sides: bothSides }]
  if (trees.feature[root] >= 0) pending[0] = { node: root, parent: -1, sides: noSide }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, parent, sides } = next
    const isLeaf = trees.feature[node] < 0
    const id = isLeaf
      ? ensemble.weights.push(trees.value[node]) - 1
      : addNode(ensemble, { feature: trees.feature[node], test: trees.test(node) })
    if (sides.onTrue) {
      ensemble.trueIds[parent] = id
      ensemble.trueLeaves[parent] = isLeaf ? 1 : 0
    }
    if (sides.onFalse) {
      ensemble.falseIds[parent] = id
      ensemble.falseLeaves[parent] = isLeaf ? 1 : 0
    }
    if (isLeaf) continue
    const swapped = isComplement(trees.test(node))
    const onTrue = { onTrue: true, onFalse: false }
    const onFalse = { onTrue: false, onFalse: true }
    pending.push({ node: trees.left[node], parent: id, sides: swapped ? onFalse : onTrue })
    pending.push({ node: trees.right[node], parent: id, sides: swapped ? onTrue : onFalse })
  }
}

const bothSides = { onTrue: true, onFalse: true }
const noSide = { onTrue: false, onFalse: false }

/** A set of more than half of the codes is told by the codes outside it, with the branches swapped. */
const isComplement = ({ rule }: TreeTest): boolean => "members" in rule && 2 * rule.members.length > rule.of

const addNode = (ensemble: Ensemble, { feature, test }: { feature: number; test: TreeTest }): number => {
  const { rule, missingLeft } = test
  const missingTrue = missingLeft !== isComplement(test)
  ensemble.features.push(feature)
  ensemble.missingTrue.push(missingTrue ? 1 : 0)
  if ("threshold" in rule) addTest(ensemble, modes.lessOrEqual, rule.threshold)
  else addSetTest(ensemble, isComplement(test) ? outside(rule) : rule.members)
  return ensemble.features.length - 1
}

const addSetTest = (ensemble: Ensemble, members: readonly number[]): void => {
  // No code is true: the node parts missing values from all others.
  if (members.length === 0) addTest(ensemble, modes.lessOrEqual, Number.NEGATIVE_INFINITY)
  else if (members.length === 1) addTest(ensemble, modes.equal, members[0])
  else {
    addTest(ensemble, modes.member, 0)
    ensemble.members.push(...members, Number.NaN)
  }
}

const addTest = (ensemble: Ensemble, mode: number, split: number): void => {
  ensemble.modes.push(mode)
  ensemble.splits.push(split)
}

const outside = ({ members, of }: { members: readonly number[]; of: number }): number[] => {
  const inside = new Set(members)
  return Array.from({ length: of }, (_, code) => code).filter(code => !inside.has(code))
}
