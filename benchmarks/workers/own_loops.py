"""Time `add_scalar` and a bare `os.write` of a packed record, in turn, in one process.

Usage: own_loops.py FOLDER N_CALLS N_METRICS ROUNDS HAS_THREAD
"""

import json
import os
import struct
import sys
import threading
import time
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger


def main() -> None:
    folder, n_calls, n_metrics, rounds, has_thread = sys.argv[1], *map(int, sys.argv[2:])
    names = [f"metric {index}" for index in range(n_metrics)]
    os.environ["ML_TRACKING_OPS_RUN_FILE"] = str(Path(folder) / "own.dat")
    logger = ExperimentLogger()
    fd = os.open(Path(folder) / "bare.dat", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    if has_thread:
        threading.Thread(target=_compute, daemon=True).start()
    _own_us(logger, names, n_metrics)
    before = _written()
    bare, own = [], []
    for index in range(rounds + 1):
        bare.append(_bare_us(fd, n_calls, n_metrics))
        if index == 0:
            before = _written()
        own.append(_own_us(logger, names, n_calls))
        if index == 0:
            calls, size = (now - then for now, then in zip(_written(), before, strict=True))
    n_points = n_calls // n_metrics * n_metrics
    print(json.dumps({
        "bare_us": bare[1:], "own_us": own[1:],
        "calls_a_point": calls / n_points, "bytes_a_point": size / n_points,
    }))  # fmt: skip


def _bare_us(fd: int, n_calls: int, n_metrics: int) -> float:
    pack = struct.Struct("<Qqdd").pack
    metrics = range(n_metrics)
    write = os.write
    started = time.perf_counter()
    for step in range(n_calls // n_metrics):
        for metric in metrics:
            write(fd, pack(metric, step, 1.5, 0.25))
    return (time.perf_counter() - started) / (n_calls // n_metrics * n_metrics) * 1e6


def _own_us(logger: ExperimentLogger, names: list[str], n_calls: int) -> float:
    add_scalar = logger.add_scalar
    started = time.perf_counter()
    for step in range(n_calls // len(names)):
        for name in names:
            add_scalar(name, 0.25, step)
    return (time.perf_counter() - started) / (n_calls // len(names) * len(names)) * 1e6


def _written() -> tuple[int, int]:
    """System calls that write, and bytes, of this process so far (Linux)."""
    lines = Path("/proc/self/io").read_text().splitlines()
    found = dict(line.split(": ") for line in lines)
    return int(found["syscw"]), int(found["wchar"])


def _compute() -> None:
    number = 0
    while True:
        number += 1


main()
