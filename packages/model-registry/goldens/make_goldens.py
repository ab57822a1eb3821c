# requirements: mlflow-skinny==3.17.2 pandas==3.1.1
"""Writes MLmodel.python: an MLmodel file as MLflow's own Python writes it, with one column of every type.

Run: python make_goldens.py
"""
from pathlib import Path

from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema

types = ["double", "float", "integer", "long", "string", "boolean", "datetime"]
inputs = Schema([ColSpec(name, f"{name} column", required=name != "string") for name in types])
model = Model(
    artifact_path="model",
    flavors={"roadmap": {"data": "model.bin"}},
    signature=ModelSignature(inputs, Schema([ColSpec("double")])),
    metadata={"yes": "no", "day": "2026-02-28"},
    utc_time_created="2026-02-28 12:00:00.123456",
    model_uuid="0123456789abcdef0123456789abcdef",
)
model.save(Path(__file__).parent / "MLmodel.python")
