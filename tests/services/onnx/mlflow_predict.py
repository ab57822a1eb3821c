"""Loads each model directory that models.json lists with mlflow.pyfunc, predicts a DataFrame and prints how
far each column is from what was expected, as score.py does."""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

folder = Path(sys.argv[1])
found = {}
for model in json.loads((folder / "models.json").read_text()):
    loaded = mlflow.pyfunc.load_model(model["directory"])
    # The columns in another order, with one too many: MLflow takes them by name.
    values = {name: np.fromfile(folder / file, dtype=np.float64) for name, file in model["columns"].items()}
    frame = pd.DataFrame({"unused": np.zeros(len(next(iter(values.values())))), **values}).iloc[:, ::-1]
    predicted = loaded.predict(frame)
    found[model["name"]] = {}
    for name, file in model["expected"].items():
        actual = predicted[name].to_numpy(dtype=np.float64)
        expected = np.fromfile(folder / file, dtype=np.float64)
        difference = np.abs(actual - expected) / np.maximum(np.abs(expected), 1e-12)
        found[model["name"]][name] = float(difference.max())
print(json.dumps(found))
