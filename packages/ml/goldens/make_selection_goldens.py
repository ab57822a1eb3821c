"""Writes selection.json: folds of scikit-learn, Student's t of SciPy, Parzen densities of Optuna's TPE.

requirements: numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 optuna==5.0.0

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 optuna==5.0.0
    venv/bin/python packages/ml/goldens/make_selection_goldens.py

Every random choice has a fixed seed; running it again writes the same file.
"""

import json
from pathlib import Path

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights
from scipy import stats
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

FOLDER = Path(__file__).parent


def folds(splitter, rows, labels=None, groups=None):
    return [
        {"train": train.tolist(), "test": test.tolist()}
        for train, test in splitter.split(np.zeros(rows), labels, groups)
    ]


def splits():
    rng = np.random.default_rng(7)
    labels = rng.choice([3, 1, 2], 40, p=[0.5, 0.3, 0.2])
    # Groups of sizes that all differ: how ties are broken is no promise of scikit-learn's.
    groups = rng.permutation(np.repeat([5, 2, 9, 4, 7, 1, 8], [12, 9, 7, 5, 4, 2, 1]))
    return {
        "labels": labels.tolist(),
        "groups": groups.tolist(),
        "kFold": folds(KFold(6), 40),
        "stratified": folds(StratifiedKFold(4), 40, labels),
        "grouped": folds(GroupKFold(3), 40, None, groups),
        "stratifiedGrouped": folds(StratifiedGroupKFold(3), 40, labels, groups),
        "timeSeries": folds(TimeSeriesSplit(4, gap=2), 40),
        "rolling": folds(TimeSeriesSplit(3, gap=1, test_size=5, max_train_size=9), 40),
    }


def student():
    degrees = [1, 2, 9, 49, 1000]
    values = [-30.0, -2.5, -0.3, 0.0, 0.7, 1.96, 8.0]
    probabilities = [0.025, 0.5, 0.9, 0.975, 0.9995]
    return {
        "degrees": degrees,
        "values": values,
        "cdf": [[stats.t.cdf(t, d) for t in values] for d in degrees],
        "probabilities": probabilities,
        "quantiles": [[stats.t.ppf(p, d) for p in probabilities] for d in degrees],
        "normalValues": [-37.0, -12.0, -4.2, -3.9, -1.0, 0.0, 0.3, 2.0, 3.99, 5.0],
        "normalCdf": [stats.norm.cdf(x) for x in [-37.0, -12.0, -4.2, -3.9, -1.0, 0.0, 0.3, 2.0, 3.99, 5.0]],
    }


def parzen():
    rng = np.random.default_rng(11)
    parameters = _ParzenEstimatorParameters(1.0, True, False, default_weights, True)
    spaces = {
        "even": ({"kind": "uniform", "low": -5, "high": 10}, FloatDistribution(-5, 10)),
        "log": ({"kind": "log-uniform", "low": 1e-3, "high": 10}, FloatDistribution(1e-3, 10, log=True)),
        "whole": ({"kind": "integer", "low": 1, "high": 60}, IntDistribution(1, 60)),
        "wholeLog": ({"kind": "integer", "low": 4, "high": 512, "log": True}, IntDistribution(4, 512, log=True)),
        "choice": ({"kind": "choice", "values": ["a", "b", "c"]}, CategoricalDistribution(["a", "b", "c"])),
    }

    def draw(name, n):
        space = spaces[name][0]
        if name == "choice":
            return rng.integers(0, 3, n).astype(float)
        if name.startswith("whole"):
            # All different: of equal values NumPy's sort leaves the order open, and with it the widths.
            return rng.permutation(np.arange(space["low"], space["high"] + 1))[:n].astype(float)
        if name == "log":
            return np.exp(rng.uniform(np.log(space["low"]), np.log(space["high"]), n))
        return rng.uniform(space["low"], space["high"], n)

    cases = []
    for names in [[name] for name in spaces] + [list(spaces)]:
        for count in [0, 1, 2, 7, 40]:
            observed = {name: draw(name, count) for name in names}
            asked = {name: draw(name, 6) for name in names}
            distributions = {name: spaces[name][1] for name in names}
            density = _ParzenEstimator(observed, distributions, parameters).log_pdf(asked)
            cases.append({
                "space": {name: spaces[name][0] for name in names},
                "observed": {name: values.tolist() for name, values in observed.items()},
                "asked": {name: values.tolist() for name, values in asked.items()},
                "logDensity": density.tolist(),
            })
    return {"cases": cases, "weights": {n: default_weights(n).tolist() for n in [3, 25, 26, 31]}}


content = {"splits": splits(), "student": student(), "parzen": parzen()}
(FOLDER / "selection.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
