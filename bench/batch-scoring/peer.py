"""LightGBM's own predict and pandas, from Parquet to Parquet. Argument: JSON as in work.ts, with the task fit or score."""

import json
import sys
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow.parquet  # noqa: F401  (loaded before the clock starts, as the other libraries are)

settings = json.loads(sys.argv[1])
folder = Path(settings["home"])
model_file = folder / "lightgbm.txt"
names = [
    "distance", "hour", "minute", "weekday", "day", "origin_mean", "origin_flights", "destination_mean",
    "destination_flights", "route_mean", "route_flights",
]


def fit():
    frame = pd.read_parquet(settings["source"])
    frame = frame[frame["flight"] % max(1, settings["rows"] // 300_000) == 0]
    parameters = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "verbose": -1}
    lgb.train(parameters, lgb.Dataset(frame[names], frame["late"]), settings["trees"]).save_model(model_file)
    print("{}")


def score():
    started = time.perf_counter()
    model = lgb.Booster(model_file=model_file)
    frame = pd.read_parquet(settings["source"], columns=["flight", *names])
    probability = model.predict(frame[names])
    scores = pd.DataFrame({"flight": frame["flight"], "late": (probability > 0.5).astype(np.int64), "probability": probability})
    scores.to_parquet(f"{settings['out']}.parquet")
    print(json.dumps({"seconds": time.perf_counter() - started, "rows": len(scores)}))


{"fit": fit, "score": score}[settings["task"]]()
