"""Writes the flights features as Float32 files that every system of the benchmark reads.

usage: flights.py flights-3m.parquet folder

Files: train.f32 and test.f32, one column after the other (the delay in minutes, eleven features, the codes of
origin and destination); wide.f32, 300,000 training rows of the delay and 200 features: the eleven, then noisy
copies of them and of their products; shape.json with names and sizes. Every fifth flight by a hash of its row
is a test row. Target means come from training rows alone, recent delays from flights that departed before.
"""

import json
import pathlib
import sys

import duckdb
import numpy as np

parquet, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)

names = [
    "month", "day_of_week", "hour", "minute_of_day", "distance",
    "origin_delay", "destination_delay", "route_delay",
    "origin_recent_delay", "destination_recent_delay", "network_recent_delay",
]

columns = duckdb.sql(f"""
    select
      month(date)::int as month,
      dayofweek(date)::int as day_of_week,
      hour(date)::int as hour,
      (hour(date) * 60 + minute(date))::int as minute_of_day,
      epoch(date)::bigint as seconds,
      distance::int as distance,
      dense_rank() over (order by origin)::int - 1 as origin,
      dense_rank() over (order by destination)::int - 1 as destination,
      delay::double as delay
    from '{parquet}'
    order by date, origin, destination, distance, delay
""").fetchnumpy()

delay = np.asarray(columns["delay"])
rows = len(delay)
hashed = (np.arange(rows, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
is_test = hashed % np.uint64(5) == 0
train_mean = delay[~is_test].mean()


def target_mean(codes, smoothing=20.0):
    """Mean delay of a category over training rows, drawn to the overall mean when it has few rows."""
    sums = np.bincount(codes[~is_test], weights=delay[~is_test], minlength=codes.max() + 1)
    counts = np.bincount(codes[~is_test], minlength=codes.max() + 1)
    return ((sums + smoothing * train_mean) / (counts + smoothing))[codes]


def recent_mean(codes, window=20):
    """Mean delay of up to `window` flights of the same category that departed before this one."""
    order = np.argsort(codes, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(delay[order])])
    sorted_codes = codes[order]
    starts = np.searchsorted(sorted_codes, sorted_codes, side="left")
    position = np.arange(rows)
    first = np.maximum(starts, position - window)
    count = position - first
    mean = (sums[position] - sums[first]) / np.maximum(count, 1)
    result = np.empty(rows)
    result[order] = np.where(count > 0, mean, np.nan)
    return result


origin = np.asarray(columns["origin"]).astype(np.int64)
destination = np.asarray(columns["destination"]).astype(np.int64)
route = origin * (destination.max() + 1) + destination
features = [
    columns["month"], columns["day_of_week"], columns["hour"], columns["minute_of_day"], columns["distance"],
    target_mean(origin), target_mean(destination), target_mean(np.unique(route, return_inverse=True)[1]),
    recent_mean(origin), recent_mean(destination), recent_mean(np.zeros(rows, np.int64), 500),
]

codes = [origin, destination]


def write(name, columns):
    with open(folder / name, "wb") as file:
        for values in columns:
            file.write(np.asarray(values).astype(np.float32).tobytes())


for split, chosen in (("train", ~is_test), ("test", is_test)):
    write(f"{split}.f32", [np.asarray(values)[chosen] for values in [delay, *features, *codes]])

rng = np.random.default_rng(1)
some = np.sort(rng.choice(np.flatnonzero(~is_test), min(300_000, int((~is_test).sum())), replace=False))
base = [np.asarray(values)[some].astype(np.float64) for values in features]
scaled = [np.nan_to_num((values - np.nanmean(values)) / np.nanstd(values)) for values in base]
wide = list(base)
while len(wide) < 200:
    first, second = rng.integers(0, len(base), 2)
    wide.append(scaled[first] * (scaled[second] if len(wide) % 2 else 1) + rng.normal(size=len(some)))
write("wide.f32", [delay[some], *wide])

shape = {
    "features": names,
    "train": int((~is_test).sum()),
    "test": int(is_test.sum()),
    "wide": len(some),
    "categories": [int(origin.max()) + 1, int(destination.max()) + 1],
}
(folder / "shape.json").write_text(json.dumps(shape))
print(json.dumps(shape))
