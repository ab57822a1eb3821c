"""One fit of a peer in a process of its own: peer.py '<work as JSON>' prints the outcome, like fit.ts.

The time of the fit includes binning: making LightGBM's Dataset and XGBoost's QuantileDMatrix.
"""

import json
import os
import resource
import sys
import time

work = json.loads(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = str(work["threads"])

import numpy as np  # noqa: E402  (after the number of threads is set)

shape = json.load(open(f"{work['folder']}/shape.json"))
logistic, variant, trees, threads = work["loss"] == "logistic", work["variant"], work["trees"], work["threads"]


def read(split):
    file = "wide" if work["features"] > 11 else split
    total = shape[file]
    rows = min(work["rows"], total) if split == "train" else total
    wanted = [0, *range(1, work["features"] + 1)] + ([12, 13] if variant == "categories" else [])
    columns = np.empty((len(wanted), rows), np.float32)
    with open(f"{work['folder']}/{file}.f32", "rb") as handle:
        for at, column in enumerate(wanted):
            handle.seek(column * total * 4)
            columns[at] = np.fromfile(handle, np.float32, rows)
    delay, x = columns[0], columns[1:].T
    if variant == "missing":
        for feature in range(x.shape[1]):
            x[(np.arange(rows) * 7 + feature * 3) % 5 == 0, feature] = np.nan
    weights = (1 + np.arange(rows) % 3).astype(np.float32) if variant == "weights" else None
    return x, (delay > 15).astype(np.float32) if logistic else delay, weights


def lightgbm(quantised):
    import lightgbm as lgb

    parameters = {
        "objective": "binary" if logistic else "regression",
        "num_leaves": 31, "learning_rate": 0.1, "max_bin": 255, "min_data_in_leaf": 20,
        "num_threads": threads, "verbose": -1, "use_quantized_grad": quantised,
    }
    if variant == "sampling":
        parameters.update(bagging_fraction=0.5, bagging_freq=1, feature_fraction=0.5)
    categories = [work["features"], work["features"] + 1] if variant == "categories" else "auto"
    data = lgb.Dataset(x, y, weight=weights, categorical_feature=categories)
    return lgb.train(parameters, data, trees).predict


def xgboost():
    import xgboost as xgb

    parameters = {
        "objective": "binary:logistic" if logistic else "reg:squarederror",
        "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 31, "max_depth": 0, "eta": 0.1,
        "max_bin": 256, "min_child_weight": 1e-3 if logistic else 20, "reg_lambda": 0, "nthread": threads,
    }
    if variant == "sampling":
        parameters.update(subsample=0.5, colsample_bytree=0.5)
    data = xgb.QuantileDMatrix(x, y, weight=weights, max_bin=256)
    return xgb.train(parameters, data, trees).inplace_predict


def scikit_learn():
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    parameters = dict(max_iter=trees, max_leaf_nodes=31, learning_rate=0.1, max_bins=255, early_stopping=False)
    if logistic:
        model = HistGradientBoostingClassifier(**parameters).fit(x, y, weights)
        return lambda rows: model.predict_proba(rows)[:, 1]
    return HistGradientBoostingRegressor(**parameters).fit(x, y, weights).predict


fits = {
    "lightgbm": lambda: lightgbm(False),
    "lightgbm quantised": lambda: lightgbm(True),
    "xgboost": xgboost,
    "scikit-learn": scikit_learn,
}
__import__({"scikit-learn": "sklearn.ensemble"}.get(work["system"], work["system"].split(" ")[0]))
x, y, weights = read("train")
started = time.perf_counter()
predict = fits[work["system"]]()
fitted = time.perf_counter()
unseen, actual, _ = read("test" if work["features"] <= 11 else "train")
ready = time.perf_counter()
predicted = predict(unseen).astype(np.float64)
finished = time.perf_counter()
if logistic:
    quality = float(-np.mean(np.log(np.where(actual == 1, predicted, 1 - predicted))))
else:
    quality = float(np.sqrt(np.mean((predicted - actual) ** 2)))
print(json.dumps({
    "fit": fitted - started,
    "predict": finished - ready,
    "quality": None if work["features"] > 11 else quality,
    "peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
