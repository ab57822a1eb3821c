"""Writes the rows of sampleOfEveryType (src/examples.ts) as a warehouse sends them: Arrow IPC messages, the schema apart.

requirements: pyarrow==21.0.0

    python3 -m venv venv && venv/bin/pip install pyarrow==21.0.0
    venv/bin/python packages/warehouse/goldens/make_arrow.py

The rows come as two record batches in one message of bytes, as a warehouse may send them.
"""

import datetime
import decimal
import math
import pathlib

import pyarrow as pa

folder = pathlib.Path(__file__).parent
fields = [
    pa.field("id", pa.int32()),
    pa.field("truth", pa.bool_()),
    pa.field("small", pa.int32()),
    pa.field("whole", pa.int64()),
    pa.field("single", pa.float32()),
    pa.field("double", pa.float64()),
    pa.field("price", pa.decimal128(10, 2)),
    pa.field("day", pa.date32()),
    pa.field("moment", pa.timestamp("us", tz="Etc/UTC")),
    pa.field("word", pa.string()),
]
columns = [
    [1, 2, 3, 4, 5],
    [False, True, True, False, None],
    [0, 2147483647, -2147483648, 42, None],
    [0, 2**63 - 1, -(2**63), 42, None],
    [0.0, math.inf, math.nan, 0.1, None],
    [5e-324, -math.inf, math.nan, 0.1, None],
    [decimal.Decimal(text) for text in ("0.00", "99999999.99", "-12.50", "1.00")] + [None],
    [0, -25567, -1, 11323, None],
    [0, -1, -62135596800000000, 978307260123456, None],
    ["", "żółć 🛫 漢字", "a'b\"c`d", "tab\tand\nline", None],
]
schema = pa.schema(fields)
rows = pa.record_batch([pa.array(values, field.type) for values, field in zip(columns, fields)], schema=schema)
(folder / "arrow-schema.bin").write_bytes(schema.serialize().to_pybytes())
(folder / "arrow-rows.bin").write_bytes(
    rows.slice(0, 3).serialize().to_pybytes() + rows.slice(3, 2).serialize().to_pybytes()
)
