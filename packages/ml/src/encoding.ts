import { RoadmapError } from "@roadmap/core/errors"
import { frozen } from "./frozen.ts"
import { type Model, modelKinds } from "./model.ts"
import { type Transformer, transformerKinds } from "./transformer.ts"
import { decodeTree, encodeTree } from "./tree-format.ts"

/**
 * A model or a fitted preprocessing step as bytes: layout in `tree-format.ts`. Decoded it predicts bit for
 * bit the same.
 */
export const encodeModel = (model: Model | Transformer): Uint8Array => encodeTree(model)

/** The model that was encoded. Throws MODEL_FORMAT for truncated, changed or foreign bytes. */
export const decodeModel = (bytes: Uint8Array): Model => decodeKind<Model>(bytes, modelKinds)

/** The preprocessing step that was encoded. Throws MODEL_FORMAT. */
export const decodeTransformer = (bytes: Uint8Array): Transformer =>
  decodeKind<Transformer>(bytes, transformerKinds)

const decodeKind = <T extends Model | Transformer>(bytes: Uint8Array, kinds: readonly T["kind"][]): T => {
  const tree = decodeTree(bytes)
  if (isOneOf<T>(tree, kinds)) return frozen(tree)
  throw new RoadmapError("MODEL_FORMAT", `The bytes hold a "${kindOf(tree)}", not what was asked for.`, {
    hint: `Expected one of: ${kinds.join(", ")}.`,
  })
}

/** The checksum vouches for the rest of the tree: only `encodeModel` writes it. */
const isOneOf = <T extends Model | Transformer>(tree: unknown, kinds: readonly T["kind"][]): tree is T =>
  (kinds as readonly string[]).includes(kindOf(tree))

const kindOf = (tree: unknown): string =>
  tree !== null && typeof tree === "object" && "kind" in tree ? String(tree.kind) : "tree without a kind"
