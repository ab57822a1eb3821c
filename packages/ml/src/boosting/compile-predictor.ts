import { type Binner, createBinner } from "./binning.ts"
import type { BoostingModel } from "./model.ts"
import { createWasmMemory, instantiateKernels, type PredictExports } from "./wasm-kernels.ts"

/** Adds the trees of a model to a block of scores. */
export interface BlockPredictor {
  readonly rows: number
  /** False for features no tree asks for: their values need not be set. */
  uses(feature: number): boolean
  /** Values of one feature (codes when categorical) for up to `rows` rows. */
  setFeature(feature: number, values: Float64Array, count: number): void
  /** Adds the first `trees` trees to `scores`, one a row. */
  addTrees(trees: number, count: number, scores: Float64Array, at: number): void
}

const blockRows = 1024
const nodeBytes = 64
const maskBytes = 64

const compiled = new WeakMap<BoostingModel, BlockPredictor | undefined>()

/**
 * A predictor on WebAssembly, or undefined when a tree has more than 256 leaves or a feature more than 254
 * thresholds or categories: bins and leaf numbers are bytes. Made once a model.
 */
export const compilePredictor = (model: BoostingModel): BlockPredictor | undefined => {
  if (!compiled.has(model)) compiled.set(model, build(model))
  return compiled.get(model)
}

const build = (model: BoostingModel): BlockPredictor | undefined => {
  const thresholds = thresholdsOf(model)
  const trees = treesOf(model)
  const fits =
    trees.every(({ leaves }) => leaves.length <= 256) &&
    model.features.every((feature, f) =>
      feature.kind === "numeric" ? thresholds[f].length <= 254 : feature.categories.length <= 254,
    )
  if (!fits || trees.length === 0) return undefined

  let bytes = 1024
  const take = (size: number): number => {
    const pointer = bytes
    bytes += Math.ceil(size / 64) * 64
    return pointer
  }
  const table = take(trees.length * 16)
  const nodeBase = trees.map(({ inner }) => take(Math.max(1, inner.length) * nodeBytes))
  const valueBase = trees.map(({ leaves }) => take(leaves.length * 8))
  const bins = take(model.features.length * blockRows)
  const scoresAt = take(blockRows * 8)
  const masks = take((1 + 512) * maskBytes)
  const memory = createWasmMemory(bytes)
  if (!memory) return undefined
  const wasm = instantiateKernels<PredictExports>(memory)
  const u8 = new Uint8Array(memory.buffer)
  const i32 = new Int32Array(memory.buffer)
  const f64 = new Float64Array(memory.buffer)

  trees.forEach(({ inner, leaves }, tree) => {
    // Mask 0 is all rows; then one a leaf, which the leaf loop reads in order; then the other inner nodes.
    const maskOf = new Map<number, number>()
    for (const leaf of leaves) maskOf.set(leaf, maskOf.size + 1)
    for (const node of inner) maskOf.set(node, maskOf.size + 1)
    const nodes = Math.max(1, inner.length)
    i32.set(
      [nodeBase[tree], nodeBase[tree] + nodes * nodeBytes, leaves.length * maskBytes, valueBase[tree]],
      table / 4 + tree * 4,
    )
    if (inner.length > 0) maskOf.set(model.roots[tree], 0)
    else {
      // A lone leaf becomes the left child of a test that every bin passes.
      i32.set([0, 0, maskBytes, 2 * maskBytes], nodeBase[tree] / 4)
      u8[nodeBase[tree] + 17] = 255
    }
    leaves.forEach((leaf, i) => {
      f64[valueBase[tree] / 8 + i] = model.value[leaf]
    })
    inner.forEach((node, i) => {
      const at = nodeBase[tree] + i * nodeBytes
      const mask = (child: number) => maskOf.get(child)! * maskBytes
      i32.set([model.feature[node], mask(node), mask(model.left[node]), mask(model.right[node])], at / 4)
      writeTest(model, node, thresholds, u8, at)
    })
  })

  const used = usedFeatures(model)
  const binners = model.features.map(
    (feature, f): Binner =>
      createBinner(
        feature.kind === "numeric"
          ? { kind: "numeric", thresholds: thresholds[f] }
          : {
              kind: "categorical",
              binOfCode: Uint8Array.from(feature.categories, (_, code) => code),
              bins: feature.categories.length,
            },
      ),
  )
  return {
    rows: blockRows,
    uses: feature => used[feature] === 1,
    setFeature(feature, values, count) {
      const at = bins + feature * blockRows
      binners[feature](values, count, u8.subarray(at, at + blockRows))
    },
    addTrees(count, rows, scores, at) {
      f64.set(scores.subarray(at, at + rows), scoresAt / 8)
      wasm.predictTrees(table, count, bins, blockRows, Math.ceil(rows / 64) * 64, masks, scoresAt)
      scores.set(f64.subarray(scoresAt / 8, scoresAt / 8 + rows), at)
    },
  }
}

export const usedFeatures = (model: BoostingModel): Uint8Array => {
  const used = new Uint8Array(model.features.length)
  for (const feature of model.feature) if (feature >= 0) used[feature] = 1
  return used
}

/** The thresholds each feature is compared with, ascending. */
const thresholdsOf = (model: BoostingModel): Float64Array[] => {
  const sets = model.features.map(() => new Set<number>())
  model.feature.forEach((feature, node) => {
    if (feature >= 0 && model.categorySet[node] < 0) sets[feature].add(model.threshold[node])
  })
  return sets.map(set => Float64Array.from(set).sort())
}

/** Nodes of each tree, parents before children. */
const treesOf = (model: BoostingModel): { inner: number[]; leaves: number[] }[] =>
  Array.from(model.roots, root => {
    const inner: number[] = []
    const leaves: number[] = []
    const open = [root]
    for (let node = open.shift(); node !== undefined; node = open.shift()) {
      if (model.feature[node] < 0) leaves.push(node)
      else {
        inner.push(node)
        open.push(model.left[node], model.right[node])
      }
    }
    return { inner, leaves }
  })

/** Bytes 16..19: kind, then threshold bin, missing bin and its direction; or 32 bytes of set from byte 32. */
const writeTest = (
  model: BoostingModel,
  node: number,
  thresholds: readonly Float64Array[],
  u8: Uint8Array,
  at: number,
): void => {
  const feature = model.feature[node]
  if (model.categorySet[node] < 0) {
    const limits = thresholds[feature]
    u8.set(
      [0, limits.indexOf(model.threshold[node]), limits.length + 1, model.missingLeft[node] ? 255 : 0],
      at + 16,
    )
    return
  }
  u8[at + 16] = 1
  const { categories } = model.features[feature]
  const goesLeft = (code: number) =>
    code === categories.length
      ? model.missingLeft[node]
      : (model.categorySets[model.categorySet[node] + (code >>> 5)] >>> (code & 31)) & 1
  for (let code = 0; code <= categories.length; code++)
    u8[at + 32 + (code >>> 3)] |= goesLeft(code) << (code & 7)
}
