"""The same tasks in scikit-learn: a Part as JSON in, results by task out. Each estimator gets the order in memory
that it is faster with: columns for ridge, rows for all others."""

import json
import sys
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import TargetEncoder

CLUSTERS = 8
FOREST_ROWS = 200_000
WARM_ROWS = 20_000


def ridge(data):
    model = Ridge(alpha=1.0).fit(data["columns"], data["y"])
    return lambda: ((data["y"] - model.predict(data["columns"])) ** 2).sum() + (model.coef_**2).sum()


def logistic(data):
    model = LogisticRegression(C=1.0, solver="newton-cholesky").fit(data["rows"], data["label"])

    def objective():
        x = model.decision_function(data["rows"])
        return (np.logaddexp(0, x) - data["label"] * x).sum() + (model.coef_**2).sum() / 2

    return objective


def given_start(data):
    rows = data["rows"]
    model = KMeans(CLUSTERS, init=rows[:CLUSTERS].copy(), n_init=1, max_iter=30, tol=0).fit(rows)
    return lambda: model.inertia_


def plus_plus(data):
    model = KMeans(CLUSTERS, n_init=2, random_state=0).fit(data["rows"])
    return lambda: model.inertia_


def forest(data):
    some = data["rows"][:FOREST_ROWS]
    scores = -IsolationForest(n_estimators=100, max_samples=256, random_state=0).fit(some).score_samples(some)
    return lambda: scores.mean()


def pca(data):
    model = PCA(5).fit(data["rows"])
    return lambda: model.explained_variance_.sum()


def isotonic(data):
    scores = data["first"]
    model = IsotonicRegression(out_of_bounds="clip").fit(scores, data["label"])
    return lambda: ((model.predict(scores) - data["label"]) ** 2).sum()


def encoder(data):
    encoded = TargetEncoder(target_type="continuous", random_state=0).fit_transform(data["codes"], data["y"])
    return lambda: ((encoded[:, 0] - data["y"]) ** 2).sum()


TASKS = {
    "ridge": ridge,
    "logistic": logistic,
    "k-means, given start, 30 iterations": given_start,
    "k-means, two k-means++ starts": plus_plus,
    "isolation forest, fit and score": forest,
    "PCA": pca,
    "isotonic curve": isotonic,
    "target encoder, cross-fitted": encoder,
}


def load(part):
    folder, rows, columns = part["folder"], part["rows"], part["columns"]
    stored = (part["stored"]["columns"], part["stored"]["rows"])
    x = np.memmap(f"{folder}/x.bin", dtype="float64", mode="r", shape=stored)[:columns, :rows]
    y = np.fromfile(f"{folder}/y.bin", count=rows)
    return {
        "columns": np.array(x).T,
        "rows": np.ascontiguousarray(x.T),
        "first": np.array(x[0]),
        "y": y,
        "label": (y > 0).astype("float64"),
        "codes": np.fromfile(f"{folder}/codes.bin", dtype="int32", count=rows)[:, None],
    }


def main():
    part = json.loads(sys.argv[1])
    data = load(part)
    few = {name: np.array(values[:WARM_ROWS]) for name, values in data.items()}
    outcomes = {}
    for name in part["tasks"]:
        TASKS[name](few)
        seconds = float("inf")
        for _ in range(2):
            started = time.perf_counter()
            objective = TASKS[name](data)
            seconds = min(seconds, time.perf_counter() - started)
        outcomes[name] = {"seconds": seconds, "objective": float(objective())}
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
