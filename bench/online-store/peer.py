"""Feast on the same PostgreSQL. Arguments: prepare | sdk, and JSON: folder, url parts, entities, reads, warm."""

import json
import random
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

task, settings = sys.argv[1], json.loads(sys.argv[2])
folder = Path(settings["folder"])
views = ["delays", "traffic", "weather", "calendar"]
names = {view: [f"{view}_{number}" for number in range(3)] for view in views}
features = [f"{view}:{name}" for view in views for name in names[view]]


def value(entity, view, feature):
    return ((entity * 12 + view * 3 + feature) % 10_007) / 7


def prepare():
    folder.mkdir(parents=True, exist_ok=True)
    address = settings["postgres"]
    (folder / "feature_store.yaml").write_text(
        f"""project: bench
provider: local
registry: {folder}/registry.db
entity_key_serialization_version: 3
offline_store: {{ type: file }}
online_store:
  type: postgres
  host: {address["host"]}
  port: {address["port"]}
  database: {address["database"]}
  db_schema: feast
  user: {address["user"]}
  password: "{address["password"]}"
  sslmode: disable
  conn_type: pool
  min_conn: 1
  max_conn: 4
"""
    )
    import pandas as pd
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
    from feast.types import Float64

    airport = Entity(name="airport", join_keys=["airport"], value_type=ValueType.STRING)
    empty = pd.DataFrame({"airport": ["x"], "event_timestamp": [datetime.now(timezone.utc)]})
    store = FeatureStore(repo_path=str(folder))
    objects = [airport]
    for view in views:
        path = folder / f"{view}.parquet"
        empty.assign(**{name: [0.0] for name in names[view]}).to_parquet(path)
        objects.append(
            FeatureView(
                name=view,
                entities=[airport],
                ttl=timedelta(days=36_500),
                schema=[Field(name=name, dtype=Float64) for name in names[view]],
                source=FileSource(path=str(path), timestamp_field="event_timestamp"),
            )
        )
    store.apply(objects)
    entities = range(settings["entities"])
    moment = datetime(2001, 6, 1, tzinfo=timezone.utc)
    for number, view in enumerate(views):
        frame = pd.DataFrame(
            {
                "airport": [f"airport-{entity}" for entity in entities],
                "event_timestamp": [moment] * len(entities),
                **{name: [value(e, number, f) for e in entities] for f, name in enumerate(names[view])},
            }
        )
        store.write_to_online_store(view, frame)
    print("{}")


def sdk():
    from feast import FeatureStore

    store = FeatureStore(repo_path=str(folder))
    rng = random.Random(1)
    times = []
    for number in range(-settings["warm"], settings["reads"]):
        entity = rng.randrange(settings["entities"])
        started = time.perf_counter()
        answer = store.get_online_features(
            features=features, entity_rows=[{"airport": f"airport-{entity}"}]
        ).to_dict()
        if number >= 0:
            times.append((time.perf_counter() - started) * 1e6)
        assert answer["calendar_2"] == [value(entity, 3, 2)], answer
    times.sort()
    print(json.dumps({"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)]}))


{"prepare": prepare, "sdk": sdk}[task]()
