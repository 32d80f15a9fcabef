"""Logs as a training of hours would write them, made by numpy in a second."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_tracking_ops.logger.records import (
    CHECKSUM_MASK,
    CHECKSUM_SHIFT,
    ID_SHIFT,
    KIND_SCALAR,
    RECORD_SIZE,
    encode_end_record,
    encode_header,
    encode_name,
    metric_id,
)

METRICS = ("loss/train", "loss/validation", "accuracy", "learning rate", "gradient norm")


def write_log(
    path: Path,
    n_steps: int,
    names: Sequence[str] = METRICS,
    *,
    seed: int = 0,
    is_closed: bool = True,
) -> None:
    """Write a log of `n_steps` of each metric, the metrics in turn, as a training script does."""
    began = time.time() - n_steps
    parts = [encode_header(began), *(encode_name(metric_id(name), name) for name in names)]
    parts.append(_records(n_steps, names, seed, began).tobytes())
    if is_closed:
        parts.append(encode_end_record(began + n_steps, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))


def write_experiments(logdir: Path, n_runs: int, n_steps: int) -> list[str]:
    """Write runs started by hand, a minute apart. Return their folder names, the oldest first."""
    first = time.time() - 60 * n_runs
    ids = []
    for index in range(n_runs):
        name = time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(first + 60 * index))
        write_log(logdir / name / f"{name}.dat", n_steps, seed=index)
        ids.append(name)
    return ids


def _records(n_steps: int, names: Sequence[str], seed: int, began: float) -> NDArray[np.uint64]:
    n_points = n_steps * len(names)
    rows = np.empty((n_points, 4), "<u8")
    heads = [KIND_SCALAR | metric_id(name) << ID_SHIFT for name in names]
    rows[:, 0] = np.tile(np.array(heads, np.uint64), n_steps)
    steps = np.repeat(np.arange(n_steps), len(names))
    rows[:, 1] = steps
    rows[:, 2] = (began + steps).astype("<f8").view("<u8")
    noise = np.random.default_rng(seed).normal(0, 0.02, n_points)
    rows[:, 3] = (np.exp(-3 * steps / n_steps) + noise).view("<u8")
    checksums = _crc32(rows.view("u1").reshape(-1, RECORD_SIZE)) & np.uint64(CHECKSUM_MASK)
    rows[:, 0] |= checksums << np.uint64(CHECKSUM_SHIFT)
    return rows


def _crc32(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The CRC-32 of each row."""
    table = np.array([_step(value) for value in range(256)], np.uint32)
    crc = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    for column in range(rows.shape[1]):
        crc = table[(crc ^ rows[:, column]) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return (crc ^ np.uint32(0xFFFFFFFF)).astype(np.uint64)


def _step(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value
