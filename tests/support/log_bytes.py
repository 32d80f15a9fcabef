"""Bytes of logs and their contents, for tests of reading."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from ml_tracking_ops.logger.reading.columns import Series
from ml_tracking_ops.logger.reading.reader import (
    RunLog,
    TailBatch,
)
from ml_tracking_ops.logger.records import (
    encode_end_record,
    encode_header,
    encode_name,
    encode_scalar,
    metric_id,
)

Point = tuple[str, int, float]  # name, step, value

HEADER = encode_header(100.0)
LOSS = encode_name(metric_id("loss"), "loss")
END = encode_end_record(200.0, 0)
FAILED_END = encode_end_record(200.0, 1)


def scalar(name: str, step: int, value: float = 0.5) -> bytes:
    return encode_scalar(metric_id(name), step, 100.0 + step, value)


def losses(steps: Sequence[int]) -> bytes:
    return b"".join(scalar("loss", step) for step in steps)


def log_bytes(points: Sequence[Point]) -> bytes:
    """Return a whole file, with each name declared before its first value."""
    pieces = [HEADER]
    declared = set()
    for name, step, value in points:
        if name not in declared:
            declared.add(name)
            pieces.append(encode_name(metric_id(name), name))
        pieces.append(scalar(name, step, value))
    return b"".join(pieces)


def points_of(series: Series) -> list[tuple[int, bytes]]:
    """Return steps and values, comparable even with NaN."""
    assert series.step.dtype == np.int64
    assert series.wall_time.dtype == series.value.dtype == np.float64
    assert series.step.shape == series.wall_time.shape == series.value.shape == (len(series),)
    return list(zip(series.step.tolist(), map(bits, series.value.tolist()), strict=True))


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def expected(points: Sequence[Point]) -> dict[str, list[tuple[int, bytes]]]:
    found: dict[str, list[tuple[int, bytes]]] = {}
    for name, step, value in points:
        found.setdefault(name, []).append((step, bits(value)))
    return found


def contents(log: RunLog) -> dict[str, list[tuple[int, bytes]]]:
    return {name: points_of(log[name]) for name in log}


def steps_of(batch: TailBatch, name: str = "loss") -> list[int]:
    return [int(step) for step in batch.series[name].step] if name in batch.series else []


POINTS = st.lists(
    st.tuples(
        st.sampled_from(["loss", "accuracy", "a name that takes more than one part", "é"]),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
    ),
    max_size=120,
)


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)
