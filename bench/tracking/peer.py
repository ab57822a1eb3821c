"""Logs metrics through MLflow's own Python client, as work.ts does. Argument: JSON with server, metrics, batch."""

import json
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric

work = json.loads(sys.argv[1])
client = MlflowClient(tracking_uri=work["server"])
name = "bench, Python"
experiment = client.get_experiment_by_name(name)
experiment_id = experiment.experiment_id if experiment else client.create_experiment(name)


def points(run_id, count, batch):
    for start in range(0, count, batch):
        steps = range(start, min(count, start + batch))
        client.log_batch(run_id, metrics=[Metric("loss", 1 / (step + 1), 1_000 + step, step) for step in steps])


# Connections and imports are made on a run that is not measured.
points(client.create_run(experiment_id).info.run_id, 100, 100)
run_id = client.create_run(experiment_id).info.run_id
started = time.perf_counter()
points(run_id, work["metrics"], work["batch"])
print(json.dumps({"seconds": time.perf_counter() - started}))
