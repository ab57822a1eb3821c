"""Writes the goldens of packages/ml: what scikit-learn computes on six small data sets.

requirements: numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    venv/bin/python packages/ml/goldens/make_goldens.py

Every random choice has a fixed seed; running it again writes the same files.
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy.special import expit
from sklearn import datasets, metrics
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

FOLDER = Path(__file__).parent
SHOWN = 40  # rows whose predictions are kept


def rounded(values, digits=6):
    """Six significant digits: short in JSON, and the same floats there and here."""
    return np.array([float(f"{v:.{digits}g}") for v in np.ravel(values)]).reshape(np.shape(values))


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if value == int(value) and abs(value) < 1e15:
            return int(value)
    return value


def write(name, content):
    (FOLDER / f"{name}.json").write_text(json.dumps(plain(content), separators=(",", ":")) + "\n")


class Data:
    """Numbers X (NaN missing), codes per categorical column (-1 missing), target y, label 0/1, weights."""

    def __init__(self, name, X, y, label, categorical=None):
        self.name = name
        self.X = rounded(X)
        self.y = rounded(y)
        self.label = np.asarray(label).astype(int)
        self.categorical = categorical or []
        self.weights = rounded(np.random.default_rng(len(y)).uniform(0.25, 2, len(y)), 3)

    def json(self):
        columns = [
            {"name": f"x{i}", "kind": "numeric", "values": self.X[:, i]} for i in range(self.X.shape[1])
        ] + [
            {"name": f"c{i}", "kind": "categorical", "codes": codes, "categories": names}
            for i, (codes, names) in enumerate(self.categorical)
        ]
        return {"columns": columns, "y": self.y, "label": self.label, "weights": self.weights}

    @property
    def complete(self):
        return not np.isnan(self.X).any()

    def filled(self):
        return SimpleImputer().fit_transform(self.X)

    def one_hot(self):
        blocks = []
        for codes, names in self.categorical:
            block = np.zeros((len(codes), len(names)))
            rows = np.flatnonzero(codes >= 0)
            block[rows, codes[rows]] = 1
            blocks.append(block)
        return np.hstack(blocks) if blocks else np.zeros((len(self.y), 0))


def without(X, column):
    return np.delete(X, column, axis=1)


def flights_like():
    """Numbers with gaps, categories with gaps and one rare level: what ingestion yields before cleaning."""
    rng = np.random.default_rng(7)
    n = 400
    X = np.column_stack(
        [rng.gamma(2, 300, n), rng.uniform(0, 24, n), rng.normal(0, 1, n), rng.integers(0, 7, n)]
    ).astype(float)
    origins = rng.choice(8, n, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.04, 0.01])
    carriers = rng.integers(0, 3, n)
    effect = np.array([5, -3, 8, 0, -6, 2, 12, 30])[origins] + np.array([0, 4, -4])[carriers]
    y = 0.01 * X[:, 0] + 1.5 * np.sin(X[:, 1] / 4) + 6 * X[:, 2] + effect + rng.normal(0, 10, n)
    label = y > 15
    X[rng.random((n, 4)) < 0.06] = np.nan
    origins = np.where(rng.random(n) < 0.05, -1, origins)
    categorical = [(origins, [f"A{i}" for i in range(8)]), (carriers, ["X", "Y", "Z"])]
    return Data("flights_like", X, y, label, categorical)


def all_data():
    diabetes = datasets.load_diabetes(scaled=False)
    wine = datasets.load_wine()
    iris = datasets.load_iris()
    cancer = datasets.load_breast_cancer()
    digits = datasets.load_digits()
    rng = np.random.default_rng(3)
    cancer_rows = rng.permutation(len(cancer.target))[:200]
    digit_rows = rng.permutation(len(digits.target))[:250]
    return [
        Data("diabetes", diabetes.data, diabetes.target, diabetes.target > 140),
        Data("wine", without(wine.data, 0), wine.data[:, 0], wine.target == 0),
        Data("iris", without(iris.data, 3), iris.data[:, 3], iris.target == 1),
        Data("breast_cancer", without(cancer.data, 23)[cancer_rows], cancer.data[cancer_rows, 23], cancer.target[cancer_rows]),
        Data("digits", digits.data[digit_rows], digits.target[digit_rows], digits.target[digit_rows] >= 5),
        flights_like(),
    ]


def linear_matrix(data, standardize, weights=None):
    numbers = data.filled()
    if standardize:
        numbers = StandardScaler().fit_transform(numbers, sample_weight=weights)
    return np.hstack([numbers, data.one_hot()])


def ridge_goldens(every):
    cases = []
    for data in every:
        for alpha, standardize, weighted in [(0.1, True, False), (10, True, True), (1, False, False)]:
            if weighted and not data.complete:
                weighted = False  # the imputer of scikit-learn takes no weights
            weights = data.weights if weighted else None
            X = linear_matrix(data, standardize, weights)
            model = Ridge(alpha=alpha, solver="svd").fit(X, data.y, sample_weight=weights)
            cases.append(
                {"data": data.name, "alpha": alpha, "standardize": standardize, "weighted": weighted,
                 "predicted": model.predict(X)[:SHOWN]}
            )
    write("ridge", cases)


def logistic_goldens(every):
    cases = []
    for data in every:
        for C, standardize, weighted in [(0.1, True, False), (1, True, True), (10, True, False), (1, False, False)]:
            if weighted and not data.complete:
                weighted = False
            if data.name in ("breast_cancer", "diabetes") and not standardize:
                continue  # columns of very different scale: scikit-learn's own solvers disagree
            weights = data.weights if weighted else None
            X = linear_matrix(data, standardize, weights)
            model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=200)
            model.fit(X, data.label, sample_weight=weights)
            cases.append(
                {"data": data.name, "C": C, "standardize": standardize, "weighted": weighted,
                 "probability": model.predict_proba(X)[:SHOWN, 1]}
            )
    write("logistic", cases)


def k_means_goldens(every):
    cases = []
    for data in every:
        X = StandardScaler().fit_transform(data.filled())
        X = rounded(X[:, : min(X.shape[1], 13)])
        if data.name == "digits":
            X = rounded(data.X[:, [10, 20, 21, 28, 36, 42, 43, 50]])
        for k, weighted in [(3, False), (5, True)]:
            initial = X[np.random.default_rng(k).choice(len(X), k, replace=False)]
            weights = data.weights if weighted else None
            model = KMeans(k, init=initial, n_init=1, tol=0, max_iter=500).fit(X, sample_weight=weights)
            best = min(KMeans(k, n_init=10, tol=0, random_state=s).fit(X, sample_weight=weights).inertia_ for s in range(3))
            cases.append(
                {"data": data.name, "clusters": k, "weighted": weighted, "points": X if not weighted else None,
                 "initial": initial, "centers": model.cluster_centers_, "labels": model.labels_,
                 "inertia": model.inertia_, "bestInertia": best}
            )
    write("k-means", cases)


def isolation_forest_goldens(every):
    cases = []
    for data in every:
        # scikit-learn compares in float32: whole numbers compare alike in both precisions.
        X = np.round(data.filled()[:150, :6] * 10)
        forest = IsolationForest(n_estimators=8, max_samples=64, random_state=1).fit(X)
        trees = []
        for tree in forest.estimators_:
            t = tree.tree_
            trees.append({"feature": np.where(t.children_left < 0, -1, t.feature), "threshold": np.where(t.children_left < 0, 0, t.threshold),
                          "left": t.children_left, "right": t.children_right, "rows": t.n_node_samples})
        mean = np.mean([-IsolationForest(n_estimators=200, max_samples=64, random_state=s).fit(X).score_samples(X) for s in range(10)], axis=0)
        cases.append({"data": data.name, "values": X.T, "sampleSize": 64, "trees": trees,
                      "scores": -forest.score_samples(X), "meanScores": rounded(mean)})
    write("isolation-forest", cases)


def pca_goldens(every):
    cases = []
    for data in every:
        X = data.filled()
        if data.name == "digits":
            X = X[:, :20]
        for components, whiten in [(2, False), (min(5, X.shape[1]), True)]:
            components = min(components, X.shape[1])
            model = PCA(components, whiten=whiten, svd_solver="full").fit(X)
            cases.append({"data": data.name, "columns": X.shape[1], "components": components, "whiten": whiten,
                          "axes": model.components_, "variance": model.explained_variance_,
                          "ratio": model.explained_variance_ratio_, "scores": model.transform(X)[:10]})
    write("pca", cases)


def preprocessing_goldens(every):
    scalers, one_hots = [], []
    for data in every:
        for weights in (None, data.weights):
            model = StandardScaler().fit(data.X, sample_weight=weights)
            scalers.append({"data": data.name, "weighted": weights is not None, "mean": model.mean_, "scale": model.scale_,
                            "scaled": model.transform(data.X)[:8]})
        codes = bins_of(data)
        known = codes[:100]
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(known)
        one_hots.append({"data": data.name, "codes": codes[:120].T, "fitted": 100, "categories": encoder.categories_,
                         "encoded": encoder.transform(codes[:120])[90:]})
    write("standard-scaler", scalers)
    write("one-hot", one_hots)


def bins_of(data):
    """Two categorical views of any data set: the quartile of one number, ten bands of another."""
    X = data.filled()
    last = X.shape[1] - 1
    first = np.searchsorted(np.quantile(X[:, 0], [0.25, 0.5, 0.75]), X[:, 0])
    low, high = X[:, last].min(), X[:, last].max()
    second = np.minimum(9, np.floor(10 * (X[:, last] - low) / max(high - low, 1e-9))).astype(int)
    return np.column_stack([first, second])


def target_encoder_goldens(every):
    cases = []
    for data in every:
        codes = bins_of(data)
        for kind, target in (("continuous", data.y), ("binary", data.label)):
            for smooth in ("auto", 10.0):
                splitter = KFold(5) if kind == "continuous" else StratifiedKFold(5)
                folds = np.zeros(len(target), int)
                for fold, (_, held_out) in enumerate(splitter.split(codes, target)):
                    folds[held_out] = fold
                encoder = TargetEncoder(target_type=kind, smooth=smooth, cv=5, shuffle=False)
                crossed = encoder.fit_transform(codes, target)
                cases.append({"data": data.name, "target": "y" if kind == "continuous" else "label", "smooth": smooth,
                              "codes": codes.T if kind == "continuous" and smooth == "auto" else None,
                              "folds": folds if smooth == "auto" else None,
                              "categories": encoder.categories_, "encodings": encoder.encodings_,
                              "mean": encoder.target_mean_, "crossed": crossed[::7]})
    write("target-encoder", cases)


def calibration_goldens(every):
    cases = []
    for data in every:
        X = linear_matrix(data, True)
        base = LogisticRegression(C=0.05).fit(X[::2], data.label[::2])
        scores = rounded(base.decision_function(X[1::2]))

        labels = data.label[1::2]
        weights = data.weights[1::2]
        shifted = LogisticRegression().fit(scores.reshape(-1, 1), labels)
        shifted.coef_[:] = 1
        shifted.intercept_[:] = 0  # a classifier whose decision function is its input
        entry = {"data": data.name, "scores": scores, "labels": labels, "weights": weights}
        for method in ("sigmoid", "isotonic"):
            for name, w in (("", None), ("Weighted", weights)):
                model = CalibratedClassifierCV(FrozenEstimator(shifted), method=method)
                model.fit(scores.reshape(-1, 1), labels, sample_weight=w)
                grid = np.linspace(scores.min() - 1, scores.max() + 1, 40)
                entry["grid"] = grid
                entry[method + name] = model.predict_proba(grid.reshape(-1, 1))[:, 1]
        iso = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels)
        entry["knots"] = len(iso.X_thresholds_)
        cases.append(entry)
    write("calibration", cases)


def metric_goldens(every):
    cases = []
    for data in every:
        rng = np.random.default_rng(11)
        y, label, w = data.y[:120], data.label[:120], data.weights[:120]
        predicted = rounded(y + rng.normal(0, np.std(y) + 1e-9, len(y)))
        # Probabilities of one decimal: many ties, also across the classes, and both 0 and 1.
        p = np.clip(np.round(expit(1.5 * (2 * label - 1) + rng.normal(0, 2, len(label))), 1), 0, 1)
        case = {"data": data.name, "predicted": predicted, "probability": p}
        for name, sw in (("plain", None), ("weighted", w)):
            table = {}
            for strategy in ("uniform", "quantile"):
                observed, mean = calibration_curve(label, p, n_bins=8, strategy=strategy)
                table[strategy] = {"observed": observed, "mean": mean}
            case[name] = {
                "rmse": metrics.root_mean_squared_error(y, predicted, sample_weight=sw),
                "mae": metrics.mean_absolute_error(y, predicted, sample_weight=sw),
                "median_absolute_error": metrics.median_absolute_error(y, predicted, sample_weight=sw),
                "r2": metrics.r2_score(y, predicted, sample_weight=sw),
                "log_loss": metrics.log_loss(label, p, sample_weight=sw),
                "brier": metrics.brier_score_loss(label, p, sample_weight=sw),
                "roc_auc": metrics.roc_auc_score(label, p, sample_weight=sw),
                "average_precision": metrics.average_precision_score(label, p, sample_weight=sw),
                "precision": metrics.precision_score(label, p >= 0.5, sample_weight=sw),
                "recall": metrics.recall_score(label, p >= 0.5, sample_weight=sw),
                "f1": metrics.f1_score(label, p >= 0.5, sample_weight=sw),
            }
            case["calibration"] = table
        X = data.filled()[:120, :5]
        clusters = np.searchsorted([0.3, 0.7], rng.random(len(X)))
        case["clusters"] = clusters
        case["silhouette"] = metrics.silhouette_score(X, clusters)
        cases.append(case)
    write("metrics", cases)


def main():
    every = all_data()
    write("data", {data.name: data.json() for data in every})
    ridge_goldens(every)
    logistic_goldens(every)
    k_means_goldens(every)
    isolation_forest_goldens(every)
    pca_goldens(every)
    preprocessing_goldens(every)
    target_encoder_goldens(every)
    calibration_goldens(every)
    metric_goldens(every)


main()
