"""Writes small ONNX models that other libraries made, and what those libraries predict with them.

requirements: scikit-learn==1.9.1 skl2onnx==1.20.0 lightgbm==4.7.0 onnxmltools==1.16.0 onnx==1.23.2 pandas==3.1.1 numpy==2.4.6

    python3 -m venv venv && venv/bin/pip install <the requirements above>
    venv/bin/python packages/ml/goldens/make_onnx_goldens.py

Every random choice has a fixed seed; running it again gives the same predictions.
"""

import json
from pathlib import Path

import lightgbm
import numpy as np
import onnxmltools
import pandas as pd
from onnxmltools.convert.common.data_types import FloatTensorType as LightgbmFloats
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FOLDER = Path(__file__).parent
ROWS = 60

rng = np.random.default_rng(7)
# Floats, because the models take floats: the libraries themselves then see the same numbers.
numbers = rng.normal(size=(800, 4)).astype(np.float32)
carrier = rng.choice(["AA", "B6", "DL"], size=800)
delay = 3 * numbers[:, 0] - 2 * numbers[:, 1] ** 2 + (carrier == "DL") * 4 + rng.normal(size=800)
late = (delay > 0).astype(int)
shown = slice(0, ROWS)


def save(name, model):
    (FOLDER / f"onnx-{name}.onnx").write_bytes(model.SerializeToString())


def matrix_models():
    regressor = GradientBoostingRegressor(n_estimators=15, max_depth=3, random_state=0).fit(numbers, delay)
    save("sklearn-regressor", to_onnx(regressor, initial_types=[("X", FloatTensorType([None, 4]))], target_opset=18))

    classifier = make_pipeline(StandardScaler(), LogisticRegression()).fit(numbers, late)
    floats = [("X", FloatTensorType([None, 4]))]
    plain = {id(classifier): {"zipmap": False}}
    save("sklearn-classifier", to_onnx(classifier, initial_types=floats, options=plain, target_opset=18))
    save("sklearn-zipmap", to_onnx(classifier, initial_types=floats, target_opset=18))

    gaps = numbers.copy()
    gaps[::7, 1] = np.nan
    boosted = lightgbm.LGBMClassifier(n_estimators=15, num_leaves=8, verbose=-1, random_state=0).fit(gaps, late)
    converted = onnxmltools.convert_lightgbm(
        boosted, initial_types=[("X", LightgbmFloats([None, 4]))], zipmap=False, target_opset=15
    )
    save("lightgbm-classifier", converted)
    return {
        "sklearn-regressor": {"rows": numbers[shown], "predict": regressor.predict(numbers[shown])},
        "sklearn-classifier": {
            "rows": numbers[shown],
            "predict": classifier.predict(numbers[shown]),
            "probability": classifier.predict_proba(numbers[shown])[:, 1],
        },
        "lightgbm-classifier": {
            "rows": gaps[shown],
            "predict": boosted.predict(gaps[shown]),
            "probability": boosted.predict_proba(gaps[shown])[:, 1],
        },
    }


def column_model():
    """One input a column, a text among them."""
    frame = pd.DataFrame(
        {"distance": numbers[:, 0], "hour": numbers[:, 1], "carrier": pd.Series(carrier, dtype=object)}
    )
    encode = ColumnTransformer(
        [("numbers", StandardScaler(), ["distance", "hour"]), ("texts", OneHotEncoder(), ["carrier"])]
    )
    pipeline = make_pipeline(encode, LogisticRegression()).fit(frame, late)
    types = [
        ("distance", FloatTensorType([None, 1])),
        ("hour", FloatTensorType([None, 1])),
        ("carrier", StringTensorType([None, 1])),
    ]
    plain = {id(pipeline): {"zipmap": False}}
    save("sklearn-columns", to_onnx(pipeline, initial_types=types, options=plain, target_opset=18))
    part = frame.iloc[shown]
    return {
        "sklearn-columns": {
            "rows": numbers[shown, :2],
            "carrier": carrier[shown],
            "predict": pipeline.predict(part),
            "probability": pipeline.predict_proba(part)[:, 1],
        }
    }


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, list)):
        return [plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    return value.item() if isinstance(value, np.generic) else value


goldens = plain({**matrix_models(), **column_model()})
(FOLDER / "onnx-foreign.json").write_text(json.dumps(goldens, indent=1) + "\n")
