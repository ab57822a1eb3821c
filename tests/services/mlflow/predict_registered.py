"""Loads registered models by their URIs from the server that MLFLOW_TRACKING_URI names, predicts the rows of cases.json in
the folder of the first argument, and prints each output column as a list."""

import json
import sys
from pathlib import Path

import mlflow
import pandas as pd

found = {}
for case in json.loads((Path(sys.argv[1]) / "cases.json").read_text()):
    frame = pd.DataFrame(case["rows"]["data"], columns=case["rows"]["columns"], dtype="float64")
    predicted = mlflow.pyfunc.load_model(case["uri"]).predict(frame)
    found[case["uri"]] = {name: [float(value) for value in predicted[name]] for name in predicted.columns}
print(json.dumps(found))
