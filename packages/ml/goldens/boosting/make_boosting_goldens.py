"""Writes the goldens of the boosting engine: what LightGBM, scikit-learn and shap compute on small data.

requirements: numpy==2.4.6 scikit-learn==1.9.1 lightgbm==4.7.0 shap==0.51.0

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 lightgbm==4.7.0 shap==0.51.0
    venv/bin/python packages/ml/goldens/boosting/make_boosting_goldens.py

Every random choice has a fixed seed; running it again writes the same files.
"""

import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
import shap
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

FOLDER = Path(__file__).parent
rng = np.random.default_rng(7)


def rounded(values, digits=6):
    return [None if np.isnan(v) else round(float(v), digits) for v in np.asarray(values, dtype=float)]


def with_missing(x, share):
    x = x.copy()
    x[rng.random(x.shape) < share] = np.nan
    return x


# Values on a coarse grid: fewer distinct ones than bins, so that every library has the same candidates.
diabetes = datasets.load_diabetes()
cancer = datasets.load_breast_cancer()
friedman_x, friedman_y = datasets.make_friedman1(900, 6, noise=0.5, random_state=3)
count_x = rng.normal(size=(900, 4)).round(1)
counts = rng.poisson(np.exp(0.6 * count_x[:, 0] + 0.4 * np.sin(2 * count_x[:, 1]))).astype(float)

grid = {
    "diabetes": (np.round(diabetes.data, 3), diabetes.target.astype(float), "squared"),
    "friedman": (friedman_x.round(2), friedman_y.round(3), "squared"),
    "friedman_missing": (with_missing(friedman_x.round(2), 0.15), friedman_y.round(3), "squared"),
    "friedman_absolute": (friedman_x.round(2), friedman_y.round(3), "absolute"),
    "breast_cancer": (np.array([np.round(c / np.std(c), 1) for c in cancer.data.T[:12]]).T, cancer.target.astype(float), "logistic"),
    "counts": (count_x, counts, "poisson"),
}

SKLEARN = {"squared": "squared_error", "absolute": "absolute_error", "poisson": "poisson"}
LIGHTGBM = {"squared": "regression", "absolute": "regression_l1", "logistic": "binary", "poisson": "poisson"}
TREES, LEAVES, RATE, LEAST = 20, 8, 0.1, 20

written = {}
for name, (x, y, loss) in grid.items():
    weights = rng.integers(1, 4, len(y)).astype(float)
    common = dict(max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, min_samples_leaf=LEAST, max_bins=255, early_stopping=False)
    if loss == "logistic":
        fit = lambda w: HistGradientBoostingClassifier(**common).fit(x, y, w).predict_proba(x)[:, 1]
    else:
        fit = lambda w: HistGradientBoostingRegressor(loss=SKLEARN[loss], **common).fit(x, y, w).predict(x)
    params = dict(objective=LIGHTGBM[loss], num_leaves=LEAVES, learning_rate=RATE, min_data_in_leaf=LEAST, max_bin=255,
                  min_data_in_bin=1, verbose=-1, deterministic=True, num_threads=1, boost_from_average=True)
    light = lgb.train(params, lgb.Dataset(x, y), TREES)
    written[name] = {
        "loss": loss,
        "columns": [rounded(c) for c in x.T],
        "target": rounded(y),
        "weights": rounded(weights),
        "sklearn": rounded(fit(None)),
        "sklearnWeighted": rounded(fit(weights)),
        "lightgbm": rounded(light.predict(x)),
    }
settings = {"trees": TREES, "leaves": LEAVES, "learningRate": RATE, "minRowsPerLeaf": LEAST}
(FOLDER / "boosting-fits.json").write_text(json.dumps({"settings": settings, "sets": written}))

# Categorical splits: quality on unseen rows, LightGBM with its defaults.
codes = rng.integers(0, 40, (3000, 2))
effects = rng.normal(size=(2, 40)) * 3
noise = rng.normal(size=3000)
number = rng.normal(size=3000).round(2)
target = effects[0, codes[:, 0]] + effects[1, codes[:, 1]] * (number > 0) + number + noise
train = slice(0, 2000)
light = lgb.train(
    dict(objective="regression", verbose=-1, deterministic=True, num_threads=1),
    lgb.Dataset(np.column_stack([codes, number])[train], target[train], categorical_feature=[0, 1]), 60)
error = light.predict(np.column_stack([codes, number])[2000:]) - target[2000:]
(FOLDER / "boosting-categories.json").write_text(json.dumps({
    "codes": [c.tolist() for c in codes.T], "number": rounded(number), "target": rounded(target),
    "trees": 60, "lightgbmTestRmse": float(np.sqrt(np.mean(error**2))),
}))

# TreeSHAP: a LightGBM model in this engine's arrays, and what shap and LightGBM say its rows contribute.
x, y, _ = grid["friedman_missing"]
light = lgb.train(dict(objective="regression", num_leaves=12, verbose=-1, deterministic=True, num_threads=1), lgb.Dataset(x, y), 6)
arrays = {k: [] for k in ["roots", "feature", "threshold", "missingLeft", "left", "right", "value", "cover"]}


def add(node):
    at = len(arrays["feature"])
    leaf = "leaf_value" in node
    for key, value in {
        "feature": -1 if leaf else node["split_feature"],
        "threshold": 0 if leaf else node["threshold"],
        "missingLeft": 0 if leaf else int(node["default_left"]),
        "left": -1, "right": -1,
        "value": node["leaf_value"] if leaf else 0,
        "cover": node["leaf_count"] if leaf else node["internal_count"],
    }.items():
        arrays[key].append(value)
    if not leaf:
        arrays["left"][at] = add(node["left_child"])
        arrays["right"][at] = add(node["right_child"])
    return at


for tree in light.dump_model()["tree_info"]:
    arrays["roots"].append(add(tree["tree_structure"]))
rows = x[:40]
(FOLDER / "boosting-shap.json").write_text(json.dumps({
    "model": arrays,
    "rows": [rounded(r) for r in rows],
    "score": rounded(light.predict(rows), 9),
    "lightgbm": [rounded(r, 9) for r in light.predict(rows, pred_contrib=True)],
    "shap": [rounded(r, 9) for r in shap.TreeExplainer(light).shap_values(rows)],
}))
