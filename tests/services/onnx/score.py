"""Scores the models that cases.json lists with Python's onnxruntime and prints how far each output is from
what was expected: the largest |actual - expected| / |expected|, NaN equal to NaN."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

folder = Path(sys.argv[1])


def array(description):
    path = folder / description["file"]
    if description["type"] == "string":
        return np.array(json.loads(path.read_text()), dtype=object).reshape(description["dims"])
    return np.fromfile(path, dtype=description["type"]).reshape(description["dims"])


def largest_relative(actual, expected):
    actual = np.asarray(actual, dtype=np.float64).reshape(-1)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    difference = np.abs(actual - expected) / np.maximum(np.abs(expected), 1e-12)
    difference[same] = 0
    return float(np.nan_to_num(difference, nan=1e300).max())


found = {}
for case in json.loads((folder / "cases.json").read_text()):
    onnx.checker.check_model(onnx.load(folder / case["model"]), full_check=True)
    session = onnxruntime.InferenceSession(str(folder / case["model"]))
    feed = {item["name"]: array(item) for item in case["inputs"]}
    outputs = session.run([item["name"] for item in case["outputs"]], feed)
    found[case["name"]] = {
        item["name"]: largest_relative(actual, array(item)) for item, actual in zip(case["outputs"], outputs)
    }
print(json.dumps(found))
