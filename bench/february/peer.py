"""February's work as it is usually written with pandas and scikit-learn: the same rows, rules, features, models,
resamples and curves. Prints the metrics as JSON. Usage: peer.py flights.parquet [sample]"""

import json
import sys

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score, silhouette_score
from sklearn.preprocessing import StandardScaler

STATISTICS = {
    "origin": (["origin"], None),
    "destination": (["destination"], None),
    "route": (["origin", "destination"], "origin"),
    "origin_hour": (["origin", "hour"], "origin"),
    "destination_hour": (["destination", "hour"], "destination"),
    "route_hour": (["origin", "destination", "hour"], "origin_hour"),
}
SMOOTHING = 20
FOLDS = 5
REPLICATES = 200


def load(path, sample):
    rows = pd.read_parquet(path).iloc[::sample]
    rows = rows[rows.delay.between(-120, 2000) & (rows.date < "2001-07-01") & (rows.origin != rows.destination)]
    rows = rows.drop_duplicates().reset_index(drop=True)
    rows["origin"] = rows.origin.astype("category")
    rows["destination"] = rows.destination.astype("category")
    rows["day"] = (rows.date - pd.Timestamp(0)).dt.days
    rows["hour"] = rows.date.dt.hour
    rows["minute_of_day"] = rows.hour * 60 + rows.date.dt.minute
    rows["weekday"] = rows.date.dt.day_of_week
    rows["late"] = (rows.delay >= 15).astype(int)
    rows["split"] = np.where(rows.date < "2001-05-01", "train", np.where(rows.date < "2001-06-01", "validation", "test"))
    rows["fold"] = np.where(rows.split == "train", rows.day % FOLDS, -1)
    return rows


def add_features(rows):
    train = rows[rows.split == "train"]
    mean = train.delay.mean()
    for name, (keys, within) in STATISTICS.items():
        per_fold = train.groupby([*keys, "fold"], observed=True).delay.agg(["count", "sum"]).reset_index()
        total = per_fold.groupby(keys, observed=True)[["count", "sum"]].sum().reset_index()
        joined = rows[[*keys, "fold"]].merge(total, on=keys, how="left").merge(
            per_fold, on=[*keys, "fold"], how="left", suffixes=("", "_own")
        )
        count = joined["count"].fillna(0) - joined["count_own"].fillna(0)
        total_delay = joined["sum"].fillna(0) - joined["sum_own"].fillna(0)
        prior = rows[f"{within}_delay"].to_numpy() if within else mean
        rows[f"{name}_delay"] = ((total_delay + SMOOTHING * prior) / (count + SMOOTHING)).to_numpy()
        if name == "origin":
            days = train.day.nunique()
            per = np.where(rows.fold == -1, days, days * (FOLDS - 1) / FOLDS)
            rows["origin_flights"] = count.to_numpy() / per


def bootstrap(score, day):
    """Percentile interval of score(weights) over resamples of whole days."""
    rng = np.random.default_rng(0)
    unique, codes = np.unique(day, return_inverse=True)
    values = [
        score(np.bincount(rng.integers(len(unique), size=len(unique)), minlength=len(unique))[codes])
        for _ in range(REPLICATES)
    ]
    return np.percentile(values, [2.5, 97.5])


def rmse(y, p, w=None):
    return float(np.sqrt(np.average((y - p) ** 2, weights=w)))


def main(path, sample):
    rows = load(path, sample)
    add_features(rows)
    numbers = ["minute_of_day", "distance", "origin_flights", *[f"{name}_delay" for name in STATISTICS]]
    columns = ["weekday", "hour", *numbers]
    parts = {split: part for split, part in rows.groupby("split")}
    train = parts["train"]
    scaler = StandardScaler().fit(train[numbers])

    def linear(part):
        one_hot = [pd.get_dummies(pd.Categorical(part[c], range(n))).to_numpy("float32") for c, n in (("weekday", 7), ("hour", 24))]
        return np.hstack([scaler.transform(part[numbers]).astype("float32"), *one_hot])

    trees = dict(max_iter=200, max_leaf_nodes=31, min_samples_leaf=200, learning_rate=0.1, early_stopping=False)
    x, design = train[columns].to_numpy("float32"), linear(train)
    delay = {"ridge": Ridge().fit(design, train.delay), "boosting": HistGradientBoostingRegressor(**trees).fit(x, train.delay)}
    late = {
        "logistic": LogisticRegression(solver="newton-cholesky").fit(design, train.late),
        "boosting": HistGradientBoostingClassifier(**trees).fit(x, train.late),
    }
    metrics = {}
    for split in ("validation", "test"):
        part = parts[split]
        inputs = {"boosting": part[columns].to_numpy("float32"), "ridge": linear(part)}
        inputs["logistic"] = inputs["ridge"]
        y, z, day = part.delay.to_numpy(), part.late.to_numpy(), part.day.to_numpy()
        for name, model in delay.items():
            p = model.predict(inputs[name])
            metrics[f"delay/{name}/rmse/{split}"] = rmse(y, p)
            bootstrap(lambda w, p=p: rmse(y, p, w), day)
            bootstrap(lambda w, p=p: np.average(np.abs(y - p), weights=w), day)
            bootstrap(lambda w, p=p: roc_auc_score(z, p, sample_weight=w), day)
        for name, model in late.items():
            p = model.predict_proba(inputs[name])[:, 1]
            metrics[f"late/{name}/log_loss/{split}"] = log_loss(z, p)
            bootstrap(lambda w, p=p: log_loss(z, p, sample_weight=w), day)
            bootstrap(lambda w, p=p: roc_auc_score(z, p, sample_weight=w), day)
            bootstrap(lambda w, p=p: average_precision_score(z, p, sample_weight=w), day)

    rng = np.random.default_rng(0)
    validation = parts["validation"].iloc[:: max(1, len(parts["validation"]) // 50_000)]
    for model, target in ((delay["boosting"], "delay"), (late["boosting"], "late")):
        inputs = validation[columns].to_numpy("float32")
        for column in range(len(columns)):
            for _ in range(3):
                shuffled = inputs.copy()
                rng.shuffle(shuffled[:, column])
                model.predict(shuffled) if target == "delay" else model.predict_proba(shuffled)

    order = rng.permutation(len(train))
    for size in (500, 2_000, 8_000, 32_000, 128_000):
        if size > len(train):
            break
        some = order[:size]
        Ridge().fit(design[some], train.delay.to_numpy()[some])
        for options in (dict(max_iter=100, min_samples_leaf=200), dict(max_iter=150, max_leaf_nodes=63, min_samples_leaf=2)):
            model = HistGradientBoostingRegressor(early_stopping=False, **options)
            model.fit(x[some], train.delay.to_numpy()[some]).predict(validation[columns].to_numpy("float32"))

    airports = train.groupby("origin", observed=True).agg(
        delay=("delay", "mean"), late=("late", "mean"), flights=("day", "size"), distance=("distance", "mean")
    )
    airports = StandardScaler().fit_transform(airports.assign(flights=np.log(airports.flights)))
    for k in range(2, 9):
        silhouette_score(airports, KMeans(k, n_init=10, random_state=0).fit_predict(airports))
    days = rows.groupby("day").delay.agg(["mean", "std", "size"])
    IsolationForest(n_estimators=200, random_state=0).fit(days).score_samples(days)
    print(json.dumps(metrics))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
