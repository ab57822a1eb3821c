"""pandas merge_asof, or Feast's historical retrieval. Arguments: pandas | feast, folder with the Parquet files, labels."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import pandas as pd

task, folder, rows = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
flights = pd.read_parquet(folder / "flights.parquet", columns=["id", "origin", "departed_at"])
labels = flights[flights["id"] < rows]


def merge():
    hourly = pd.read_parquet(folder / "hourly.parquet")
    labels_category = labels.assign(origin=labels["origin"].astype("category"))
    hourly["origin"] = hourly["origin"].astype(labels_category["origin"].dtype)
    started = time.perf_counter()
    joined = pd.merge_asof(
        labels_category.sort_values("departed_at"),
        hourly.sort_values("known_at"),
        left_on="departed_at",
        right_on="known_at",
        by="origin",
    )
    return time.perf_counter() - started, joined["mean_delay"].sum()


def feast():
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
    from feast.types import Float64

    home = folder / "feast"
    home.mkdir(exist_ok=True)
    (home / "feature_store.yaml").write_text(
        f"project: bench\nprovider: local\nregistry: {home}/registry.db\noffline_store: {{ type: duckdb }}\n"
        "online_store: { type: sqlite, path: " + str(home / "online.db") + " }\nentity_key_serialization_version: 3\n"
    )
    origin = Entity(name="origin", join_keys=["origin"], value_type=ValueType.STRING)
    view = FeatureView(
        name="hourly",
        entities=[origin],
        ttl=timedelta(days=3650),
        schema=[Field(name="mean_delay", dtype=Float64), Field(name="flights", dtype=Float64)],
        source=FileSource(path=str(folder / "hourly.parquet"), timestamp_field="known_at"),
    )
    store = FeatureStore(repo_path=str(home))
    store.apply([origin, view])
    entities = labels[["origin", "departed_at"]].rename(columns={"departed_at": "event_timestamp"})
    entities["event_timestamp"] = entities["event_timestamp"].dt.tz_localize("UTC")
    started = time.perf_counter()
    joined = store.get_historical_features(
        entity_df=entities, features=["hourly:mean_delay", "hourly:flights"]
    ).to_df()
    return time.perf_counter() - started, joined["mean_delay"].sum()


seconds, total = merge() if task == "pandas" else feast()
print(json.dumps({"seconds": seconds, "sum": float(total)}))
