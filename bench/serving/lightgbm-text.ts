import type { BoostingModel } from "@roadmap/ml/boosting/model"

/**
 * A model of this project as LightGBM's own text (its `Booster(model_file=…)` reads it), so that both score
 * the same trees. Numeric features and one-leaf-or-more trees only; the baseline goes into the leaves of the
 * first tree. Format: LightGBM's gbdt_model_text.cpp and tree.cpp.
 */
export const lightgbmText = (model: BoostingModel): string => {
  const trees = Array.from(model.roots, (root, tree) => treeText(model, root, tree))
  const names = model.features.map(({ name }) => name)
  const header = [
    "tree",
    "version=v4",
    "num_class=1",
    "num_tree_per_iteration=1",
    "label_index=0",
    `max_feature_idx=${names.length - 1}`,
    model.loss === "logistic" ? "objective=binary sigmoid:1" : "objective=regression",
    `feature_names=${names.join(" ")}`,
    `feature_infos=${names.map(() => "[-1e308:1e308]").join(" ")}`,
    `tree_sizes=${trees.map(text => Buffer.byteLength(text)).join(" ")}`,
  ]
  return `${header.join("\n")}\n\n${trees.join("")}end of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n\npandas_categorical:null\n`
}

const treeText = (model: BoostingModel, root: number, tree: number): string => {
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
  const place = new Map([
    ...inner.map((node, at) => [node, at] as const),
    ...leaves.map((node, at) => [node, ~at] as const),
  ])
  const start = tree === 0 ? model.baseline : 0
  const line = (name: string, values: readonly (number | string)[]) => `${name}=${values.join(" ")}`
  // 8: NaN is a missing value; 2: it goes left.
  const decisions = inner.map(node => 8 + (model.missingLeft[node] ? 2 : 0))
  return `${[
    `Tree=${tree}`,
    `num_leaves=${leaves.length}`,
    "num_cat=0",
    line(
      "split_feature",
      inner.map(node => model.feature[node]),
    ),
    line(
      "split_gain",
      inner.map(() => 1),
    ),
    line(
      "threshold",
      inner.map(node => model.threshold[node]),
    ),
    line("decision_type", decisions),
    line(
      "left_child",
      inner.map(node => place.get(model.left[node])!),
    ),
    line(
      "right_child",
      inner.map(node => place.get(model.right[node])!),
    ),
    line(
      "leaf_value",
      leaves.map(node => model.value[node] + start),
    ),
    line(
      "leaf_weight",
      leaves.map(() => 1),
    ),
    line(
      "leaf_count",
      leaves.map(() => 1),
    ),
    line(
      "internal_value",
      inner.map(() => 0),
    ),
    line(
      "internal_weight",
      inner.map(() => 1),
    ),
    line(
      "internal_count",
      inner.map(() => 1),
    ),
    "is_linear=0",
    "shrinkage=1",
  ].join("\n")}\n\n\n`
}
