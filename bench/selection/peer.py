"""The same work in scikit-learn with LightGBM, and in Optuna: a Work as JSON in, an Outcome as JSON out."""

import json
import math
import sys
import time

import numpy as np

WEIGHTS = np.array([1, 1.2, 3, 3.2])
SCALES = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
CENTERS = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def branin(trial):
    x, y = trial.suggest_float("x0", -5, 10), trial.suggest_float("x1", 0, 15)
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann(trial):
    x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(6)])
    return float(-(WEIGHTS * np.exp(-(SCALES * (x - CENTERS) ** 2).sum(axis=1))).sum())


def rosenbrock(trial):
    x = [trial.suggest_float(f"x{i}", -2, 2) for i in range(4)]
    return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def mixed(trial):
    rate = trial.suggest_float("rate", 1e-3, 1, log=True)
    leaves = trial.suggest_int("leaves", 4, 512, log=True)
    depth = trial.suggest_int("depth", 1, 16)
    loss = trial.suggest_categorical("loss", ["squared", "absolute", "huber", "quantile"])
    value = math.log10(rate / 0.05) ** 2 + (math.log2(leaves / 48) / 3) ** 2 + ((depth - 9) / 8) ** 2
    value += {"squared": 0.2, "absolute": 0.5, "huber": 0, "quantile": 0.7}[loss]
    if loss == "huber":
        value += ((trial.suggest_float("delta", 0, 10) - 3) / 10) ** 2
    return value


FUNCTIONS = {
    "branin": (branin, 0.397887),
    "hartmann": (hartmann, -3.32237),
    "rosenbrock": (rosenbrock, 0),
    "mixed": (mixed, 0),
}


def compare(work):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    regrets = {}
    started = time.perf_counter()
    for name, (function, least) in FUNCTIONS.items():
        regrets[name] = []
        for seed in range(work["seeds"]):
            study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
            study.optimize(function, n_trials=work["trials"])
            regrets[name].append(study.best_value - least)
    ms = 1000 * (time.perf_counter() - started) / (len(FUNCTIONS) * work["seeds"] * work["trials"])
    return {"regrets": {"tpe": regrets}, "trialMs": {"tpe": ms}}


def validate(work):
    from lightgbm import LGBMRegressor
    from sklearn.model_selection import KFold, cross_validate

    part = work["part"]
    folder, rows, columns = part["folder"], part["rows"], part["columns"]
    stored = (part["stored"]["columns"], part["stored"]["rows"])
    x = np.array(np.memmap(f"{folder}/x.bin", dtype="float64", mode="r", shape=stored)[:columns, :rows]).T
    y = np.fromfile(f"{folder}/y.bin", count=rows)
    model = LGBMRegressor(n_estimators=work["trees"], n_jobs=1, verbose=-1)
    seconds = {"1": float("inf"), "2": float("inf")}
    for _ in range(2):
        for jobs in (1, 2):
            started = time.perf_counter()
            scores = cross_validate(
                model, x, y, cv=KFold(work["folds"]), n_jobs=jobs, scoring="neg_root_mean_squared_error"
            )
            seconds[str(jobs)] = min(seconds[str(jobs)], time.perf_counter() - started)
    return {"seconds": seconds, "rmse": float(-scores["test_score"].mean())}


work = json.loads(sys.argv[1])
print(json.dumps(compare(work) if work["task"] == "search" else validate(work)))
